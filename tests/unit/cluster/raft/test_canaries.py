"""Bugs on purpose: the simulated cluster's checkers must notice each, or they prove nothing.

What needs schedules too rare for random search (Figure 8; answers and votes that are terms old; a
commit index beyond what was verified; quorums of a joint change) is caught by scripted tests.
"""

from collections.abc import Callable

import pytest

from cluster.raft import leader, quorum
from cluster.raft.log import RaftLog
from cluster.raft.member_state import MemberState
from cluster.raft.messages import Entry, HardState
from cluster.raft.ready import Ready
from tests.unit.cluster.raft.simulated_cluster import Durable, SimulatedCluster

SEEDS = 400

Patch = Callable[[pytest.MonkeyPatch], None]


def vote_not_persisted(patch: pytest.MonkeyPatch) -> None:
    write = Durable.write

    def forgetful(self: Durable, ready: Ready) -> None:
        write(self, ready)
        self.hard_state = HardState(self.hard_state.term, "")

    patch.setattr(Durable, "write", forgetful)


def answer_before_persisting(patch: pytest.MonkeyPatch) -> None:
    take = SimulatedCluster.take

    def hasty(self: SimulatedCluster, name: str) -> bool:
        peer = self.peers[name]
        moved = take(self, name)
        if peer.unsynced and peer.member is not None:
            self.send(peer, peer.unsynced[-1].send_after_persist)
            peer.member.advance(peer.unsynced[-1])
        return moved

    patch.setattr(SimulatedCluster, "take", hasty)


def truncate_on_stale_append(patch: pytest.MonkeyPatch) -> None:
    def merge(self: RaftLog, entries: tuple[Entry, ...]) -> None:
        for entry in entries:
            if entry.index <= self.base_index:
                continue
            if self.commit < entry.index <= self.last_index:
                self._truncate(entry.index)
            if entry.index == self.last_index + 1:
                self.append(entry)

    patch.setattr(RaftLog, "merge", merge)


def ignore_the_candidates_log(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(RaftLog, "is_up_to_date", lambda self, index, term: True)


def half_is_a_majority(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quorum, "majority", lambda size: max(1, size // 2))


def count_the_own_entries_at_once(patch: pytest.MonkeyPatch) -> None:
    append = RaftLog.append

    def eager(self: RaftLog, entry: Entry) -> None:
        append(self, entry)
        self.persisted = self.last_index

    patch.setattr(RaftLog, "append", eager)


def read_without_a_quorum(patch: pytest.MonkeyPatch) -> None:
    def start_reads(state: MemberState) -> None:
        if state.reads.asked:
            state.reads.begin(state.log.commit, state.now)
            state.read_states.extend(state.reads.confirm(state.reads.round))

    patch.setattr(leader, "_start_reads", start_reads)


CANARIES: list[Patch] = [
    vote_not_persisted,
    answer_before_persisting,
    truncate_on_stale_append,
    ignore_the_candidates_log,
    half_is_a_majority,
    count_the_own_entries_at_once,
    read_without_a_quorum,
]


@pytest.mark.parametrize("canary", CANARIES, ids=lambda canary: canary.__name__)
def test_the_checkers_catch(canary: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    canary(monkeypatch)
    for seed in range(SEEDS):
        size = 4 if canary is half_is_a_majority else (3, 3, 5)[seed % 3]
        cluster = SimulatedCluster(seed, size)
        try:
            for _ in range(1500):
                cluster.step()
            cluster.heal()
        except AssertionError:
            return
    raise AssertionError(f"{canary.__name__} went unnoticed for {SEEDS} seeds")
