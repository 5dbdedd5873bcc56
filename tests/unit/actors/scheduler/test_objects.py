"""What the scheduler writes."""

from actors.scheduler.objects import binding, unschedulable_patch
from tests.unit.actors.scheduler.samples import info, pod


def test_binding_names_the_very_pod() -> None:
    found = binding(info("p"), "n1")
    assert found["metadata"] == {"namespace": "default", "name": "p", "uid": "uid-p"}
    assert found["target"]["name"] == "n1"


def test_the_condition_is_written_once_per_message() -> None:
    asking = pod("p")
    patch = unschedulable_patch(asking, "0/1 nodes", "2026-01-01T00:00:00Z")
    assert patch is not None
    (condition,) = patch["status"]["conditions"]
    assert (condition["status"], condition["reason"]) == ("False", "Unschedulable")
    asking["status"]["conditions"] = [condition]
    assert unschedulable_patch(asking, "0/1 nodes", "2026-01-01T00:00:01Z") is None
    patch = unschedulable_patch(asking, "0/2 nodes", "2026-01-01T00:00:01Z")
    assert patch is not None
    assert "lastTransitionTime" not in patch["status"]["conditions"][0]
