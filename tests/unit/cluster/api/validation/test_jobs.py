"""Rules of Jobs."""

import copy
from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created, updated

UID = "batch.kubernetes.io/controller-uid"
LABELS = {UID: "u", "controller-uid": "u", "batch.kubernetes.io/job-name": "once",
          "job-name": "once"}  # fmt: skip


def job(**more: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "once", "uid": "u"},
        "spec": {
            "selector": {"matchLabels": {UID: "u"}},
            "template": {
                "metadata": {"labels": dict(LABELS)},
                "spec": {
                    "containers": [{"name": "c", "image": "busybox"}],
                    "restartPolicy": "Never",
                },
            },
            **more,
        },
    }


INDEXED = {"completionMode": "Indexed", "completions": 5, "parallelism": 5}


def test_right_ones() -> None:
    assert created("batch", "jobs", job()) == []
    assert created("batch", "jobs", job(**INDEXED, backoffLimitPerIndex=1)) == []


def policy(**rule: Any) -> dict[str, Any]:
    return {"podFailurePolicy": {"rules": [rule]}}


def success(**rule: Any) -> dict[str, Any]:
    return {**INDEXED, "successPolicy": {"rules": [rule]}}


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"parallelism": -1}, "spec.parallelism: Invalid value: -1: must be greater than or equal"),
        ({"backoffLimit": -1}, "spec.backoffLimit"),
        ({"completionMode": "Any"}, 'supported values: "Indexed", "NonIndexed"'),
        ({"completionMode": "Indexed", "parallelism": 1},
         "spec.completions: Required value: when completion mode is Indexed"),
        ({**INDEXED, "parallelism": 100_001}, "must be less than or equal to 100000 when"),
        ({"backoffLimitPerIndex": 1}, "requires indexed completion mode"),
        ({**INDEXED, "maxFailedIndexes": 1},
         "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified"),
        ({**INDEXED, "backoffLimitPerIndex": 1, "maxFailedIndexes": 6},
         "must be less than or equal to completions"),
        ({**INDEXED, "completions": 100_001, "backoffLimitPerIndex": 1},
         "must be specified when completions is above 100000"),
        ({"managedBy": "me"}, "must be a domain-prefixed path"),
        ({"podReplacementPolicy": "Any"}, 'values: "Failed", "TerminatingOrFailed"'),
        ({"selector": {"matchLabels": {"a": "b"}}}, "`selector` not auto-generated"),
        (policy(action="Any", onExitCodes={"operator": "In", "values": [1]}),
         'supported values: "Count", "FailIndex", "FailJob", "Ignore"'),
        (policy(action="FailIndex", onExitCodes={"operator": "In", "values": [1]}),
         "requires the backoffLimitPerIndex to be set"),
        (policy(action="Ignore"), "specifying one of OnExitCodes and OnPodConditions is required"),
        (policy(action="Ignore", onExitCodes={"operator": "In", "values": [0]}),
         "spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0"),
        (policy(action="Ignore", onExitCodes={"operator": "In", "values": [3, 2]}), "be ordered"),
        (policy(action="Ignore", onExitCodes={"operator": "In", "values": [2, 2]}), "Duplicate"),
        (policy(action="Ignore", onExitCodes={"operator": "In", "values": [1],
                                              "containerName": "x"}),
         "must be one of the container or initContainer names in the pod template"),
        (policy(action="Ignore", onPodConditions=[{"type": "A", "status": "Any"}]),
         'supported values: "False", "True", "Unknown"'),
        ({"successPolicy": {"rules": []}}, "requires indexed completion mode"),
        (success(), "at least one of succeededCount or succeededIndexes must be specified"),
        (success(succeededCount=6), "(the number of specified completions)"),
        (success(succeededCount=3, succeededIndexes="0-1"), "(the number of indexes in the"),
        (success(succeededIndexes="1,0"), "error parsing succeededIndexes: non-increasing order"),
        (success(succeededIndexes="9"), 'error parsing succeededIndexes: too large index: "9"'),
    ],
)  # fmt: skip
def test_wrong_jobs(more: dict[str, Any], text: str) -> None:
    found = created("batch", "jobs", job(**more))
    assert any(text in item for item in found), found


def test_pods_of_jobs_end() -> None:
    found = created("batch", "jobs", changed(job(), "spec.template.spec.restartPolicy", "Always"))
    text = 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'
    assert found == [text]
    again = changed(job(**policy(action="Ignore", onExitCodes={"operator": "In", "values": [1]})),
                    "spec.template.spec.restartPolicy", "OnFailure")  # fmt: skip
    assert 'only "Never" is supported when podFailurePolicy' in created("batch", "jobs", again)[0]


def test_what_may_change_of_a_job() -> None:
    old = job(suspend=True, completions=1, parallelism=1)
    image = "spec.template.spec.containers.0.image"
    place = "spec.template.spec.nodeSelector"

    def found(new: dict[str, Any], live: dict[str, Any] = old) -> list[str]:
        return updated("batch", "jobs", copy.deepcopy(live), new)

    assert found(changed(old, "spec.parallelism", 4)) == []
    assert found(changed(old, "spec.suspend", False)) == []
    assert found(changed(old, place, {"a": "b"})) == []
    assert "spec.template.spec: Invalid value" in found(changed(old, image, "x"))[0]
    started = changed(old, "status", {"startTime": "2026-01-01T00:00:00Z"})
    assert "field is immutable" in found(changed(started, place, {"a": "b"}), started)[0]
    running = job(suspend=False)
    assert "field is immutable" in found(changed(running, place, {"a": "b"}), running)[0]
    assert "spec.completions: Invalid value: 9" in found(changed(old, "spec.completions", 9))[0]
    assert found(changed(old, "spec.completionMode", "Indexed")) != []


def test_a_job_that_was_stopped_may_be_given_other_nodes() -> None:
    started = {"startTime": "2026-01-01T00:00:00Z"}
    stopped = [{"type": "Suspended", "status": "True"}]
    for status, free in (
        (started, False),
        ({**started, "conditions": stopped}, True),
        ({"active": 1, "conditions": stopped}, False),
        ({"active": 1}, False),
    ):
        old = {**job(suspend=True), "status": status}
        new = changed(old, "spec.template.spec.nodeSelector", {"a": "b"})
        assert (updated("batch", "jobs", old, new) == []) is free


def test_indexed_jobs_are_elastic() -> None:
    old = job(**INDEXED)
    new = changed(changed(old, "spec.completions", 7), "spec.parallelism", 7)
    assert updated("batch", "jobs", copy.deepcopy(old), new) == []
    # Its width may have been another before.
    narrow = changed(old, "spec.parallelism", 2)
    assert updated("batch", "jobs", narrow, copy.deepcopy(new)) == []
    [found] = updated("batch", "jobs", old, changed(old, "spec.completions", 7))
    assert "can only be modified in tandem with spec.parallelism" in found


def test_a_job_without_a_selector_selects_nothing() -> None:
    found = created("batch", "jobs", changed(job(), "spec.selector", None))
    assert [item.split(":")[0] for item in found] == [
        "spec.selector",
        "spec.template.metadata.labels",
    ]


def test_of_a_restart_policy_one_thing_is_told() -> None:
    path = "spec.template.spec.restartPolicy"
    for value, text in (("Any", "Unsupported value"), ("Always", "Required value")):
        found = created("batch", "jobs", changed(job(), path, value))
        assert found[-1].startswith(f"{path}: {text}")
        assert len({item.split(": ")[1] for item in found}) == 1
    ignoring = policy(action="Ignore", onExitCodes={"operator": "In", "values": [1]})
    [told] = created("batch", "jobs", changed(job(**ignoring), path, "OnFailure"))
    assert told.startswith(f"{path}: Invalid value")


def test_an_indexed_job_names_hosts() -> None:
    long = changed(job(**INDEXED, manualSelector=True), "metadata.name", "a" * 62)
    [told] = created("batch", "jobs", long)
    assert told.startswith("metadata.name: Invalid value")
    plain = changed(job(manualSelector=True), "metadata.name", "a" * 62)
    assert created("batch", "jobs", plain) == []


def test_modes_without_text_are_no_modes() -> None:
    for name in ("completionMode", "podReplacementPolicy"):
        [told] = created("batch", "jobs", job(**{name: ""}))
        assert told.startswith(f'spec.{name}: Unsupported value: ""')
    assert created("batch", "jobs", job(managedBy="")) == ["spec.managedBy: Required value"]
    [told] = created("batch", "jobs", job(completionMode="Any", backoffLimitPerIndex=1))
    assert told.startswith("spec.completionMode")


def test_no_indexes_are_none() -> None:
    [told] = created("batch", "jobs", job(**success(succeededIndexes="", succeededCount=1)))
    assert told.startswith("spec.successPolicy.rules[0].succeededCount: Invalid value")
    found = created("batch", "jobs", job(**success(succeededIndexes="x", succeededCount=1)))
    assert len(found) == 2


def test_the_labels_of_a_job_are_its_own() -> None:
    path = "spec.template.metadata.labels"
    for label, value in LABELS.items():
        [told] = created("batch", "jobs", changed(job(), path, {**LABELS, label: "other"}))[-1:]
        assert f"{path}[{label}]: Invalid value" in told or "does not match template" in told
        found = created(
            "batch", "jobs", changed(job(), path, {k: v for k, v in LABELS.items() if k != label})
        )
        assert f"{path}[{label}]: Required value: must be '{value}'" in found
    free = changed(job(manualSelector=True), path, {UID: "u"})
    assert created("batch", "jobs", free) == []


def test_labels_without_a_prefix_may_stay_alone() -> None:
    labels = {"controller-uid": "u", "job-name": "once"}
    old = changed(job(), "spec.template.metadata.labels", labels)
    old = changed(old, "spec.selector", {"matchLabels": {"controller-uid": "u"}})
    assert updated("batch", "jobs", copy.deepcopy(old), changed(old, "spec.suspend", True)) == []
