"""The scheduler's state: what is assumed holds until the watch or the API says otherwise."""

from actors.scheduler.state import SchedulerState
from tests.unit.actors.scheduler.samples import node, pod


def make(cpu: str = "1", names: str = "n1") -> SchedulerState:
    state = SchedulerState()
    for name in names.split():
        state.node_changed(node(name, cpu=cpu), None, 0.0)
    return state


def test_room_is_taken_at_once_and_given_back_if_the_binding_fails() -> None:
    state = make()
    for name in ("a", "b"):
        state.pod_changed(pod(name, cpu="1"), None, "t", 0.0)
    first = state.step(0.0, 0.5)
    assert first is not None and first.decision.node == "n1" and first.causes == ("t",)
    second = state.step(0.0, 0.5)
    assert second is not None and not second.decision.node
    state.not_bound(first.pod, again=False, now=5.0)
    again = state.step(5.0, 0.5)
    assert again is not None and again.pod.key == ("default", "b") and again.decision.node == "n1"


def test_a_stale_pending_event_does_not_undo_an_assumption() -> None:
    state = make()
    state.pod_changed(pod("a", cpu="1"), None, "", 0.0)
    step = state.step(0.0, 0.5)
    assert step is not None
    state.pod_changed(pod("a", cpu="1"), pod("a", cpu="1"), "", 0.1)
    state.bound(step.pod)
    state.pod_changed(pod("a", cpu="1"), pod("a", cpu="1"), "", 0.2)
    assert state.step(9.0, 0.5) is None
    assert state.snapshot.node_of(("default", "a")) == "n1"
    state.pod_changed(pod("a", cpu="1", nodeName="n1"), None, "", 0.3)
    assert state.snapshot.nodes["n1"].used["cpu"] == 1000


def test_the_watch_overrules_where_a_pod_is() -> None:
    state = make(names="n1 n2")
    state.pod_changed(pod("a", cpu="1"), None, "", 0.0)
    step = state.step(0.0, 0.5)
    assert step is not None
    other = "n2" if step.decision.node == "n1" else "n1"
    state.pod_changed(pod("a", cpu="1", nodeName=other), None, "", 0.1)
    state.not_bound(step.pod, again=True, now=0.2)
    assert state.snapshot.node_of(("default", "a")) == other
    assert state.snapshot.nodes[step.decision.node].used.get("cpu", 0) == 0
    assert len(state.queue) == 0


def test_finished_and_deleted_pods_make_room_and_wake_others() -> None:
    for ending in ("finished", "deleted"):
        state = make()
        placed = pod("a", cpu="1", nodeName="n1")
        state.pod_changed(placed, None, "", 0.0)
        state.pod_changed(pod("b", cpu="1"), None, "", 0.0)
        refused = state.step(0.0, 0.5)
        assert refused is not None and not refused.decision.node
        assert state.step(30.0, 0.5) is None
        if ending == "finished":
            state.pod_changed({**placed, "status": {"phase": "Succeeded"}}, placed, "", 30.0)
        else:
            state.pod_changed(None, placed, "", 30.0)
        found = state.step(30.0, 0.5)
        assert found is not None and found.decision.node == "n1"


def test_only_own_ungated_living_pods_are_placed() -> None:
    state = make()
    gated = pod("a", schedulingGates=[{"name": "wait"}])
    state.pod_changed(gated, None, "", 0.0)
    state.pod_changed(pod("b", schedulerName="mine"), None, "", 0.0)
    dying = pod("c")
    dying["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    state.pod_changed(dying, None, "", 0.0)
    assert state.step(0.0, 0.5) is None
    state.pod_changed(pod("a"), gated, "", 1.0)
    assert state.step(1.0, 0.5) is not None


def test_what_another_scheduler_placed_takes_room() -> None:
    state = make()
    theirs = pod("b", cpu="1", schedulerName="mine")
    state.pod_changed(theirs, None, "", 0.0)
    state.pod_changed(pod("b", cpu="1", schedulerName="mine", nodeName="n1"), theirs, "", 0.0)
    state.pod_changed(pod("a", cpu="1"), None, "", 0.0)
    step = state.step(0.0, 0.5)
    assert step is not None and not step.decision.node


def test_a_namesake_that_is_of_another_scheduler_frees_what_was_assumed() -> None:
    state = make()
    state.pod_changed(pod("a", cpu="1"), None, "", 0.0)
    assert state.step(0.0, 0.5) is not None
    state.pod_changed(pod("a", cpu="1", uid="other", schedulerName="mine"), None, "", 0.1)
    state.pod_changed(pod("b", cpu="1"), None, "", 0.1)
    step = state.step(0.1, 0.5)
    assert step is not None and step.decision.node == "n1"


def test_a_namesake_does_not_inherit_an_assumption() -> None:
    state = make()
    state.pod_changed(pod("a", cpu="1"), None, "", 0.0)
    step = state.step(0.0, 0.5)
    assert step is not None
    state.pod_changed(pod("a", cpu="1", uid="another"), None, "", 0.1)
    found = state.step(0.1, 0.5)
    assert found is not None and found.pod.uid == "another" and found.decision.node == "n1"
    state.not_bound(step.pod, again=True, now=0.2)
    assert state.snapshot.node_of(("default", "a")) == "n1"


def test_nodes_come_and_go() -> None:
    state = SchedulerState()
    state.pod_changed(pod("a", cpu="1"), None, "", 0.0)
    refused = state.step(0.0, 0.5)
    assert refused is not None and "no nodes available" in refused.decision.message
    state.node_changed(node("n1", unschedulable=True), None, 2.0)
    refused = state.step(2.0, 0.5)
    assert refused is not None and "unschedulable" in refused.decision.message
    state.node_changed(node("n1"), None, 9.0)
    placed = state.step(9.0, 0.5)
    assert placed is not None and placed.decision.node == "n1"
    state.node_changed(None, node("n1"), 10.0)
    assert not state.snapshot.present()
    state.pod_changed(None, pod("a"), "", 11.0)
    assert not state.snapshot.nodes


def test_a_pod_that_is_resized_keeps_what_it_still_holds() -> None:
    state = make(cpu="3")
    resized = pod("a", cpu="1", nodeName="n1")
    told = {"name": "main", "resources": {"requests": {"cpu": "2"}}, "allocatedResources": {}}
    resized["status"]["containerStatuses"] = [told]
    state.pod_changed(resized, None, "", 0.0)
    assert state.snapshot.nodes["n1"].used["cpu"] == 2000
    state.pod_changed(pod("b", cpu="2"), None, "", 0.0)
    step = state.step(0.0, 0.5)
    assert step is not None and not step.decision.node
    done = pod("a", cpu="1", nodeName="n1")
    state.pod_changed(done, resized, "", 1.0)
    step = state.step(9.0, 0.5)
    assert step is not None and step.decision.node == "n1", "its room has come free"
