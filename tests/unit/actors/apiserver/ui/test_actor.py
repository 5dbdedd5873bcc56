"""The gatherer: works while somebody looks, and only then; a slow looker skips states."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from actors.apiserver.ui import actor as ui
from actors.apiserver.ui.actor import UiActor
from actors.client.live_settings import LiveSettings
from actors.kit.actor import Actor, Delivery, Sink
from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from cluster.errors import ActorDown, StatusError
from cluster.messages.base import Message
from cluster.messages.store import (
    Range,
    RangeResult,
    StatusRequest,
    StoreEvents,
    StoreStatus,
    Watch,
)
from cluster.messages.tracing import FindTrace, TraceBatch, WatchTrace
from cluster.messages.ui import (
    FindChain,
    FlowMessages,
    Identity,
    Login,
    LoginCode,
    MakeLogin,
    PageAnswer,
    PageUpdate,
    RedeemLogin,
    WatchPage,
)
from cluster.settings import ClusterSettings, ReplicaSettings

pytestmark = pytest.mark.looptime
SETTINGS = ClusterSettings(
    "test", "/nowhere", (ReplicaSettings("replica-1", "a", "127.0.0.1:1", ()),), ()
)


class Store(Actor):
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.asked = self.watched = 0

    async def handle(self, message: Message, delivery: Delivery) -> Message | None:
        if isinstance(message, Range):
            return RangeResult((), 5, 0)
        assert isinstance(message, StatusRequest)
        self.asked += 1
        return StoreStatus(
            "replica-1", "leader", "replica-1", 3, 7, 7, self.asked, 1, ("replica-1",)
        )

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        assert isinstance(message, Watch)
        self.watched += 1
        try:
            await sink.send(StoreEvents((), 5))
            await asyncio.Event().wait()
        finally:
            self.watched -= 1


class Tracer(Actor):
    """Shows ten records a second."""

    def __init__(self) -> None:
        self.watched = 0

    async def handle(self, message: Message, delivery: Delivery) -> Message:
        assert isinstance(message, FindTrace)
        return TraceBatch(line(trace=message.trace, span="1", hlc=1), 1)

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        assert isinstance(message, WatchTrace) and message.with_routine and message.rate
        self.watched += 1
        try:
            while True:
                await sink.send(TraceBatch(line(trace="t") * 10, 10, 10))
                await asyncio.sleep(1)
        finally:
            self.watched -= 1


def line(**fields: Any) -> bytes:
    record = {
        "ts": 1.0, "event": "sent", "msg": "ApiRequest", "subject": "update pods default/web",
        "from": "scheduler@replica-1", "to": "apiserver@replica-1", "process": "replica-1",
    }  # fmt: skip
    return orjson.dumps({**record, **fields}) + b"\n"


@pytest.fixture
async def parts() -> AsyncIterator[tuple[ActorSystem, Store, Tracer]]:
    store, tracer = Store(), Tracer()
    async with actor_system() as system:
        await system.spawn("store", lambda: store)
        await system.spawn("tracer", lambda: tracer)
        await system.spawn("ui", lambda: UiActor(LiveSettings(SETTINGS, "replica-1")))
        yield system, store, tracer


def of(item: Message) -> dict[str, Any]:
    assert isinstance(item, PageUpdate)
    found: dict[str, Any] = orjson.loads(item.body)
    return found


async def test_it_works_while_somebody_looks(parts: tuple[ActorSystem, Store, Tracer]) -> None:
    system, store, tracer = parts
    page = system.ref("ui@replica-1")
    await asyncio.sleep(5)
    assert (store.asked, store.watched, tracer.watched) == (0, 0, 0)
    async with page.stream(WatchPage(), credit=1) as first:
        assert of(await anext(first))["replicas"]["replica-1"]["state"] == "asked"
        async with page.stream(WatchPage(), credit=1) as second:
            await anext(second)
            await asyncio.sleep(6)
            # Two look; it is gathered once.
            assert (store.watched, tracer.watched) == (2, 1)
            assert 5 <= store.asked <= 7
        assert tracer.watched == 1
        seen: dict[str, Any] = {}
        for _ in range(3):
            seen.update(of(await anext(first)))
        assert seen["replicas"]["replica-1"]["role"] == "leader"
        assert seen["flows"]["scheduler@replica-1|apiserver@replica-1|ApiRequest"][0] == 20.0
        key = FlowMessages("scheduler@replica-1", "apiserver@replica-1", "ApiRequest")
        answer = await page.ask(key, 5)
        assert isinstance(answer, PageAnswer)
        assert orjson.loads(answer.body)[0][4] == "update pods default/web"
    await asyncio.sleep(0.1)
    asked = store.asked
    await asyncio.sleep(10)
    assert (store.asked, store.watched, tracer.watched) == (asked, 0, 0)


async def test_a_slow_looker_skips_states(parts: tuple[ActorSystem, Store, Tracer]) -> None:
    system, _, _ = parts
    async with system.ref("ui@replica-1").stream(WatchPage(), credit=1) as stream:
        await anext(stream)
        await asyncio.sleep(60)
        revisions = []
        for _ in range(4):
            told = of(await anext(stream)).get("replicas", {}).get("replica-1", {})
            revisions.append(told.get("revision", 0))
    # One that was here, one that waited for it, and then the present: not sixty seconds of states.
    assert max(revisions[:2]) <= 2
    assert max(revisions) > 55


async def test_chains_tell_who_was_silent(parts: tuple[ActorSystem, Store, Tracer]) -> None:
    system, _, _ = parts
    answer = await system.ref("ui@replica-1").ask(FindChain("ab" * 16), 5)
    assert isinstance(answer, PageAnswer)
    found = orjson.loads(answer.body)
    assert [one["subject"] for one in found["lines"]] == ["update pods default/web"]
    assert found["silent"] == []


async def test_codes(parts: tuple[ActorSystem, Store, Tracer]) -> None:
    system, _, _ = parts
    page = system.ref("ui@replica-1")
    made = await page.ask(MakeLogin(Identity("jane")), 5)
    assert isinstance(made, LoginCode) and made.code.startswith("replica-1.")
    assert await page.ask(RedeemLogin(made.code), 5) == Login(Identity("jane"))
    with pytest.raises(StatusError):
        await page.ask(RedeemLogin(made.code), 5)


async def test_a_replica_that_is_down_is_told_as_down(
    parts: tuple[ActorSystem, Store, Tracer],
) -> None:
    system, store, _ = parts

    async def gone(message: Message, delivery: Delivery) -> Message:
        if isinstance(message, Range):
            return RangeResult((), 5, 0)
        raise ActorDown("replica-1 is unreachable")

    store.handle = gone  # type: ignore[method-assign]  # the same store, dead
    async with system.ref("ui@replica-1").stream(WatchPage(), credit=1) as stream:
        await anext(stream)
        await asyncio.sleep(ui.LOOK_SECONDS + ui.TELL_SECONDS)
        told = of(await anext(stream))
    assert (
        told["replicas"]["replica-1"] | {"state": "down", "why": "replica-1 is unreachable"}
        == (told["replicas"]["replica-1"])
    )
    assert told["cluster"][""]["quorum"] is False
