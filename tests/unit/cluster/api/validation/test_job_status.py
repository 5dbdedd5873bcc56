"""What is written to jobs/status."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import updated

BEGAN, LATER, ENDED = (f"2026-01-02T03:0{minute}:00Z" for minute in range(3))
INDEXED = {"completionMode": "Indexed", "completions": 5, "parallelism": 3}


def true(*kinds: str) -> list[dict[str, str]]:
    return [{"type": kind, "status": "True"} for kind in kinds]


def told(
    new: dict[str, Any], old: dict[str, Any] | None = None, spec: dict[str, Any] | None = None
) -> list[str]:
    """What is wrong with a status written over another."""
    jobs = ({"spec": dict(spec or {}), "status": status} for status in (old or {}, new))
    return updated("batch", "jobs", *jobs, "status")


COMPLETE = {
    "startTime": BEGAN,
    "completionTime": ENDED,
    "succeeded": 1,
    "conditions": true("SuccessCriteriaMet", "Complete"),
}
FAILED = {"startTime": BEGAN, "failed": 1, "conditions": true("FailureTarget", "Failed")}


@pytest.mark.parametrize(
    ("new", "old", "spec"),
    [({"startTime": BEGAN, "active": 1, "ready": 1}, {}, {}),
     ({"startTime": BEGAN, "active": 1, "terminating": 1}, {"startTime": BEGAN}, {}),
     (COMPLETE, {"startTime": BEGAN, "conditions": true("SuccessCriteriaMet")}, {}),
     (FAILED, {"startTime": BEGAN, "terminating": 1, "conditions": true("FailureTarget")}, {}),
     ({}, {"startTime": BEGAN}, {"suspend": True}),
     ({"startTime": LATER}, {"startTime": BEGAN}, {"suspend": True}),
     ({"completedIndexes": "0-2", "failedIndexes": "3"}, {},
      {**INDEXED, "backoffLimitPerIndex": 1}),
     ({"failedIndexes": ""}, {}, {**INDEXED, "backoffLimitPerIndex": 1}),
     ({"succeeded": 1}, {"succeeded": 2}, {**INDEXED, "parallelism": 5}),
     ({"uncountedTerminatedPods": {"succeeded": ["a"], "failed": ["b"]}}, {}, {})],
)  # fmt: skip
def test_right_ones(new: dict[str, Any], old: dict[str, Any], spec: dict[str, Any]) -> None:
    assert told(new, old, spec) == []


SHORT = {"startTime": BEGAN}


@pytest.mark.parametrize(
    ("new", "old", "spec", "wrong"),
    [({"active": -1, "terminating": -1}, {}, {},
      ["status.active: Invalid value: -1: must be greater", "status.terminating: Invalid value"]),
     ({"uncountedTerminatedPods": {"succeeded": ["", "a"], "failed": ["a"]}}, {}, {},
      ['status.uncountedTerminatedPods.succeeded[0]: Invalid value: "": must not be empty',
       'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"']),
     ({**COMPLETE, "conditions": true("Complete")}, SHORT, {},
      ["status.conditions: Invalid value: cannot set Complete=True condition without the "
       "SuccessCriteriaMet=true condition"]),
     ({**FAILED, "conditions": true("Failed")}, SHORT, {},
      ["status.conditions: Invalid value: cannot set Failed=True condition without the "
       "FailureTarget=true condition"]),
     ({**COMPLETE, "conditions": true("SuccessCriteriaMet", "Complete", "FailureTarget")}, SHORT,
      {}, ["status.conditions: Invalid value: cannot set Complete=True and FailureTarget=true",
           "status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and Failure"]),
     ({**SHORT, "completionTime": ENDED}, SHORT, {},
      [f'status.completionTime: Invalid value: "{ENDED}": cannot set completionTime when there']),
     ({**COMPLETE, "completionTime": None}, SHORT, {},
      ["status.completionTime: Required value: completionTime is required for Complete jobs"]),
     ({**COMPLETE, "startTime": ENDED, "completionTime": BEGAN}, {}, {},
      [f'status.completionTime: Invalid value: "{BEGAN}": completionTime cannot be set before']),
     ({**COMPLETE, "completionTime": LATER}, COMPLETE, {},
      [f'status.completionTime: Invalid value: "{LATER}": completionTime cannot be mutated']),
     ({**COMPLETE, "startTime": None}, {}, {}, ["status.startTime: Required value: startTime is"]),
     ({}, SHORT, {}, ["status.startTime: Required value: startTime cannot be removed for unsusp"]),
     ({**COMPLETE, "active": 1}, SHORT, {},
      ["status.active: Invalid value: 1: active>0 is invalid for finished job"]),
     ({**FAILED, "terminating": 1}, SHORT, {},
      ["status.terminating: Invalid value: 1: terminating>0 is invalid for finished job"]),
     ({**FAILED, "uncountedTerminatedPods": {"failed": ["a"]}}, SHORT, {},
      ["status.uncountedTerminatedPods: Invalid value: "]),
     ({"active": 1, "ready": 2}, {}, {},
      ["status.ready: Invalid value: 2: cannot set more ready pods than active"]),
     ({"completedIndexes": "9"}, {}, INDEXED,
      ['status.completedIndexes: Invalid value: "9": error parsing completedIndexes: too large']),
     ({"completedIndexes": "0"}, {}, {},
      ['status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when']),
     ({"failedIndexes": ""}, {}, INDEXED,
      ['status.failedIndexes: Invalid value: "": cannot set non-null failedIndexes when']),
     ({"completedIndexes": "0-2", "failedIndexes": "2"}, {},
      {**INDEXED, "backoffLimitPerIndex": 1},
      ['status.failedIndexes: Invalid value: "2": failedIndexes and completedIndexes overlap at']),
     ({"failed": 1, "succeeded": 1}, {"failed": 2, "succeeded": 2}, INDEXED,
      ["status.failed: Invalid value: 1: cannot decrease the failed counter",
       "status.succeeded: Invalid value: 1: cannot decrease the succeeded counter"]),
     ({**FAILED, "conditions": []}, FAILED, {},
      ["status.conditions: Invalid value: cannot disable the terminal Failed=True condition",
       "status.conditions: Invalid value: cannot disable the terminal FailureTarget=True"]),
     (SHORT, {**SHORT, "conditions": true("SuccessCriteriaMet")}, {},
      ["status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition"])],
)  # fmt: skip
def test_wrong_ones(
    new: dict[str, Any], old: dict[str, Any], spec: dict[str, Any], wrong: list[str]
) -> None:
    new = {name: value for name, value in new.items() if value is not None}
    found = told(new, old, spec)
    assert len(found) == len(wrong), found
    for text, start in zip(found, wrong, strict=True):
        assert text.startswith(start)


def test_what_was_wrong_before_may_stay() -> None:
    """Jobs of an earlier release, or whose spec changed under them."""
    old = {"startTime": BEGAN, "completionTime": ENDED, "conditions": true("Complete")}
    assert told({**old, "observed": 1}, old) == []
    old = {"completedIndexes": "0-4", "active": 1, "ready": 3}
    assert told({**old, "failed": 1}, old, {**INDEXED, "completions": 2}) == []


def test_a_plain_write_does_not_touch_the_status() -> None:
    old = {"spec": {}, "status": FAILED}
    assert not any("status" in text for text in updated("batch", "jobs", old, dict(old)))
