"""Planted bugs, one at a time, that the checkers must find, each within a stated number of seeds.

Sources: what other systems had, and what the Raft paper warns of. ``seeds``: the bound, about four
times what the slowest of the measured starts took, or more. Must not know: how they are noticed.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from actors.store import wal_segments
from actors.store.lease_keeper import LeaseKeeper
from actors.store.wal_segments import Log
from actors.store.watch_hub import WatchHub
from cluster.raft import candidate, follower, installing, leader, member, memberships
from cluster.raft.log import RaftLog
from cluster.raft.messages import AppendResponse, HardState, Membership
from cluster.raft.progress import Progress
from cluster.raft.quorum import Quorum
from cluster.state.mvcc import StateMachine
from cluster.state.sessions import Sessions
from tests.simulation.members.knobs import Knobs, draw

Bug = Callable[..., Any]


@contextmanager
def _replaced(where: Any, name: str, other: Any) -> Iterator[None]:
    original = getattr(where, name)
    setattr(where, name, other)
    try:
        yield
    finally:
        setattr(where, name, original)


def _planted(where: Any, name: str, bug: Bug) -> AbstractContextManager[None]:
    """``bug(original, *arguments)`` in place of a function."""
    original = getattr(where, name)

    def planted(*args: Any, **named: Any) -> Any:
        return bug(original, *args, **named)

    return _replaced(where, name, planted)


@contextmanager
def _both(one: AbstractContextManager[None], other: AbstractContextManager[None]) -> Iterator[None]:
    with one, other:
        yield


@dataclass(frozen=True)
class Canary:
    """A bug and the number of seeds, from ``first`` on, within which it must be noticed.
    ``turned``: what is drawn otherwise than usual, so that a rare case comes up more often."""

    name: str
    seeds: int
    first: int
    turned: dict[str, Any]
    plant: Callable[[], AbstractContextManager[None]]

    def knobs(self, seed: int) -> Knobs:
        """Those of a seed."""
        return replace(draw(random.Random(f"{seed}/knobs")), **self.turned)


BY_NAME: dict[str, Canary] = {}


def canary(
    seeds: int, first: int = 1, **turned: Any
) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Registers a bug."""

    def register(plant: Callable[[], Any]) -> Callable[[], Any]:
        BY_NAME[plant.__name__] = Canary(plant.__name__, seeds, first, turned, plant)
        return plant

    return register


# -- votes and terms ------------------------------------------------------------------------------


@canary(seeds=20)
def vote_not_persisted() -> Any:
    """The term is written down, the vote is not (hashicorp/raft #661)."""

    def bug(append: Bug, self: Log, record: Any) -> None:
        if isinstance(record, HardState):
            record = msgspec.structs.replace(record, vote="")
        append(self, record)

    return _planted(Log, "append", bug)


@canary(seeds=40)
def vote_counted_twice() -> Any:
    """Answers are counted, not voters (raftos)."""
    granted_to: Counter[tuple[int, int, str]] = Counter()

    def bug(record_vote: Bug, state: Any, voter: str, granted: bool) -> bool:
        if granted and state.quorum.groups:
            key = (id(state), state.term, state.role)
            granted_to[key] += 1
            if granted_to[key] * 2 > len(state.quorum.groups[0]):
                return True
        return bool(record_vote(state, voter, granted))

    return _planted(candidate, "record_vote", bug)


@canary(seeds=40)
def learner_counted_in_quorum() -> Any:
    """A learner's copy counts, and so does its vote."""

    def bug(init: Bug, self: Quorum, membership: Membership) -> None:
        voters = tuple(sorted({*membership.voters, *membership.learners}))
        init(self, msgspec.structs.replace(membership, voters=voters))

    return _planted(Quorum, "__init__", bug)


@canary(seeds=30, size=3, spares=2, faults=("split-change", "split-change", "membership", "crash"))
def membership_without_overlap() -> Any:
    """New voters decide at once, though old and new need not share one (paper 6, Figure 10)."""

    def bug(joint: Bug, old: Membership, voters: Any) -> Membership:
        return msgspec.structs.replace(joint(old, voters), outgoing=())

    return _planted(memberships, "joint", bug)


# -- logs and commitment --------------------------------------------------------------------------


@canary(seeds=30)
def old_term_committed_by_count() -> Any:
    """An entry of an earlier term counts as committed when a majority holds it (Figure 8)."""

    def bug(maybe_commit: Bug, state: Any) -> None:
        state.own.match = state.log.persisted
        groups = [[p.match for p in group] for group in state.groups]
        index = min(sorted(g, reverse=True)[len(g) // 2] for g in groups)
        if index > state.log.commit:
            state.log.commit = index
            return
        maybe_commit(state)

    return _planted(leader, "maybe_commit", bug)


@canary(seeds=60)
def truncated_on_stale_append() -> Any:
    """An append cuts off what follows its entries, though all of them are there (openraft)."""

    def bug(merge: Bug, self: RaftLog, entries: Any) -> None:
        entries = tuple(entries)
        merge(self, entries)
        if entries and self.commit < entries[-1].index < self.last_index:
            keep = entries[-1].index
            del self.entries[keep - self.base_index :]
            self.persisted, self.handed = min(self.persisted, keep), min(self.handed, keep)
            self.epoch += 1
            self.memberships.truncate(keep + 1)

    return _planted(RaftLog, "merge", bug)


@canary(seeds=80)
def log_matching_not_compared() -> Any:
    """Entries are taken without looking whether what comes before them matches."""

    def bug(matches: Bug, self: RaftLog, index: int, term: int) -> bool:
        return bool(self.base_index <= index <= self.last_index)

    return _planted(RaftLog, "matches", bug)


@canary(seeds=20)
def replied_before_fsync() -> Any:
    """What is written counts as durable at once."""

    async def bug(sync: Bug, self: Log) -> None:
        self._durable = self._opened.size

    return _planted(Log, "sync", bug)


@canary(
    seeds=60, size=5, spares=0, clients=1, loss=0.0, fault_gap=0.5,
    faults=("halves", "transfer", "replay", "crash-leader"),
)  # fmt: skip
def stale_answers_counted() -> Any:
    """An answer of an earlier term moves what a peer is believed to hold (raftos)."""

    def bug(same_term: Bug, self: member.Member, message: Any) -> bool:
        stale = isinstance(message, AppendResponse) and message.term < self.state.term
        return stale or bool(same_term(self, message))

    return _planted(member.Member, "_same_term", bug)


@canary(seeds=10)
def match_moves_back() -> Any:
    """A late answer makes the leader forget what a newer one said."""

    def bug(acknowledge: Bug, self: Progress, index: int) -> Any:
        result = acknowledge(self, index)
        self.match = index
        return result

    return _planted(Progress, "acknowledge", bug)


@canary(seeds=10)
def match_is_what_was_sent() -> Any:
    """What is in flight counts as held."""

    def bug(acknowledge: Bug, self: Progress, index: int) -> Any:
        result = acknowledge(self, index)
        if self.state == "replicate":
            self.match = self.next - 1
        return result

    return _planted(Progress, "acknowledge", bug)


@canary(seeds=20, size=3, spares=1, loss=0.0, faults=("wipe", "wipe", "replay"), fault_gap=0.25)
def tenure_ignored() -> Any:
    """What a member said before it was removed and wiped counts for its new life."""

    def bug(on_append_response: Bug, state: Any, message: Any) -> None:
        progress = state.progress.get(message.sender)
        if progress is not None:
            message = msgspec.structs.replace(message, tenure=progress.tenure)
        on_append_response(state, message)

    return _planted(leader, "on_append_response", bug)


@canary(seeds=50)
def snapshot_chunks_not_checked() -> Any:
    """Chunks are put together as they come."""

    def bug(on_snapshot: Bug, state: Any, message: Any) -> None:
        incoming = state.incoming
        if incoming is not None and incoming.meta == message.meta:
            message = msgspec.structs.replace(message, offset=incoming.size)
        on_snapshot(state, message)

    return _planted(installing, "on_snapshot", bug)


@canary(
    seeds=40, snapshot_entries=8, segment_bytes=1024, sector_bytes=16, sync_seconds=0.003,
    fault_gap=0.25, faults=("power", "boundary", "all-down"),
)  # fmt: skip
def recycled_without_terminator() -> Any:
    """Old records of a segment that is used again follow its last new one."""
    return _replaced(wal_segments, "TERMINATOR", b"")


# -- what clients see -----------------------------------------------------------------------------


@canary(seeds=20, fault_gap=0.25, faults=("isolate", "crash"))
def read_without_quorum() -> Any:
    """A leader answers reads without asking whether it still leads."""

    def bug(start_reads: Bug, state: Any) -> None:
        if state.reads.asked and state.log.commit >= state.term_start:
            state.read_states.extend(state.reads.at_once(state.log.commit))

    return _planted(leader, "_start_reads", bug)


@canary(seeds=20, faults=("replay", "isolate", "crash-leader", "crash", "halves"))
def old_rounds_confirm_reads() -> Any:
    """The refusal of an append of an earlier term echoes its read round: the leader, if it is the
    same member, takes that for one of its own (found by this simulation)."""

    def echo(refuse: Bug, state: Any, message: Any) -> None:
        refuse(state, msgspec.structs.replace(message, term=state.term))

    def take(on_append_response: Bug, state: Any, message: Any) -> None:
        newest = state.reads.round
        state.reads.round = max(newest, message.read)
        on_append_response(state, message)
        state.reads.round = newest

    return _both(_planted(follower, "refuse", echo), _planted(leader, "on_append_response", take))


@canary(seeds=10)
def session_ignored() -> Any:
    """A retry is not recognised."""

    def bug(find: Bug, self: Sessions, *args: Any) -> None:
        return None

    return _planted(Sessions, "find", bug)


@canary(seeds=450)
def lookup_counts_as_use() -> Any:
    """What one replica is asked decides what it forgets (found by this simulation)."""

    def bug(remembered: Bug, self: Sessions, client: str, sequence: int) -> Any:
        return self.find(client, sequence, False)

    return _planted(Sessions, "remembered", bug)


@canary(seeds=30)
def fence_ignored() -> Any:
    """A deposed leader's writes are let through."""

    def bug(run: Bug, self: StateMachine, term: int, record: Any) -> Any:
        return run(self, term, msgspec.structs.replace(record, fence=0))

    return _planted(StateMachine, "_run", bug)


@canary(seeds=20)
def lease_by_local_clock() -> Any:
    """A leader stamps the time of its own clock, not the log's."""

    def bug(now: Bug, self: LeaseKeeper) -> int:
        return int(asyncio.get_running_loop().time() * 1000)

    return _planted(LeaseKeeper, "now", bug)


@canary(seeds=20)
def watch_event_dropped() -> Any:
    """One item in fifty reaches no watcher."""
    count = 0

    def bug(give: Bug, self: WatchHub, group: Any, item: Any, before: int) -> None:
        nonlocal count
        count += 1
        give(self, group, item if count % 50 else msgspec.structs.replace(item, events=()), before)

    return _planted(WatchHub, "_give", bug)
