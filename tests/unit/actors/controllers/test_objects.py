"""Small questions to objects."""

from actors.controllers import objects
from tests.unit.actors.controllers.views import NOW

POD = {
    "metadata": {
        "name": "a",
        "ownerReferences": [{"uid": "x"}, {"uid": "y", "controller": True}],
    },
    "status": {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"},
}


def test_questions() -> None:
    assert objects.namespace_of(POD) == "" and objects.labels_of(POD) == {}
    controller = objects.controller_of(POD)
    assert controller is not None and controller["uid"] == "y"
    assert objects.is_controlled_by(POD, "y") and not objects.is_controlled_by(POD, "x")
    assert objects.is_active(POD) and not objects.is_finished(POD)
    assert objects.ready_since(POD) == 0.0
    assert objects.pod_phase({"metadata": {}}) == "Pending"


def test_a_condition_keeps_its_time_while_its_status_stays() -> None:
    first = objects.condition("T", "True", "A", "m", NOW)
    second = objects.condition("T", "True", "B", "m", NOW + 60, first)
    third = objects.condition("T", "False", "B", "m", NOW + 90, second)
    assert first["lastTransitionTime"] == second["lastTransitionTime"]
    assert third["lastTransitionTime"] != first["lastTransitionTime"]


def test_copies_leave_the_shared_object_alone() -> None:
    changed = objects.with_metadata(POD, labels={"x": "y"}, ownerReferences=None)
    assert changed["metadata"] == {"name": "a", "labels": {"x": "y"}}
    assert "labels" not in POD["metadata"]


def test_canonical_json_ignores_the_order_of_keys() -> None:
    assert objects.canonical({"a": 1, "b": 2}) == objects.canonical({"b": 2, "a": 1})
