"""What clients were told, with planted violations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.chaos.checkers import history
from cluster.chaos.observations import Acknowledged, Increment, Read

FIRST = Acknowledged("a", "1", 10, 0.0, 1.0)
SECOND = Acknowledged("a", "2", 11, 1.5, 2.0)
GONE = Acknowledged("a", None, 0, 2.5, 3.0)


def test_what_was_acknowledged_last_must_be_stored() -> None:
    assert history.lost_writes([FIRST, SECOND], {"a": "2"}) == []
    assert history.lost_writes([FIRST, SECOND, GONE], {}) == []
    (found,) = history.lost_writes([FIRST, SECOND], {"a": "1"})
    assert (found.invariant, found.at, found.subject) == ("lost write", 2.0, "configmap/a")
    assert "acknowledged 2, stored 1" in found.text
    assert found.evidence
    assert history.lost_writes([FIRST, SECOND, GONE], {"a": "2"}), "a deletion was undone"


def test_a_later_write_has_the_greater_revision() -> None:
    assert history.disordered_writes([FIRST, SECOND]) == []
    late = Acknowledged("b", "1", 9, 1.5, 2.0)
    (found,) = history.disordered_writes([FIRST, late])
    assert found.subject == "configmap/b"
    overlapping = Acknowledged("b", "1", 9, 0.5, 2.0)
    assert history.disordered_writes([FIRST, overlapping]) == []
    same = Acknowledged("b", "1", 10, 0.5, 2.0)
    assert [one.text for one in history.disordered_writes([FIRST, same])] == ["revision 10 twice"]


@pytest.mark.parametrize(
    ("read", "holds"),
    [
        (Read("a", "1", 10, 1.1, 1.2), True),
        (Read("a", None, 0, 0.1, 0.2), True),  # not yet acknowledged
        (Read("a", "1", 10, 0.1, 0.2), True),  # asked for
        (Read("a", None, 0, 1.1, 1.2), False),  # acknowledged before
        (Read("a", "1", 10, 2.1, 2.2), False),  # the past
        (Read("a", "2", 11, 1.1, 1.2), False),  # nobody asked for it yet
        (Read("a", "7", 11, 1.6, 1.7), False),  # nobody ever did
    ],
)
def test_reads_show_what_is(read: Read, holds: bool) -> None:
    assert (history.stale_reads([FIRST, SECOND], [read]) == []) is holds


def test_reads_do_not_go_back() -> None:
    during = Acknowledged("a", "2", 11, 1.5, 9.0)
    new, old = Read("a", "2", 11, 2.0, 2.1), Read("a", "1", 10, 3.0, 3.1)
    assert history.stale_reads([FIRST, during], [old]) == []
    assert history.stale_reads([FIRST, during], [new, old])


def test_each_update_counts_once() -> None:
    done = [Increment(1, 5), Increment(2, 7)]
    assert history.lost_updates(done, 0, 2) == []
    assert history.lost_updates(done, 1, 3) == []
    assert history.lost_updates(done, 0, 3), "one too many"
    assert history.lost_updates(done, 1, 1), "one is missing"
    assert history.repeated_updates([*done, Increment(2, 9)]), "reached twice"


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1), st.floats(0, 1)), max_size=30))
def test_a_serial_history_is_in_order(steps: list[tuple[int, float, float]]) -> None:
    """Any history that one store could have made, one write at a time, is accepted."""
    now, acks, reads, state = 0.0, [], [], {}
    for revision, (number, before, after) in enumerate(steps, 1):
        begin, applied, end = now, now + before, now + before + after
        name, value = f"o{number}", str(revision)
        state[name] = (value, revision)
        acks.append(Acknowledged(name, value, revision, begin, end))
        now = applied
        reads.append(Read(name, *state[name], end, end))
        now = max(now, end) + 0.01
    assert history.disordered_writes(acks) == []
    assert history.stale_reads(acks, reads) == []
    assert history.lost_writes(acks, {name: value for name, (value, _) in state.items()}) == []
