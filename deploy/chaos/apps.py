"""Deployments and StatefulSets that are rolled, scaled, evicted from and visited.

What was acknowledged last is what must be true in the end (``settling``). Must not know: faults.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field

import orjson

from cluster.chaos.dice import Dice
from cluster.chaos.observations import Eviction, PodSeen, Visit
from cluster.chaos.picking import pod_seen
from cluster.chaos.scenario import DeploymentLoad, Span, StatefulSetLoad
from cluster.errors import StatusError, SteersmanError
from cluster.messages.apiserver import ApiRequest
from deploy.chaos import manifests
from deploy.chaos.asking import insist, list_all, make
from deploy.chaos.ground import Ground, Object

MERGE = "application/merge-patch+json"
# A budget's controller sees a new size a moment late: a new leader starts another one first.
SIZE_LAG_SECONDS = 10.0
VISITS_MAX = 20


@dataclass
class App:
    """One Deployment or StatefulSet. ``replicas``: as last acknowledged. ``sizes``: every size
    that was asked for, and when. ``story``: what was done, by time. Once ``stopping``, each task
    ends with its next answer."""

    ground: Ground
    namespace: str
    load: DeploymentLoad | StatefulSetLoad
    dice: Dice
    replicas: int = 0
    sizes: list[tuple[float, int]] = field(default_factory=list)
    evictions: list[Eviction] = field(default_factory=list)
    refused: int = 0
    visits: list[Visit] = field(default_factory=list)
    story: list[tuple[float, str]] = field(default_factory=list)
    stopping: bool = False

    def __post_init__(self) -> None:
        self.replicas = self.load.replicas
        self._service: Object = {}

    @property
    def name(self) -> str:
        """Of everything that belongs to it; its pods' label ``app``."""
        return self.load.name

    @property
    def has_address(self) -> bool:
        """Whether its Service has an address of its own (is not headless)."""
        return isinstance(self.load, DeploymentLoad)

    @property
    def resource(self) -> str:
        """Plural name of what it is."""
        return "deployments" if isinstance(self.load, DeploymentLoad) else "statefulsets"

    @property
    def least(self) -> int:
        """What it is scaled to at least: of one that is asked for something a pod is to be left
        after whatever its budget lets go, or requests would fail without any fault."""
        load = self.load
        if isinstance(load, DeploymentLoad) and load.requests:
            return load.max_unavailable + 1
        return 1

    async def begin(self) -> None:
        """Make all its objects. Raises StatusError, TimeoutError."""
        objects = (
            [
                manifests.service(self.name),
                manifests.budget(self.load),
                manifests.deployment(self.load),
            ]
            if isinstance(self.load, DeploymentLoad)
            else [manifests.service(self.name, headless=True), manifests.statefulset(self.load)]
        )
        for obj in objects:
            await make(self.ground, self.namespace, obj)
        self.sizes.append((_now(), self.replicas))
        request = ApiRequest("get", "services", namespace=self.namespace, name=self.name)
        self._service = await insist(self.ground, request)

    def works(self) -> Iterator[Coroutine[None, None, None]]:
        """What goes on with it all the time."""
        load = self.load
        if load.scale:
            yield self._on(load.scale, "scale")
        if isinstance(load, DeploymentLoad):
            if load.roll:
                yield self._on(load.roll, "roll")
            if load.evict:
                yield self._on(load.evict, "evict")
            if load.requests:
                yield self._visit_on(load.requests)

    async def _on(self, every: Span, what: str) -> None:
        dice = self.dice.fork(f"{self.name}/{what}")
        count = 0
        while True:
            due = _now() + dice.span(every)
            while _now() < due:
                if self.stopping:
                    return
                await asyncio.sleep(min(0.25, max(due - _now(), 0.01)))
            count += 1
            if what == "scale":
                await self.scale(max(self.least, dice.within(1, 2 * self.load.replicas)))
            elif what == "roll":
                await self._roll(count)
            else:
                await self._evict(dice)

    async def scale(self, replicas: int) -> None:
        """Another size, until acknowledged."""
        self.sizes.append((_now(), replicas))
        await self._patch({"spec": {"replicas": replicas}})
        self.replicas = replicas
        self.sizes.append((_now(), replicas))
        self._say(f"{self.name} scaled to {replicas}")

    async def _roll(self, count: int) -> None:
        annotation = {manifests.ROLLED: str(count)}
        await self._patch({"spec": {"template": {"metadata": {"annotations": annotation}}}})
        self._say(f"{self.name} rolled")

    async def _patch(self, patch: Object) -> None:
        request = ApiRequest(
            "patch", self.resource, group="apps", namespace=self.namespace, name=self.name,
            body=orjson.dumps(patch), content_type=MERGE,
        )  # fmt: skip
        await insist(self.ground, request)

    async def _evict(self, dice: Dice) -> None:
        """One try: what the budget says counts, not that the pod goes."""
        turn = dice.within(0, 99)
        try:
            listed = await list_all(self.ground, "pods", namespace=self.namespace, turn=turn)
            pods = [pod for pod in map(pod_seen, listed) if is_good(pod, self.name)]
            if not pods:
                return
            pod = dice.choice(pods)
            body = {
                "apiVersion": "policy/v1",
                "kind": "Eviction",
                "metadata": {"name": pod.name},
                "deleteOptions": {"preconditions": {"uid": pod.uid}},
            }
            request = ApiRequest(
                "create", "pods", namespace=self.namespace, name=pod.name, subresource="eviction",
                body=orjson.dumps(body),
            )  # fmt: skip
            await self.ground.ask(request, turn)
        except StatusError as error:
            self.refused += error.code == 429
            return
        except SteersmanError:
            return
        assert isinstance(self.load, DeploymentLoad)
        budget = self._least_size() - self.load.max_unavailable
        self.evictions.append(Eviction(_now(), self.name, pod.name, pod.uid, budget))
        self._say(f"{pod.name} evicted")

    def _least_size(self) -> int:
        """Of those that the budget's controller may count with now."""
        since = _now() - SIZE_LAG_SECONDS
        before = [size for at, size in self.sizes if at <= since]
        recent = [size for at, size in self.sizes if at > since]
        return min([self.replicas, *before[-1:], *recent])

    async def _visit_on(self, rate: float) -> None:
        turn = 0
        async with asyncio.TaskGroup() as group:
            under_way: set[asyncio.Task[None]] = set()
            while not self.stopping:
                if len(under_way) < VISITS_MAX:
                    task = group.create_task(self._visit(turn))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                turn += 1
                await asyncio.sleep(1.0 / rate)

    async def _visit(self, turn: int) -> None:
        visit = await self.ground.visit(self._service, turn)
        if visit is not None:
            self.visits.append(visit)

    def _say(self, what: str) -> None:
        self.story.append((_now(), what))


def is_good(pod: PodSeen, app: str) -> bool:
    """Whether it is a ready pod of the app, and stays."""
    return pod.app == app and pod.ready and not pod.ending


def _now() -> float:
    return asyncio.get_running_loop().time()
