"""The queue: priority, backoff, and waking by what may help."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from actors.scheduler.pending_queue import HELPS, PendingQueue, backoff_seconds
from tests.unit.actors.scheduler.samples import info


def names(queue: PendingQueue, now: float) -> list[str]:
    found = []
    while (waiting := queue.pop(now)) is not None:
        found.append(waiting.pod.key[1])
    return found


def test_priority_then_age() -> None:
    queue = PendingQueue()
    queue.add(info("old", priority=0), 1.0)
    queue.add(info("new", priority=0), 2.0)
    queue.add(info("urgent", priority=10), 3.0)
    assert names(queue, 3.0) == ["urgent", "old", "new"]
    assert names(queue, 99.0) == []


def test_backoff_doubles_to_ten_seconds() -> None:
    assert [backoff_seconds(item) for item in range(7)] == [0, 1, 2, 4, 8, 10, 10]
    queue = PendingQueue()
    queue.add(info("p"), 0.0)
    now = 0.0
    for wait in (1.0, 2.0, 4.0):
        assert names(queue, now) == ["p"]
        queue.failed(("default", "p"), now)
        assert names(queue, now + wait - 0.01) == []
        assert queue.next_due() == now + wait
        now += wait
    assert names(queue, now) == ["p"]


def test_only_a_change_that_may_help_wakes() -> None:
    queue = PendingQueue()
    queue.add(info("p"), 0.0)
    assert names(queue, 0.0) == ["p"]
    queue.unschedulable(("default", "p"), {"NodeResourcesFit"}, 0.0)
    queue.changed("node-taints", 20.0)
    assert names(queue, 20.0) == []
    queue.changed("pod-deleted", 20.0)
    assert names(queue, 20.0) == ["p"]


def test_waking_respects_the_backoff() -> None:
    queue = PendingQueue()
    queue.add(info("p"), 0.0)
    assert names(queue, 0.0) == ["p"]
    queue.unschedulable(("default", "p"), {"NodeResourcesFit"}, 0.0)
    queue.changed("node-added", 0.4)
    assert names(queue, 0.9) == []
    assert queue.next_due() == 1.0
    assert names(queue, 1.0) == ["p"]


def test_a_change_during_the_decision_is_not_missed() -> None:
    queue = PendingQueue()
    queue.add(info("p"), 0.0)
    assert names(queue, 0.0) == ["p"]
    queue.changed("node-added", 0.0)
    queue.unschedulable(("default", "p"), {"NodeResourcesFit"}, 0.0)
    assert names(queue, 1.0) == ["p"]


def test_a_change_of_the_pod_itself_wakes_it_and_a_mere_touch_does_not() -> None:
    queue = PendingQueue()
    queue.add(info("p", cpu="4"), 0.0)
    assert names(queue, 0.0) == ["p"]
    queue.unschedulable(("default", "p"), {"NodeResourcesFit"}, 0.0)
    queue.add(info("p", cpu="4"), 50.0)
    assert names(queue, 50.0) == []
    queue.add(info("p", cpu="1"), 51.0)
    assert names(queue, 51.0) == ["p"]


def test_nobody_is_left_alone_for_ever() -> None:
    queue = PendingQueue()
    queue.add(info("p"), 0.0)
    assert names(queue, 0.0) == ["p"]
    queue.unschedulable(("default", "p"), {"NodeAffinity"}, 0.0)
    assert queue.next_due() == 300.0
    assert names(queue, 300.0) == ["p"]


def test_a_namesake_starts_afresh_and_the_removed_stay_away() -> None:
    queue = PendingQueue()
    queue.add(info("p"), 0.0)
    assert names(queue, 0.0) == ["p"]
    queue.failed(("default", "p"), 0.0)
    queue.add(info("p", uid="another"), 0.1)
    assert names(queue, 0.1) == ["p"]
    queue.remove(("default", "p"))
    queue.failed(("default", "p"), 0.2)
    assert names(queue, 50.0) == []
    assert queue.next_due() is None
    assert len(queue) == 0


class QueueMachine(RuleBasedStateMachine):
    """No pod is ever lost or given out twice."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = PendingQueue()
        self.now = 0.0
        self.known: set[str] = set()
        self.taken: set[str] = set()

    @rule(name=st.sampled_from("abcd"), priority=st.integers(0, 2))
    def add(self, name: str, priority: int) -> None:
        self.queue.add(info(name, priority=priority), self.now)
        self.known.add(name)

    @rule(name=st.sampled_from("abcd"))
    def remove(self, name: str) -> None:
        self.queue.remove(("default", name))
        self.known.discard(name)
        self.taken.discard(name)

    @rule()
    def pop(self) -> None:
        found = self.queue.pop(self.now)
        if found is not None:
            name = found.pod.key[1]
            assert name in self.known and name not in self.taken
            self.taken.add(name)

    @rule(name=st.sampled_from("abcd"), filters=st.sets(st.sampled_from(sorted(HELPS))))
    def no_node(self, name: str, filters: set[str]) -> None:
        self.queue.unschedulable(("default", name), filters, self.now)
        self.taken.discard(name)

    @rule(name=st.sampled_from("abcd"))
    def fail(self, name: str) -> None:
        self.queue.failed(("default", name), self.now)
        self.taken.discard(name)

    @rule(change=st.sampled_from(["node-added", "pod-deleted", "node-taints", "pod-placed"]))
    def change(self, change: str) -> None:
        self.queue.changed(change, self.now)  # type: ignore[arg-type]

    @rule(seconds=st.floats(0, 400))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def all_come_back(self) -> None:
        assert len(self.queue) == len(self.known)
        if self.known - self.taken and self.queue.next_due() is None:
            # Somebody waits and nothing is timed: then he is ready now.
            assert any(item.place == "ready" for item in self.queue._waiting.values())

    def teardown(self) -> None:
        expected = self.known - self.taken
        found = set(names(self.queue, self.now + 1000.0))
        assert found == expected


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_what_made_a_new_attempt_worth_it_is_told_with_it() -> None:
    queue = PendingQueue()
    queue.add(info("p"), 0.0, "created")
    taken = queue.pop(0.0)
    assert taken is not None and taken.causes == ("created",)
    queue.unschedulable(taken.pod.key, ["NodeResourcesFit"], 0.0)
    queue.changed("node-added", 60.0, "joined")
    again = queue.pop(60.0)
    assert again is not None and again.causes == ("created", "joined")
