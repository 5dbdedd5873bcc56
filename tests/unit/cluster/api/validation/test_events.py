"""Rules of events, through both doors. Answers as kube-apiserver's."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import created, updated

NEW = "events.k8s.io"
ABOUT = {"kind": "Pod", "name": "p", "namespace": "default"}
MILD: dict[str, Any] = {"apiVersion": "v1", "involvedObject": ABOUT}
FULL: dict[str, Any] = {
    "apiVersion": "events.k8s.io/v1",
    "eventTime": "2026-01-01T00:00:00.000000Z",
    "reportingController": "example.com/c",
    "reportingInstance": "c-1",
    "action": "Sample",
    "reason": "Sampled",
    "type": "Normal",
    "note": "n",
    "regarding": ABOUT,
}


def core(**more: Any) -> dict[str, Any]:
    return {**MILD, **more}


def full(**more: Any) -> dict[str, Any]:
    return {**FULL, **more}


@pytest.mark.parametrize(
    ("group", "obj"),
    [
        ("", MILD),
        ("", core(type="Odd", message="x" * 5000, series={"count": 1})),
        ("", core(involvedObject={"kind": "Node"})),
        (NEW, FULL),
        (NEW, full(regarding={**ABOUT, "namespace": "elsewhere"})),
        (NEW, full(series={"count": 2, "lastObservedTime": "2026-01-01T00:00:00.000000Z"})),
    ],
)
def test_right_ones(group: str, obj: dict[str, Any]) -> None:
    assert created(group, "events", dict(obj)) == []


@pytest.mark.parametrize(
    ("group", "obj", "texts"),
    [
        ("", core(involvedObject={**ABOUT, "namespace": "x"}), ["involvedObject.namespace"]),
        # Whoever writes down when it was, must tell the rest too.
        (
            "",
            core(eventTime="2026-01-01T00:00:00.000000Z", message="x" * 1025),
            ["reportingComponent", "reportingInstance", "action", "reason", "message"],
        ),
        (NEW, full(eventTime=None), ["eventTime"]),
        (NEW, full(type="Odd"), ["type"]),
        (NEW, full(action="", reason="r" * 129), ["action", "reason"]),
        (NEW, full(note="x" * 1025), ["message"]),
        (NEW, full(reportingController="a/b/c"), ["reportingController"]),
        (NEW, full(reportingInstance="i" * 129), ["reportingInstance"]),
        (NEW, full(series={"count": 1}), ["series.count", "series.lastObservedTime"]),
        (
            NEW,
            full(
                deprecatedCount=1,
                deprecatedFirstTimestamp="2026-01-01T00:00:00Z",
                deprecatedSource={"component": "c"},
            ),
            ["count", "firstTimestamp", "source"],
        ),
    ],
)
def test_wrong_ones(group: str, obj: dict[str, Any], texts: list[str]) -> None:
    found = created(group, "events", dict(obj))
    fields = {text.partition(":")[0] for text in found}
    assert fields == set(texts), found


def test_what_is_told_stays_told() -> None:
    for change, field in (
        ({"note": "o"}, "message"),
        ({"reason": "Other"}, "reason"),
        ({"type": "Warning"}, "type"),
        ({"action": "Other"}, "action"),
        ({"regarding": {**ABOUT, "name": "q"}}, "involvedObject"),
        ({"related": ABOUT}, "related"),
        ({"reportingController": "example.com/d"}, "reportingController"),
        ({"reportingInstance": "d"}, "reportingInstance"),
        ({"eventTime": "2026-01-01T00:00:01.000000Z"}, "eventTime"),
        ({"deprecatedCount": 2}, "count"),
        ({"deprecatedLastTimestamp": "2026-01-01T00:00:00Z"}, "lastTimestamp"),
    ):
        [told] = updated(NEW, "events", full(), full(**change))
        assert told.startswith(f"{field}: Invalid value: ") and told.endswith("field is immutable")


def test_its_series_goes_on() -> None:
    series = {"count": 2, "lastObservedTime": "2026-01-01T00:00:00.000000Z"}
    assert updated(NEW, "events", full(), full(series=series)) == []
    same_moment = full(eventTime="2026-01-01T01:00:00+01:00")
    assert updated(NEW, "events", full(), same_moment) == []
    assert len(updated(NEW, "events", full(), full(series={"count": 1}))) == 2
    # What was wrong and stays as it is, is nobody's fault now.
    assert updated(NEW, "events", full(series={"count": 1}), full(series={"count": 1})) == []


def test_an_elder_event_is_written_through_the_newer_door() -> None:
    """It has no eventTime and need not tell the rest."""
    elder = {
        "apiVersion": "events.k8s.io/v1",
        "regarding": ABOUT,
        "note": "m",
        "deprecatedCount": 2,
        "deprecatedSource": {"component": "c"},
        "eventTime": None,
    }
    labelled = {**elder, "metadata": {"name": "web", "labels": {"a": "b"}}}
    assert updated(NEW, "events", elder, labelled) == []
    assert updated(NEW, "events", elder, {**elder, "note": "n"}) != []
