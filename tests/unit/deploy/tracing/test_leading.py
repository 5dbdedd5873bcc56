"""Who led when, and why that changed: "because" only where a fault ended the leader."""

from typing import Any

import pytest

from cluster.trace_subjects import Record
from deploy.chaos.history import Past
from deploy.tracing.leading import Leading, story
from deploy.tracing.standings import is_of_use, standing_of


def standing(at: float, replica: str, role: str, leader: str, term: int) -> Record:
    return {
        "ts": at, "event": "note", "msg": "raft.standing", "from": f"store@{replica}",
        "trace": "", "span": "", "process": replica, "subject": replica, "role": role,
        "leader": leader, "term": term,
    }  # fmt: skip


def election(at: float, winner: str, term: int, *others: str) -> list[Record]:
    """The winner stands, wins 0.1 s later, and the others follow."""
    return [
        standing(at - 0.1, winner, "pre-candidate", "", term - 1),
        standing(at - 0.05, winner, "candidate", "", term),
        standing(at, winner, "leader", winner, term),
        *(standing(at + 0.01, other, "follower", winner, term) for other in others),
    ]


FIRST = election(100.0, "a", 1, "b", "c")
SECOND = election(110.0, "b", 2, "c")
KILL = Past("kill-1", "kill leader --for 3s", ("a",), 109.0, 112.0)
CUT = Past("partition-2", "partition leader", ("a",), 108.0, 115.0)


def told(records: list[Record], *faults: Past) -> str:
    leading = Leading(records, faults)
    return leading.words(leading.reigns[-1])


def test_reigns_by_what_anybody_noted() -> None:
    leading = Leading([*SECOND, *FIRST])
    assert [(one.leader, one.term, one.begin) for one in leading.reigns] == [
        ("a", 1, 100.0), ("b", 2, 110.0),
    ]  # fmt: skip
    assert leading.reigns[1].stood == pytest.approx(109.9)
    assert leading.replicas == {"a", "b", "c"}
    assert [leading.leader_at(at) for at in (99.0, 105.0, 111.0)] == ["", "a", "b"]
    assert [one.term for one in leading.changes(0.0, 200.0)] == [2], "the first is no change"
    # A leader that was killed before it wrote its note down was known to its followers.
    (reign,) = Leading([standing(100.0, "b", "follower", "a", 1)]).reigns
    assert (reign.leader, reign.term, reign.begin) == ("a", 1, 100.0)


def test_the_first_of_all() -> None:
    assert told(FIRST) == "a became leader of term 1: the first that is recorded"


def test_because_it_was_killed() -> None:
    words = told([*FIRST, *SECOND], KILL)
    assert words.startswith(
        "b became leader of term 2, because a, which led term 1, was killed by the chaos order "
        "`kill leader --for 3s` (kill-1: "
    )
    zone = Past("zone-outage-4", "zone-outage zone/a", ("a", "node-1"), 109.0)
    assert "was killed by the chaos order `zone-outage zone/a` (zone-outage-4: since " in told(
        [*FIRST, *SECOND], zone
    )


def test_one_that_was_stopped_leads_nobody_while_it_is() -> None:
    pause = Past("pause-1", "pause leader", ("a",), 108.0, 111.0)
    assert "because a, which led term 1, was stopped by" in told([*FIRST, *SECOND], pause)
    # It ran again when another first stood.
    before = Past("pause-1", "pause leader", ("a",), 107.0, 109.0)
    words = told([*FIRST, *SECOND], before)
    assert "because" not in words and "while" not in words
    assert ", soon after the chaos order `pause leader` had held a (pause-1: " in words
    # What stood then counts for more than what stood before.
    words = told([*FIRST, *SECOND], before, CUT)
    assert "partition-2" in words and "pause-1" not in words


def test_while_it_was_cut_off() -> None:
    words = told([*FIRST, *SECOND], CUT)
    assert words.startswith(
        "b became leader of term 2 after a, which led term 1, while the chaos order "
        "`partition leader` held a (partition-2: "
    )
    assert "because" not in words


def test_what_was_elsewhere_or_at_another_time_is_not_named() -> None:
    elsewhere = Past("kill-1", "kill follower", ("c",), 109.0, 112.0)
    before = Past("kill-2", "kill a", ("a",), 90.0, 95.0)
    after = Past("kill-3", "kill a", ("a",), 111.0)
    long_ago = Past("partition-4", "partition a", ("a",), 101.0, 102.0)
    harmless = Past("container-kill-5", "container-kill a", ("a",), 109.0)
    words = told([*FIRST, *SECOND], elsewhere, before, after, long_ago, harmless)
    assert words == "b became leader of term 2 after a, which led term 1"


def test_one_that_had_given_up_before_it_was_killed_was_not_ended_by_that() -> None:
    gave_up = standing(108.5, "a", "follower", "", 1)
    words = told([*FIRST, gave_up, *SECOND], KILL, CUT)
    assert "because" not in words
    assert "after a, which led term 1, had given it up at " in words
    assert "while the chaos order `partition leader` held a" in words


def test_one_that_was_killed_and_is_back_before_the_election() -> None:
    back = standing(109.5, "a", "follower", "", 1)
    assert "because a, which led term 1, was killed by" in told([*FIRST, back, *SECOND], KILL)


def test_its_store_had_begun_anew() -> None:
    begun: Record = {"ts": 109.0, "event": "note", "msg": "store.recovered", "subject": "a"}
    back = standing(109.01, "a", "follower", "", 1)
    words = told([*FIRST, begun, back, *SECOND])
    assert words.endswith("after the store of a, which led term 1, had begun anew")
    assert "begun anew" not in told([*FIRST, {**begun, "ts": 111.0}, *SECOND])
    assert "begun anew" not in told([*FIRST, {**begun, "subject": "c"}, *SECOND])


def test_it_was_handed_over() -> None:
    handed: Record = {
        "ts": 110.02, "event": "handled", "msg": "HandOver", "process": "a", "outcome": "ok",
    }  # fmt: skip
    words = told([*FIRST, handed, *SECOND])
    assert words.endswith(", because a, which led term 1, handed leadership over")
    failed = {**handed, "outcome": "error NotLeader: nobody could"}
    assert "because" not in told([*FIRST, failed, *SECOND])


def test_the_same_one_again() -> None:
    words = told([*FIRST, *election(110.0, "a", 2, "b")], CUT)
    assert words.startswith("a became leader of term 2 after it, which led term 1 too, had given")
    assert "held a (" in words


def test_what_a_fault_dropped_is_counted() -> None:
    loss = Past("loss-1", "loss leader 50%", ("a",), 105.0, 120.0)
    dropped = [
        {"ts": at, "event": "dropped", "msg": "RaftMessage", "from": f"store@{sender}",
         "to": f"store@{to}", "reason": reason}
        for at, sender, to, reason in (
            (108.0, "a", "b", "fault:loss-1"), (109.0, "c", "a", "fault:loss-1"),
            (109.0, "a", "b", "fault:loss-2"), (109.0, "b", "c", "fault:loss-1"),
            (112.0, "a", "b", "fault:loss-1"), (109.0, "a", "b", "unreachable"),
        )
    ]  # fmt: skip
    assert told([*FIRST, *dropped, *SECOND], loss).endswith(", and dropped 2 of its messages")
    assert [is_of_use(one) for one in dropped] == [True, True, True, True, True, False]


def test_the_story_of_a_replica() -> None:
    leading = Leading([*FIRST, *SECOND, standing(112.5, "a", "follower", "", 1),
                       standing(112.6, "a", "follower", "b", 2)], [KILL])  # fmt: skip
    assert [text for _, text in story(leading, "a")] == [
        "it misses a leader, and asks whether it would be elected in term 1",
        "it stands for election in term 1",
        "it became leader of term 1: the first that is recorded",
        "it knows no leader of term 1",
        "it follows b, leader of term 2",
    ]
    mine = list(story(leading, "b"))
    assert [at for at, _ in mine] == [100.01, 109.9, 109.95, 110.0]
    assert mine[0][1] == "it follows a, leader of term 1"
    assert mine[-1][1].startswith("it became leader of term 2, because a, which led term 1, was")
    assert [at for at, _ in story(leading, "")] == [100.0, 110.0]
    assert list(story(leading, "nobody")) == []


def test_one_that_never_wrote_that_it_leads() -> None:
    leading = Leading([standing(100.0, "b", "follower", "a", 1)])
    assert list(story(leading, "a")) == [
        (100.0, "it became leader of term 1: the first that is recorded")
    ]


def test_an_external_store() -> None:
    note: dict[str, Any] = {"ts": 5.0, "event": "note", "msg": "etcd.leader", "subject": "b"}
    found = standing_of({**note, "leader": "a", "term": 70})
    assert found is not None and (found.role, found.leader) == ("follower", "a")
    found = standing_of({**note, "leader": "b", "term": 90})
    assert found is not None and (found.role, found.term) == ("leader", 90)
    assert standing_of({**note, "msg": "store.snapshot"}) is None
