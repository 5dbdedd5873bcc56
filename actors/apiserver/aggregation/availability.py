"""Whether each APIService can be asked: the condition Available, kept by every replica.

Event-driven: a change of an APIService, its Service or its EndpointSlices is looked at at once;
what looks right is asked for its discovery document, and again from time to time. With no other
API server nothing is followed and nothing asked. Replicas that see the same write the same: only
the first write is one. Source: kube-apiserver's reasons and times.
Must not know: how requests go on.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from actors.apiserver.aggregation import stirring
from actors.apiserver.aggregation.registration import MANAGER, MYSELF
from actors.apiserver.aggregation.remotes import Remotes
from actors.apiserver.aggregation.stirring import Stirring
from actors.apiserver.aggregation.waiting import any_of
from actors.apiserver.call import Call, WriteOptions
from actors.apiserver.environment import Environment
from actors.apiserver.following import follow
from actors.apiserver.writer import Writer
from actors.kit.together import until_first
from cluster.api.aggregation.api_services import GROUP, PLURAL, condition, group_version, reference
from cluster.api.aggregation.availability import LOCAL, PASSED, Finding, failed, look, with_finding
from cluster.api.kinds import by_resource
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest

PROBE_SECONDS = 30.0
# After a server did not answer: doubled each time, up to the above.
RETRY_SECONDS = 0.5
# How often it is asked before it counts as not answering: each time another endpoint may.
TRIES = 5
_KIND = by_resource(GROUP, "v1", PLURAL)


@dataclass
class Known:
    """Of one APIService. ``spec``: as last looked at; ``due``: monotonic seconds of the next look
    if nothing changes; ``pause``: before the one after, while it fails; ``said``: last found."""

    spec: object = None
    dirty: bool = True
    due: float = 0.0
    pause: float = RETRY_SECONDS
    said: Finding | None = None


@dataclass
class Availability:
    """``broke``: told why following the store broke."""

    environment: Environment
    writer: Writer
    remotes: Remotes
    broke: Callable[[str], None]
    _known: dict[str, Known] = field(default_factory=dict)
    _stirred: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """For ever."""
        store, services = self.environment.objects.store, self.environment.services
        while True:
            changed = services.changed
            await self._settle_local()
            if not services.remotes():
                await changed.wait()
                continue
            follows = [
                follow(store, prefix, Stirring(prefix, self._stir), self.broke, linearizable=False)
                for prefix in (stirring.SERVICES, stirring.SLICES)
            ]
            await until_first(self._check(), self._until_alone(), *follows)

    async def _until_alone(self) -> None:
        services = self.environment.services
        while services.remotes():
            await services.changed.wait()

    async def _settle_local(self) -> None:
        """One that lost its Service is available as those that never had one."""
        for service in list(self.environment.services.services.values()):
            if reference(service) is None and not _says(service, LOCAL):
                await self._write(service, LOCAL)

    def _stir(self, place: tuple[str, str] | None) -> None:
        services = self.environment.services.services
        some = False
        for name, known in self._known.items():
            named = reference(services[name]) if name in services else None
            if place is None or (named is not None and named[:2] == place):
                known.dirty = some = True
        if some:
            told, self._stirred = self._stirred, asyncio.Event()
            told.set()

    async def _check(self) -> None:
        services, clock = self.environment.services, self.environment.clock
        while True:
            changed, stirred = services.changed, self._stirred
            await self._settle_local()
            remotes = {item["metadata"]["name"]: item for item in services.remotes()}
            self._known = {name: self._known.get(name) or Known() for name in remotes}
            now = clock.monotonic()
            await asyncio.gather(
                *(
                    self._look(remotes[name], known)
                    for name, known in self._known.items()
                    if known.dirty or known.due <= now or _is_new(remotes[name], known)
                )
            )
            due = min((known.due for known in self._known.values()), default=now)
            await any_of(changed, stirred, seconds=max(0.0, due - clock.monotonic()))

    async def _look(self, service: Object, known: Known) -> None:
        now = self.environment.clock.monotonic()
        if known.spec != service["spec"]:
            known.pause = RETRY_SECONDS
        known.spec, known.dirty, known.due = service["spec"], False, now + PROBE_SECONDS
        finding = look(service, *await self.remotes.behind(service)) or await self._asked(service)
        again = not _says(service, finding)
        if finding.reason == failed("").reason:
            known.due, known.pause = now + known.pause, min(known.pause * 2, PROBE_SECONDS)
        else:
            known.pause = RETRY_SECONDS
        if again or known.said not in (None, finding):
            # Replicas that find different words for the same do not write in turns.
            await self._write(service, finding)
        known.said = finding

    async def _asked(self, service: Object) -> Finding:
        problem = await self._ask(service)
        if problem:
            more = await asyncio.gather(*(self._ask(service) for _ in range(TRIES - 1)))
            problem = "" if not all(more) else problem
        return failed(problem) if problem else PASSED

    async def _ask(self, service: Object) -> str:
        """What is wrong with the answer; '' if nothing is. Whoever answers is believed here: what
        it says tells nobody anything."""
        group, version = group_version(service)
        path = f"/apis/{group}/{version}"
        url = f"https://{await self._host(service)}{path}"
        try:
            answer = await self.remotes.ask(service, path, "application/json", blind=True)
        except StatusError as error:
            return f"failing or missing response from {url}: {error}"
        if not 200 <= answer.code < 300:
            return f"failing or missing response from {url}: bad status from {url}: {answer.code}"
        return ""

    async def _host(self, service: Object) -> str:
        named = reference(service)
        assert named is not None
        found, _ = await self.remotes.behind(service)
        address = ((found or {}).get("spec") or {}).get("clusterIP") or ""
        if address in ("", "None"):
            address = f"{named[1]}.{named[0]}.svc"
        return f"{address}:{named[2]}"

    async def _write(self, service: Object, finding: Finding) -> None:
        assert _KIND is not None
        environment = self.environment
        name, spec = service["metadata"]["name"], service["spec"]
        request = ApiRequest("update", PLURAL, GROUP, version="v1", name=name, subresource="status")
        now = environment.clock.now()
        call = Call(request, _KIND, MYSELF, WriteOptions(manager=MANAGER), now)

        def revise(live: Object) -> Object:
            if live["spec"] != spec:
                return live
            return with_finding(live, finding, environment.timestamp())

        try:
            await self.writer.modify(call, revise, "status")
        except StatusError as error:
            if error.code != 404:
                raise


def _is_new(service: Object, known: Known) -> bool:
    """Whether it was not looked at as it is now. (A condition that says something else may be
    another replica's finding: they would write in turns.)"""
    return known.spec != service["spec"] or condition(service) is None


def _says(service: Object, finding: Finding) -> bool:
    """Whether its condition has that status for that reason."""
    old = condition(service) or {}
    return (old.get("status"), old.get("reason")) == (finding.status, finding.reason)
