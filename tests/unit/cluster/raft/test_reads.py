"""ReadIndex rounds."""

from cluster.raft.reads import ReadRounds
from cluster.raft.ready import ReadState


def test_reads_asked_during_a_round_wait_for_the_next() -> None:
    rounds = ReadRounds()
    rounds.ask(1)
    rounds.begin(5, 1.0)
    rounds.ask(2)
    assert rounds.confirm(1) == [ReadState(1, 5)]
    rounds.begin(9, 2.0)
    assert rounds.confirm(1) == []
    assert rounds.confirm(2) == [ReadState(2, 9)]


def test_all_that_waits_is_aborted() -> None:
    rounds = ReadRounds()
    rounds.ask(1)
    rounds.begin(5, 1.0)
    rounds.ask(2)
    assert rounds.abort() == [ReadState(1, None), ReadState(2, None)]
    assert rounds.confirm(9) == []
