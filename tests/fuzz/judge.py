"""What every answer must be, whatever was asked: a success or a Status of the client's fault.

    judge = await Judge.of(plane)
    answer = await judge.ask(ApiRequest(...))     # raises AssertionError

What was refused, only read or only tried has changed nothing in the store.
"""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import orjson

from actors.apiserver.store_client import translate
from actors.kit.ref import Ref
from cluster import names
from cluster.api.kind import Kind
from cluster.errors import SteersmanError
from cluster.messages.apiserver import ApiRequest, ApiResponse, WatchBatch
from cluster.messages.store import Range, RangeResult
from tests.fuzz.originals import original
from tests.fuzz.requests import request
from tests.support import widgets
from tests.support.control_plane import REPLICA, ControlPlane

# No request that these tests make takes a second on a quiet core.
SECONDS = 30.0
# Where objects are that patches and updates are tried on.
KEPT = "kept"
# What the API server writes by itself while it runs.
OWN = ("/registry/events/", "/registry/leases/", "/registry/coordination.k8s.io/leases/")


# Where kube-apiserver itself answers 504 and 500: a revision that is not reached yet, and the scale
# of a custom resource that lacks the field its definition names.
THEIRS = re.compile("Too large resource version|the spec replicas field .* does not exist")


class Answer(NamedTuple):
    """``body`` decoded JSON, or the bytes."""

    code: int
    body: Any

    @property
    def message(self) -> str:
        """Of a Status."""
        return str(self.body.get("message", "")) if isinstance(self.body, dict) else ""


@dataclass(repr=False)
class Judge:
    """``asked``: how many requests; ``well``: how many succeeded."""

    plane: ControlPlane
    asked: int = 0
    well: int = 0
    _last: int = field(default=-1)
    _right: dict[Kind, Any] = field(default_factory=dict)
    _kept: dict[str, int] = field(default_factory=dict)

    async def ask(self, asked: ApiRequest) -> Answer:
        """One request by the message door, judged."""
        before = await self.stored()
        answer = await self.answer(asked)
        check(answer, asked.subject())
        self.asked += 1
        self.well += answer.code < 300
        # Of the options of a delete that has a body, the query says nothing.
        tried = asked.query.get("dryRun") == "All" and not (
            asked.body and asked.verb.startswith("delete")
        )
        if answer.code >= 300 or tried or asked.verb in ("get", "list"):
            after = await self.stored()
            changed = sorted(set(before.items()) ^ set(after.items()))
            assert not changed, (asked, answer, changed)
        return answer

    async def answer(self, asked: ApiRequest) -> Answer:
        """The same, not judged."""
        try:
            async with asyncio.timeout(SECONDS):
                found = cast(ApiResponse, await self._ref().ask(asked, SECONDS))
        except SteersmanError as error:
            readable = translate(error)
            return Answer(readable.code, orjson.loads(orjson.dumps(readable.status)))
        text = found.content_type == "application/json"
        return Answer(found.code, orjson.loads(found.body) if text else found.body)

    async def watch(self, asked: ApiRequest) -> None:
        """Open a watch and look at the first events, if any come at once."""
        ref = self._ref()
        try:
            async with ref.stream(asked) as stream:
                try:
                    async with asyncio.timeout(0.02):
                        batch = cast(WatchBatch, await anext(aiter(stream), WatchBatch(())))
                except TimeoutError:
                    return
        except SteersmanError as error:
            readable = translate(error)
            check(Answer(readable.code, readable.status), asked.subject())
            return
        for event in batch.events:
            if event.kind == "ERROR":
                told = orjson.loads(event.object)
                check(Answer(told["code"], told), asked.subject())

    def _ref(self) -> Ref:
        address = names.address(names.APISERVER, REPLICA)
        return self.plane.system.ref(address, sender=names.address("apiserver/test", REPLICA))

    async def kept(self, kind: Kind) -> Any:
        """A right object of the kind, which stays; made when it is first asked for."""
        if kind not in self._right:
            body = orjson.dumps(original(kind)).replace(b'"default"', b'"%b"' % KEPT.encode())
            made = await self.answer(request("create", kind, KEPT, body=body))
            assert made.code == 201, (kind, made)
            self._right[kind] = await self.settled(kind, made.body)
        return self._right[kind]

    async def settled(self, kind: Kind, made: Any) -> Any:
        """What was made, once the server has said in its status what it has to say of it."""
        name = made["metadata"]["name"]
        if kind.plural == "customresourcedefinitions":
            return await widgets.until_established(self.plane, name)
        if kind.plural != "validatingadmissionpolicies":
            return made
        for _ in range(1000):
            found = await self.answer(request("get", kind, name=name))
            if found.code == 404 or (found.body.get("status") or {}).get("observedGeneration"):
                return found.body
            await asyncio.sleep(0.005)
        raise AssertionError(f"nobody looks at the policy: {found}")

    async def remove(self, kind: Kind, name: str) -> None:
        """From ``default``, whatever holds it."""
        options = orjson.dumps({"gracePeriodSeconds": 0, "propagationPolicy": "Background"})
        gone = await self.ask(request("delete", kind, name=name, body=options))
        assert gone.code in (200, 404), gone
        free = orjson.dumps({"metadata": {"finalizers": None}})
        merge = "application/merge-patch+json"
        await self.answer(request("patch", kind, name=name, body=free, content_type=merge))
        left = await self.ask(request("get", kind, name=name))
        assert left.code == 404, left

    async def stored(self) -> dict[str, int]:
        """Keys of objects with the revision of their last change."""
        store = self.plane.system.ref(
            names.address(names.STORE, REPLICA), sender=names.address("apiserver/test", REPLICA)
        )
        newest = cast(RangeResult, await store.ask(Range(key="/", count_only=True), SECONDS))
        if newest.revision != self._last:
            found = cast(RangeResult, await store.ask(Range(key="\x01", end="\U0010ffff"), SECONDS))
            self._last = found.revision
            self._kept = {
                item.key: item.mod_revision for item in found.items if not item.key.startswith(OWN)
            }
        return self._kept


def check(answer: Answer, subject: str) -> None:
    """Raises AssertionError for an answer that no request may get."""
    code, body = answer
    if 200 <= code < 300:
        return
    assert isinstance(body, dict), (subject, answer)
    assert (body["kind"], body["apiVersion"]) == ("Status", "v1"), (subject, answer)
    assert (body["status"], body["code"]) == ("Failure", code), (subject, answer)
    assert body["reason"] and isinstance(body["message"], str), (subject, answer)
    assert 400 <= code < 500 or THEIRS.search(body["message"]), (subject, answer)
