"""What a pod's status says of its containers."""

from typing import Any

import pytest

from cluster.api.status import Cause
from cluster.api.validation.container_status import check_container_statuses

AGAIN = "Forbidden: may not be transitioned to non-terminated state"


def told(spec: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    found: list[Cause] = []
    check_container_statuses({"spec": spec, "status": old}, {"spec": spec, "status": new}, found)
    return [cause.text() for cause in found]


def ended(code: int, name: str = "c") -> dict[str, Any]:
    return {"name": name, "state": {"terminated": {"exitCode": code}}}


RUNS = {"name": "c", "state": {"running": {}}}
RULE = {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}
OTHERS = {"action": "Restart", "exitCodes": {"operator": "NotIn", "values": [1]}}
ALL = {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [3]}}


def with_rules(policy: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"name": "c", "restartPolicy": policy, "restartPolicyRules": list(rules)}


@pytest.mark.parametrize(
    ("policy", "container", "code", "free"),
    [("Always", {"name": "c"}, 0, True), ("OnFailure", {"name": "c"}, 1, True),
     ("OnFailure", {"name": "c"}, 0, False), ("Never", {"name": "c"}, 1, False),
     ("Never", with_rules("Always"), 0, True), ("Never", with_rules("OnFailure"), 0, False),
     ("OnFailure", with_rules("Never"), 1, False), ("Never", with_rules("Never", RULE), 42, True),
     ("Never", with_rules("Never", RULE), 1, False),
     ("Never", with_rules("Never", OTHERS), 2, True),
     ("Never", with_rules("Never", OTHERS), 1, False),
     ("Never", with_rules("Never", ALL), 1, True)],
)  # fmt: skip
def test_which_containers_run_again(
    policy: str, container: dict[str, Any], code: int, free: bool
) -> None:
    for kind, name in (
        ("containers", "containerStatuses"),
        ("initContainers", "initContainerStatuses"),
    ):
        spec = {"restartPolicy": policy, kind: [container]}
        expected = [] if free else [f"status.{name}[0].state: {AGAIN}"]
        assert told(spec, {name: [ended(code)]}, {name: [RUNS]}) == expected
        assert told(spec, {name: [ended(code)]}, {name: [ended(1)]}) == []
        assert told(spec, {name: [ended(code)]}, {}) == []
        assert told(spec, {name: [RUNS]}, {name: [{"name": "c", "state": {"waiting": {}}}]}) == []


def test_what_debugs_is_started_once() -> None:
    name = "ephemeralContainerStatuses"
    spec = {"restartPolicy": "Always", "ephemeralContainers": [{"name": "c"}]}
    expected = [f"status.{name}[0].state: {AGAIN}"]
    assert told(spec, {name: [ended(1)]}, {name: [RUNS]}) == expected


def test_users() -> None:
    user = {"linux": {"uid": -1, "gid": 2**31, "supplementalGroups": [1, -1]}}
    status = {"containerStatuses": [{"name": "c", "user": user}]}
    path = "status.containerStatuses[0].linux"
    assert [text.split(":")[0] for text in told({}, {}, status)] == [
        f"{path}.uid",
        f"{path}.gid",
        f"{path}.supplementalGroups[1]",
    ]
    assert told({"os": {"name": "windows"}}, {}, status) == [
        f"{path}: Forbidden: cannot be set for a windows pod"
    ]
    right = {"linux": {"uid": 0, "gid": 0}}
    assert told({}, {}, {"containerStatuses": [{"name": "c", "user": right}]}) == []


def test_health_of_devices() -> None:
    resources = {
        "requests": {"example.com/gpu": "1"},
        "claims": [{"name": "a", "request": "r"}, {"name": "b"}],
    }
    spec = {"containers": [{"name": "c", "resources": resources}]}

    def given(*items: dict[str, Any], name: str = "c") -> list[str]:
        listed = [{"name": name, "allocatedResourcesStatus": list(items)}]
        return told(spec, {}, {"containerStatuses": listed})

    right = [{"name": name} for name in ("example.com/gpu", "claim:a/r", "claim:b")]
    assert given(*right) == []
    assert given({"name": "x"}, name="other") == []
    path = "status.containerStatuses[0].allocatedResourcesStatus[0]"
    for name in ("x", "claim:a", "claim:b/r"):
        [text] = given({"name": name})
        assert text.startswith(f'{path}.name: Invalid value: "{name}": must match one of the')
    things = [{"resourceID": "1", "health": "Healthy"}, {"resourceID": "1", "health": "Good"}]
    assert [
        text.split(": supp")[0] for text in given({"name": "claim:b", "resources": things})
    ] == [
        f'{path}.resources[1].health: Unsupported value: "Good"',
        f'{path}.resources[1].resourceID: Duplicate value: "1"',
    ]
    debug = {"ephemeralContainerStatuses": [{"name": "d", "allocatedResourcesStatus": right}]}
    assert told(spec, {}, debug) == [
        "status.ephemeralContainerStatuses[0].allocatedResourcesStatus: Forbidden: must not be "
        "specified in container status"
    ]
