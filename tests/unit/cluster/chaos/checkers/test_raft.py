"""Raft's promises, with planted violations."""

from cluster.chaos.checkers import raft
from cluster.chaos.observations import Led


def test_one_leader_per_term() -> None:
    told = [Led(1, "r1", 1.0), Led(2, "r2", 2.0), Led(2, "r2", 3.0)]
    assert raft.rival_leaders({1: {"r1"}}, told) == []
    (found,) = raft.rival_leaders({}, [*told, Led(2, "r3", 4.0)])
    assert found.text == "term 2 has leaders ['r2', 'r3']"
    assert found.at == 4.0
    assert len(found.evidence) == 3
    assert raft.rival_leaders({1: {"r2"}}, told), "one sends entries, another tells that it leads"


def test_one_vote_per_term() -> None:
    assert raft.double_votes({(1, "r1"): {"r2"}}) == []
    assert raft.double_votes({(1, "r1"): {"r2", "r3"}})


def test_the_same_is_applied_everywhere() -> None:
    assert raft.diverged_states({1: {(1, b"a")}, 2: {(2, b"b")}}) == []
    assert raft.diverged_states({1: {(1, b"a"), (1, b"b")}})
    assert raft.diverged_states({1: {(2, b"a")}, 2: {(1, b"b")}}), "terms fall along the log"


def test_a_fence_holds() -> None:
    assert raft.unfenced_writes({(3, 3)}) == []
    assert raft.unfenced_writes({(3, 4)})
