"""Planted bugs, one at a time, that the checkers must find: else a green run means nothing.

Each is a context manager for ``scenario.run``. Sources of the bugs: what other systems had (vote
and term written apart, acknowledged before the sync, a matching suffix truncated, ...).
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec

from actors.controllers.execute import Executor
from actors.kubelet import restarts
from actors.kubelet.actor import KubeletActor
from actors.proxy.actor import ProxyActor
from actors.store.reads import Reads
from actors.store.wal_segments import Log
from actors.store.watch_hub import WatchHub
from cluster.api.resources import PODS
from cluster.raft import follower, leader
from cluster.raft.log import RaftLog
from cluster.raft.messages import HardState
from cluster.state.mvcc import StateMachine
from cluster.state.sessions import Sessions

DEAF_FROM_SECONDS = 4.0


@contextmanager
def _planted(where: Any, name: str, bug: Callable[..., Any]) -> Iterator[None]:
    """``bug(original, *arguments)`` in place of a function."""
    original = getattr(where, name)

    def planted(*args: Any, **named: Any) -> Any:
        return bug(original, *args, **named)

    setattr(where, name, planted)
    try:
        yield
    finally:
        setattr(where, name, original)


def vote_not_persisted() -> Any:
    """The term is written down, the vote is not."""

    def bug(append: Any, self: Log, record: Any) -> None:
        if isinstance(record, HardState):
            record = HardState(record.term, "")
        append(self, record)

    return _planted(Log, "append", bug)


def acknowledged_before_sync() -> Any:
    """What is written counts as durable at once."""

    async def bug(sync: Any, self: Log) -> None:
        self._durable = self._opened.size

    return _planted(Log, "sync", bug)


def committed_without_majority() -> Any:
    """What the leader holds itself counts as committed."""

    def bug(maybe_commit: Any, state: Any) -> None:
        index = state.log.persisted
        if index > state.log.commit and state.log.term_at(index) == state.term:
            state.log.commit = index

    return _planted(leader, "maybe_commit", bug)


def truncated_on_stale_append() -> Any:
    """An append cuts off what follows its entries, also if all of them are there already."""

    def bug(merge: Any, self: RaftLog, entries: Any) -> None:
        entries = tuple(entries)
        merge(self, entries)
        if entries and entries[-1].index < self.last_index:
            keep = entries[-1].index
            del self.entries[keep - self.base_index :]
            self.persisted, self.handed = min(self.persisted, keep), min(self.handed, keep)
            self.epoch += 1

    return _planted(RaftLog, "merge", bug)


def log_not_compared() -> Any:
    """A follower takes entries without looking whether what comes before them matches."""

    def bug(matches: Any, self: RaftLog, index: int, term: int) -> bool:
        return bool(index <= self.last_index)

    return _planted(RaftLog, "matches", bug)


def stale_reads() -> Any:
    """Reads are served from what a replica happens to have."""

    async def bug(barrier: Any, self: Reads) -> None:
        return

    return _planted(Reads, "barrier", bug)


def retries_applied_twice() -> Any:
    """A retry is not recognised."""

    def bug(find: Any, self: Sessions, *args: Any) -> None:
        return None

    return _planted(Sessions, "find", bug)


def fence_ignored() -> Any:
    """A deposed leader's writes are let through."""

    def bug(run: Any, self: StateMachine, term: int, record: Any) -> Any:
        return run(self, term, msgspec.structs.replace(record, fence=0))

    return _planted(StateMachine, "_run", bug)


def watch_drops_an_event() -> Any:
    """One item in a hundred is lost on its way to a watcher."""
    count = 0

    def bug(give: Any, self: WatchHub, group: Any, item: Any, before: int) -> None:
        nonlocal count
        count += 1
        give(self, group, item if count % 100 else msgspec.structs.replace(item, events=()), before)

    return _planted(WatchHub, "_give", bug)


def pods_created_twice() -> Any:
    """A controller makes every tenth pod twice."""
    count = 0

    async def bug(create: Any, self: Executor, key: Any, action: Any) -> None:
        nonlocal count
        await create(self, key, action)
        count += action.resource == PODS
        if action.resource == PODS and count % 10 == 0:
            await create(self, key, action)

    return _planted(Executor, "_create", bug)


def pods_deleted_by_force() -> Any:
    """A controller forgets a pod it deletes before its kubelet has ended it."""

    async def bug(delete: Any, self: Executor, key: Any, action: Any) -> None:
        if action.resource == PODS:
            action = replace(action, grace=0)
        await delete(self, key, action)

    return _planted(Executor, "_delete", bug)


def containers_started_twice() -> Any:
    """What is not running yet is made beside, not in place of, what a dead kubelet left."""

    def bug(next_attempt: Any, at: Any, name: str) -> int:
        return int(at.memory.attempts.get(name, -1)) + 1

    return _planted(restarts, "next_attempt", bug)


def orphans_left() -> Any:
    """A kubelet that comes back does not look for what is no longer wanted."""

    async def bug(clear: Any, self: KubeletActor, *args: Any) -> None:
        await asyncio.sleep(0)

    return _planted(KubeletActor, "_clear_orphans", bug)


def proxy_misses_a_change() -> Any:
    """One change in seven of a slice is overlooked."""
    count = 0

    def bug(on_slice: Any, self: ProxyActor, *args: Any) -> None:
        nonlocal count
        count += 1
        if count % 7:
            on_slice(self, *args)

    return _planted(ProxyActor, "_on_slice", bug)


def proxy_goes_deaf() -> Any:
    """The proxy of one node hears of no slice any more, once the workload is there."""

    def bug(on_slice: Any, self: ProxyActor, *args: Any) -> None:
        if self._node != "node-2" or asyncio.get_running_loop().time() < DEAF_FROM_SECONDS:
            on_slice(self, *args)

    return _planted(ProxyActor, "_on_slice", bug)


# follower.py and leader.py call each other's functions by module: planted where they are called.
assert follower.hear_leader
