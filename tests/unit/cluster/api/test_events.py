"""The two forms of an Event."""

from cluster.api.events import from_core, is_new_form, to_core
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
