"""The same operations on the Raft store and on a real etcd give the same answers, revisions and
watch streams. Sequences are generated; revisions are compared as distances from where each began.
"""

import asyncio
import dataclasses
import itertools
import os
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from actors.store.store import Store
from cluster.errors import LeaseNotFound, StoreError
from cluster.messages.store import (
    Compare,
    Delete,
    KeyValue,
    LeaseGrant,
    LeaseList,
    LeaseRevoke,
    LeaseStatus,
    LeaseTimeToLive,
    Put,
    StoreEvent,
    TxnResult,
)
from tests.backends.store_rigs import Rig, deadline, etcd_stores
from tests.support.etcd import Etcd
from tests.unit.actors.store.store_cluster import StoreCluster

KEYS = ("a", "b", "c", "d")
LEASES = 3
EXAMPLES = itertools.count(1)
# More for a soak.
EXAMPLES_MAX = int(os.environ.get("STEERSMAN_EXAMPLES", "80"))
# The loop stands still between examples. A lease that ended meanwhile would be taken anew during
# the next one, and its writes counted as the example's.
LEADER_SECONDS = 600


@dataclasses.dataclass(frozen=True)
class At:
    """A revision: so many before (or after) the present one."""

    back: int


@dataclasses.dataclass(frozen=True)
class Change:
    """A transaction. In compares and puts revisions and leases are named, not numbered."""

    compare: tuple[tuple[str, str, int, str], ...]
    success: tuple[tuple[Any, ...], ...]
    fence: str


@dataclasses.dataclass(frozen=True)
class Look:
    """A range."""

    key: str
    end: str
    limit: int
    at: At | None
    count_only: bool
    linearizable: bool


@dataclasses.dataclass(frozen=True)
class Follow:
    """A watch of everything in the range from then until now."""

    key: str
    end: str
    at: At


@dataclasses.dataclass(frozen=True)
class Forget:
    """Compaction."""

    at: At


@dataclasses.dataclass(frozen=True)
class Lease:
    """What happens to a lease of the example's few."""

    what: str
    number: int


Step = Change | Look | Follow | Forget | Lease

ENDS = st.sampled_from(["", "b", "c", "d", "e"])
BACK = st.integers(-1, 12).map(At)
COMPARES = st.tuples(
    st.sampled_from(KEYS),
    st.sampled_from(["mod", "create", "version"]),
    st.integers(0, 5),
    st.sampled_from(["=", "!=", "<", ">"]),
)
PUTS = st.tuples(
    st.just("put"),
    st.sampled_from(KEYS),
    st.binary(max_size=4).map(lambda raw: bytes(byte % 26 + 97 for byte in raw)),
    st.integers(-1, 1),
    st.binary(max_size=2),
    st.sampled_from([-1, -1, -1, 0, 1, 2]),
)
DELETES = st.tuples(st.just("delete"), st.sampled_from(KEYS))
CHANGES = st.builds(
    Change,
    st.lists(COMPARES, max_size=2).map(tuple),
    st.lists(PUTS | DELETES, max_size=4, unique_by=lambda item: item[1]).map(tuple),
    st.sampled_from(["", "", "", "present", "over"]),
)
LOOKS = st.builds(
    Look,
    st.sampled_from(KEYS),
    ENDS,
    st.integers(0, 3),
    st.none() | BACK,
    st.booleans(),
    st.booleans(),
)
# (An empty range would never tell that the end has come.)
FOLLOWS = st.builds(Follow, st.sampled_from(KEYS), st.sampled_from(["", "e"]), BACK)
LEASE_STEPS = st.builds(
    Lease, st.sampled_from(["grant", "revoke", "look", "list"]), st.integers(0, LEASES - 1)
)
STEPS = st.lists(
    st.one_of(CHANGES, CHANGES, CHANGES, LOOKS, LOOKS, FOLLOWS, LEASE_STEPS, BACK.map(Forget)),
    min_size=5,
    max_size=40,
)


class Side:
    """One of the two stores, during one example. ``base``: the revision where it began."""

    def __init__(self, rig: Rig, prefix: str, base: int) -> None:
        self._rig = rig
        self._prefix = prefix
        self._base = base
        self._now = base
        self._leases: dict[int, int] = {}

    async def take(self, step: Step) -> object:
        """The answer, in terms that are the same on both sides; an error is its class's name."""
        try:
            match step:
                case Change():
                    return await self._change(step)
                case Look():
                    return await self._look(step)
                case Follow():
                    return await self._follow(step)
                case Forget():
                    await self._rig.followed()
                    return await self._rig.store.compact(self._revision(step.at), deadline())
                case Lease():
                    return await self._lease(step)
        except StoreError as error:
            return type(error).__name__

    def _revision(self, at: At) -> int:
        return max(self._now - at.back, self._base)

    def _key(self, key: str) -> str:
        return f"{self._prefix}/{key}" if key else ""

    async def _change(self, step: Change) -> object:
        compare = [
            # 0 is an absent key, others count from where this side began.
            Compare(self._key(key), target, value, op)  # type: ignore[arg-type]
            if target == "version" or not value
            else Compare(self._key(key), target, self._base + value, op)  # type: ignore[arg-type]
            for key, target, value, op in step.compare
        ]
        success = [self._operation(item) for item in step.success]
        term = self._rig.store.leadership().term
        fence = {"": 0, "present": term, "over": term + 10_000}[step.fence]
        result = await self._rig.txn(*success, compare=compare, fence=fence)
        self._now = max(self._now, result.revision)
        return self._result(result)

    def _operation(self, item: tuple[Any, ...]) -> Put | Delete:
        if item[0] == "delete":
            return Delete(self._key(item[1]))
        _, key, value, stamp, index, lease = item
        chosen = self._leases.get(lease, 987_654_321) if lease >= 0 else 0
        return Put(self._key(key), value, min(stamp, len(value)), index, chosen)

    async def _look(self, step: Look) -> object:
        revision = self._revision(step.at) if step.at else 0
        found = await self._rig.read(
            self._key(step.key),
            self._key(step.end),
            limit=step.limit,
            revision=revision,
            count_only=step.count_only,
            linearizable=step.linearizable,
        )
        items = [self._item(item) for item in found.items]
        return items, found.revision - self._base, found.count, found.more

    async def _follow(self, step: Follow) -> object:
        # Something in the range, last: what comes before it has all come.
        last = await self._rig.put(self._key(step.key), b"end")
        self._now = last
        start = self._revision(step.at)
        key, end = self._key(step.key), self._key(step.end)
        async with self._rig.watch(key, end, start=start) as follower:
            if start > last:
                return "stands"
            return [self._event(each) for each in await follower.until(last)]

    async def _lease(self, step: Lease) -> object:
        store: Store = self._rig.store
        match step.what:
            case "grant":
                answer = await store.lease(LeaseGrant(1000 + step.number), deadline())
                assert isinstance(answer, LeaseStatus)
                self._leases[step.number] = answer.id
                return answer.ttl
            case "list":
                told = await store.lease(LeaseList(), deadline())
                return [number for number, lease in self._leases.items() if lease in told.ids]  # type: ignore[attr-defined]
        lease = self._leases.get(step.number)
        if lease is None:
            raise LeaseNotFound("not granted")
        if step.what == "revoke":
            await store.lease(LeaseRevoke(lease), deadline())
            return None
        answer = await store.lease(LeaseTimeToLive(lease, keys=True), deadline())
        assert isinstance(answer, LeaseStatus)
        return answer.ttl, [key.removeprefix(self._prefix) for key in answer.keys]

    def _result(self, result: TxnResult) -> object:
        items = [self._item(item) for item in result.items]
        return result.succeeded, result.revision - self._base, items

    def _item(self, item: KeyValue | None) -> object:
        if item is None:
            return None
        # Values hold no digits of their own: a number is a stamp.
        value = re.sub(rb"\d+", lambda found: b"<%d>" % (int(found[0]) - self._base), item.value)
        lease = [number for number, lease in self._leases.items() if lease == item.lease]
        return (
            item.key.removeprefix(self._prefix),
            value,
            item.create_revision - self._base,
            item.mod_revision - self._base,
            item.version,
            item.index,
            lease or item.lease,
        )

    def _event(self, each: StoreEvent) -> object:
        return each.kind, self._item(each.item), self._item(each.previous)


class Both:
    """The two stores, on one event loop that runs while an example does."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._etcd = Etcd().start()
        self._stack = AsyncExitStack()
        self._rigs: list[Rig] = []
        self._runner.run(self._open())

    async def _open(self) -> None:
        cluster = StoreCluster(size=1)
        await cluster.start()
        self._stack.push_async_callback(cluster.stop)
        (actor,) = cluster.actors.values()
        stores = await self._stack.enter_async_context(etcd_stores(self._etcd.url, 1))
        self._rigs = [Rig("raft", [actor.store]), Rig("etcd", stores)]
        for rig in self._rigs:
            await rig.leader()

    def close(self) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()
        self._etcd.close()

    def run(self, steps: list[Step]) -> None:
        """Each step on both; the answers must be the same."""
        self._runner.run(self._run(steps, f"example-{next(EXAMPLES)}"))

    async def _run(self, steps: list[Step], prefix: str) -> None:
        raft, etcd = [Side(rig, prefix, await rig.put(prefix)) for rig in self._rigs]
        for number, step in enumerate(steps):
            ours, theirs = await raft.take(step), await etcd.take(step)
            assert ours == theirs, f"step {number}: {step}\nraft: {ours}\netcd: {theirs}"
            event(f"{type(step).__name__} {ours if isinstance(ours, str) else 'answer'}")


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("actors.store.engines.etcd.store.LEADER_SECONDS", LEADER_SECONDS)
        stores = Both()
        yield stores
        stores.close()


@settings(
    max_examples=EXAMPLES_MAX,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(STEPS)
def test_the_raft_store_answers_as_etcd(both: Both, steps: list[Step]) -> None:
    both.run(steps)
