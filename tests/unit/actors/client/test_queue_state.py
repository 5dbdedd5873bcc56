"""The work queue's rules, without a loop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.client.queue_state import BACKOFF_MAX_SECONDS, QueueState, Work
from actors.kit.causes import LINKS_MAX


def test_a_key_is_worked_on_once_at_a_time_and_again_if_asked_meanwhile() -> None:
    queue: QueueState[str] = QueueState()
    queue.add("a", "t1")
    queue.add("a", "t2")
    work = queue.take(0.0)
    assert work is not None and work == ("a", "t1", ("t2",))
    assert queue.take(0.0) is None
    queue.add("a", "t3")
    assert queue.take(0.0) is None
    queue.done("a")
    assert queue.take(0.0) == Work("a", "t3")
    queue.done("a")
    assert queue.take(0.0) is None


def test_keys_are_independent_and_in_order() -> None:
    queue: QueueState[str] = QueueState()
    for key in "abc":
        queue.add(key)
    assert [queue.take(0.0), queue.take(0.0), queue.take(0.0)] == [
        Work("a", ""),
        Work("b", ""),
        Work("c", ""),
    ]


def test_a_later_cause_without_trace_does_not_hide_one() -> None:
    queue: QueueState[str] = QueueState()
    queue.add("a", "t1")
    queue.add("a")
    assert queue.take(0.0) == Work("a", "t1")


def test_delays_keep_the_earliest() -> None:
    queue: QueueState[str] = QueueState()
    queue.add_after("a", 10.0)
    queue.add_after("a", 5.0, "t")
    queue.add_after("a", 20.0)
    assert queue.next_due() == 5.0
    assert queue.take(4.9) is None
    assert queue.take(5.0) == Work("a", "t")
    queue.done("a")
    assert queue.next_due() is None and queue.take(100.0) is None


def test_backoff_per_key_and_forget() -> None:
    queue: QueueState[str] = QueueState()
    delays = [queue.retry("a", float(number) * 100) for number in range(20)]
    assert delays[0] == pytest.approx(0.005) and delays[1] == pytest.approx(0.01)
    assert delays[-1] == BACKOFF_MAX_SECONDS
    assert queue.failures("a") == 20 and queue.failures("b") == 0
    assert queue.retry("b", 0.0) == pytest.approx(0.005)
    queue.forget("a")
    assert queue.retry("a", 0.0) == pytest.approx(0.005)


operation = st.tuples(
    st.sampled_from(["add", "after", "take", "done", "retry", "tick"]), st.sampled_from("abc")
)


@given(st.lists(operation, max_size=60))
def test_nothing_asked_for_is_lost_and_nothing_runs_twice_at_once(
    operations: list[tuple[str, str]],
) -> None:
    queue: QueueState[str] = QueueState()
    now, running, owed = 0.0, set(), set()
    for what, key in operations:
        if what == "add":
            queue.add(key)
            owed.add(key)
        elif what == "after":
            queue.add_after(key, now + 1.0)
            owed.add(key)
        elif what == "retry":
            queue.retry(key, now)
            owed.add(key)
        elif what == "tick":
            now += 0.5
        elif what == "done" and running:
            done = running.pop()
            queue.done(done)
        else:
            work = queue.take(now)
            if work is not None:
                assert work.key not in running
                running.add(work.key)
                owed.discard(work.key)
    for key in running:
        queue.done(key)
    now += 1000.0
    while (work := queue.take(now)) is not None:
        owed.discard(work.key)
        queue.done(work.key)
    assert not owed


def test_all_causes_of_one_work_are_kept_the_first_as_its_parent() -> None:
    queue: QueueState[str] = QueueState()
    for trace in ("", "t1", "t2", "t1", "", "t3"):
        queue.add("a", trace)
    assert queue.take(0.0) == Work("a", "t1", ("t2", "t3"))
    queue.add("a", "t4")
    queue.add_after("a", 5.0, "t5")
    queue.add_after("a", 9.0, "t6")
    queue.done("a")
    assert queue.take(5.0) == Work("a", "t4", ("t5", "t6"))


def test_causes_are_bounded() -> None:
    queue: QueueState[str] = QueueState()
    for number in range(100):
        queue.add("a", f"t{number}")
    work = queue.take(0.0)
    assert work is not None
    assert (work.trace, len(work.links)) == ("t0", LINKS_MAX)
