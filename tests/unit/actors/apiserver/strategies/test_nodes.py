"""What clients may no longer set of Nodes."""

from actors.apiserver.strategies.nodes import STRATEGY
from cluster.api.types import Object

OLD: Object = {"metadata": {"name": "n"}, "spec": {}}


def test_no_configuration_by_the_api() -> None:
    new: Object = {"spec": {"configSource": {}, "unschedulable": True}, "status": {"config": {}}}
    STRATEGY.create(new, 0.0)
    assert new == {"spec": {"unschedulable": True}, "status": {}}
    new = {"spec": {"configSource": {}}}
    STRATEGY.update(new, OLD)
    assert new == {"spec": {}}


def test_status() -> None:
    given = {**OLD, "spec": {"unschedulable": True}, "status": {"config": {}, "phase": "Running"}}
    new = STRATEGY.parts["status"](given, OLD, 0.0)
    assert new["spec"] == {} and new["status"] == {"phase": "Running"}


def test_what_there_is_may_be_given() -> None:
    """Unless the node says otherwise."""
    given = {**OLD, "status": {"capacity": {"cpu": "4"}}}
    new = STRATEGY.parts["status"](given, OLD, 0.0)
    assert new["status"]["allocatable"] == {"cpu": "4"}
    given["status"]["allocatable"] = {"cpu": "3"}
    assert STRATEGY.parts["status"](given, OLD, 0.0)["status"]["allocatable"] == {"cpu": "3"}
