"""The two forms of an Event."""

from cluster.api.events import from_core, is_new_form, last_said, to_core
from cluster.api.kinds import by_resource


def test_there_and_back() -> None:
    new = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "note": "hello",
        "regarding": {"name": "web"},
        "reportingController": "kubelet",
        "deprecatedCount": 2,
        "deprecatedSource": {"component": "kubelet"},
        "eventTime": "2026-01-01T00:00:00.000000Z",
    }
    core = to_core(new)
    assert core["message"] == "hello" and core["involvedObject"] == {"name": "web"}
    assert core["reportingComponent"] == "kubelet" and core["apiVersion"] == "v1"
    assert from_core(core) == new


def test_which_kind_is_turned_over() -> None:
    new, core = by_resource("events.k8s.io", "v1", "events"), by_resource("", "v1", "events")
    assert new is not None and core is not None
    assert is_new_form(new) and not is_new_form(core)


def test_an_old_event_has_no_time_of_its_own_in_the_new_form() -> None:
    assert from_core({"message": "x"})["eventTime"] is None


def test_when_it_was_last_said() -> None:
    made = {"metadata": {"creationTimestamp": "1"}, "eventTime": "2"}
    assert last_said(made) == "2"
    assert last_said({**made, "lastTimestamp": "3"}) == "3"
    assert last_said({**made, "lastTimestamp": "3", "series": {"lastObservedTime": "4"}}) == "4"
    assert last_said({"metadata": {}, "eventTime": None}) == ""
