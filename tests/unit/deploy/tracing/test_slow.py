"""Writes that took long: what stood in the way, named where it concerned them."""

from typing import Any

import pytest

from cluster.trace_subjects import Record
from cluster.trace_tree import Span, build
from deploy.chaos.history import Past
from deploy.tracing.leading import Leading
from deploy.tracing.slow import Slow
from tests.unit.deploy.tracing.test_leading import FIRST, SECOND

CUT = Past("partition-3", "partition zone/a", ("a", "node-1"), 104.5, 120.0)


def write(at: float, seconds: float, stored: float, asked: str = "b") -> Span:
    """A request that replica ``asked`` answered after so long, its transaction after ``stored``."""
    base: dict[str, Any] = {"trace": "t", "process": asked, "outcome": "ok"}
    request = {
        **base, "msg": "ApiRequest", "span": "1", "from": "scheduler@c",
        "to": f"apiserver@{asked}", "subject": "create pods default/web/binding",
    }  # fmt: skip
    txn = {
        **base, "msg": "Txn", "span": "2", "parent": "1", "from": f"apiserver@{asked}",
        "to": f"store@{asked}", "subject": "put /registry/core/pods/default/web",
    }  # fmt: skip
    records = [
        {**request, "event": "sent", "ts": at},
        {**txn, "event": "sent", "ts": at},
        {**txn, "event": "handled", "ts": at + stored, "ms": stored * 1000},
        {**request, "event": "handled", "ts": at + seconds, "ms": seconds * 1000},
    ]
    (root,) = build(records, "t")
    return root


def told(span: Span, *faults: Past, records: list[Record] = FIRST) -> str:
    return Slow(Leading(records, faults), faults).words(span)


def test_most_writes_are_not_slow() -> None:
    assert told(write(105.0, 0.3, 0.2), CUT) == ""


def test_how_long_a_majority_took() -> None:
    assert told(write(105.0, 2.1, 2.0)) == "; the write waited 2.0 s for a majority"
    # It waited for something else: a webhook, a turn.
    assert told(write(105.0, 2.1, 0.1)) == "; it took 2.1 s"


def test_what_held_the_leader_or_who_was_asked() -> None:
    words = told(write(105.0, 2.1, 2.0), CUT)
    assert words.startswith(
        "; the write waited 2.0 s for a majority, while the chaos order "
        "`partition zone/a` held a (partition-3: "
    ), "a leads"
    of_b = Past("slow-disk-4", "slow-disk b 200ms", ("b",), 104.5)
    assert "held b (slow-disk-4: since " in told(write(105.0, 2.1, 2.0), of_b)
    assert "slow-disk" not in told(write(105.0, 2.1, 2.0, asked="c"), of_b)


def test_what_leaves_no_majority() -> None:
    both = Past("partition-5", "partition followers", ("b", "c"), 104.5)
    assert "held b and c (partition-5: " in told(write(105.0, 2.1, 2.0, asked="a"), both)


@pytest.mark.parametrize(
    "fault",
    [
        Past("partition-1", "partition a", ("a",), 90.0, 104.9),
        Past("partition-2", "partition a", ("a",), 107.2),
        Past("partition-3", "partition node-1", ("node-1",), 104.5),
        Past("container-kill-4", "container-kill a", ("a",), 104.5),
    ],
)
def test_what_was_at_another_time_or_place_is_not_named(fault: Past) -> None:
    assert "while" not in told(write(105.0, 2.1, 2.0), fault)


def test_a_leader_that_changed_meanwhile() -> None:
    kill = Past("kill-1", "kill leader", ("a",), 109.0)
    words = told(write(108.9, 1.3, 1.3), kill, records=[*FIRST, *SECOND])
    assert "; meanwhile b became leader of term 2, because a, which led term 1, was killed by" in (
        words
    )
    assert words.count("kill-1") == 1, "told once"
    assert "meanwhile" not in told(write(111.0, 1.3, 1.3), kill, records=[*FIRST, *SECOND])


def test_what_was_dropped_meanwhile() -> None:
    loss = Past("loss-1", "loss leader 50%", ("a",), 100.0)
    dropped: Record = {"ts": 106.0, "event": "dropped", "from": "store@a", "to": "store@c",
                       "msg": "RaftMessage", "reason": "fault:loss-1"}  # fmt: skip
    words = told(write(105.0, 2.1, 2.0), loss, records=[*FIRST, dropped])
    assert words.endswith(", and dropped 1 of its messages")
