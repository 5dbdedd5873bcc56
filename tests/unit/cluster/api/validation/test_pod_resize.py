"""What pods/resize may change, in kubectl's words."""

import copy
from typing import Any

import pytest

from cluster.api.types import Object
from cluster.api.validation.pod_resize import check_pod_resize

FULL = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "2", "memory": "2Gi"}}


def pod(*resources: Object, init: list[Object] | None = None, **status: Any) -> Object:
    containers = [{"name": f"c{n + 1}", "resources": item} for n, item in enumerate(resources)]
    spec: Object = {"containers": containers}
    if init:
        spec["initContainers"] = init
    return {"metadata": {"name": "p"}, "spec": spec, "status": {"phase": "Pending", **status}}


def said(old: Object, new: Object) -> list[str]:
    found: list[Any] = []
    check_pod_resize(old, new, found)
    return [f"{cause.field}: {cause.message}" for cause in found]


def resized(old: Object, position: int = 0, kind: str = "containers", **parts: Object) -> Object:
    new = copy.deepcopy(old)
    resources = new["spec"][kind][position]["resources"]
    for part, amounts in parts.items():
        resources[part] = {**resources.get(part, {}), **amounts}
        resources[part] = {name: value for name, value in resources[part].items() if value}
    return new


def test_amounts_may_go_up_and_down() -> None:
    old = pod(FULL, {})
    assert said(old, resized(old, requests={"cpu": "500m"}, limits={"memory": "4Gi"})) == []
    assert said(old, resized(old, 1, limits={"cpu": "1"})) == []


def test_what_is_stated_stays_stated() -> None:
    old = pod(FULL)
    assert said(old, resized(old, limits={"memory": ""})) == [
        "spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed"
    ]
    assert said(old, resized(old, requests={"cpu": ""})) == [
        "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed"
    ]


@pytest.mark.parametrize(
    ("old", "parts", "quality"),
    [
        (pod({}), {"requests": {"memory": "1Mi"}}, "BestEffort"),
        (pod({"limits": FULL["limits"]}), {"requests": {"cpu": "1"}}, "Guaranteed"),
        (pod(FULL), {"requests": FULL["limits"]}, "Burstable"),
    ],
)
def test_quality_stays(old: Object, parts: dict[str, Object], quality: str) -> None:
    assert said(old, resized(old, **parts)) == [
        f'spec: Invalid value: "{quality}": Pod QOS Class may not change as a result of resizing'
    ]


def test_other_resources_do_not_change() -> None:
    wrong = ["spec: Forbidden: only cpu and memory resources are mutable"]
    old = pod({**FULL, "requests": {**FULL["requests"], "ephemeral-storage": "1Gi"}})
    assert said(old, resized(old, requests={"ephemeral-storage": "2Gi"})) == wrong
    policy = copy.deepcopy(old)
    policy["spec"]["containers"][0]["resizePolicy"] = [
        {"resourceName": "cpu", "restartPolicy": "RestartContainer"}
    ]
    assert said(old, policy) == wrong


OWN = {"requests": {"cpu": "2", "memory": "2Gi"}, "limits": {"cpu": "3", "memory": "3Gi"}}


def stating(old: Object, own: Object | None) -> Object:
    new = copy.deepcopy(old)
    new["spec"].pop("resources", None)
    return {**new, "spec": {**new["spec"], **({} if own is None else {"resources": own})}}


def test_what_a_pod_states_itself() -> None:
    none = pod(FULL, {})
    old = stating(none, OWN)
    more = {"requests": OWN["requests"], "limits": {"cpu": "4", "memory": "3Gi"}}
    assert said(old, stating(old, more)) == []
    assert said(none, stating(none, OWN)) == [], "it may be added"
    assert said(old, resized(stating(old, more), requests={"cpu": "1500m"})) == []
    for part in ("requests", "limits"):
        less = {**OWN, part: {"cpu": "2"}}
        assert f"spec.resources.{part}: Forbidden: pod-level resource {part} cannot be removed" in (
            said(old, stating(old, less))
        )
    gone = ["spec.resources: Forbidden: pod-level resources cannot be removed"]
    assert said(old, stating(old, None)) == said(old, stating(old, {})) == gone


def test_of_a_pod_too_only_cpu_and_memory_change() -> None:
    wrong = "spec: Forbidden: only cpu and memory resources are mutable at pod-level"
    pages = {part: {**OWN[part], "hugepages-2Mi": "2Mi"} for part in ("requests", "limits")}
    old = stating(pod(FULL), pages)
    assert said(old, old) == []
    twice = {part: {**OWN[part], "hugepages-2Mi": "4Mi"} for part in ("requests", "limits")}
    assert said(old, stating(old, twice)) == [wrong]
    assert said(pod(FULL), stating(pod(FULL), pages)) == [wrong]


def test_quality_stays_whoever_states_it() -> None:
    old = stating(pod(FULL), OWN)
    same = {"requests": OWN["limits"], "limits": OWN["limits"]}
    assert said(old, stating(old, same)) == [
        'spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing'
    ]


def test_init_containers_are_resized_whether_they_stay_or_end() -> None:
    init = [
        {"name": "once", "resources": copy.deepcopy(FULL)},
        {"name": "helper", "restartPolicy": "Always", "resources": copy.deepcopy(FULL)},
    ]
    old = pod(FULL, init=init)
    for position in (0, 1):
        cpu = {part: {**FULL[part], "cpu": "2"} for part in ("requests", "limits")}
        assert said(old, resized(old, position, "initContainers", **cpu)) == []
        pages = {part: {**FULL[part], "hugepages-2Mi": "2Mi"} for part in ("requests", "limits")}
        assert said(old, resized(old, position, "initContainers", **pages)) == [
            f"spec.initContainers[{position}]: Forbidden: only cpu and memory resources for init "
            "or sidecar containers are mutable"
        ]


def test_what_ends_is_not_started_again() -> None:
    policy = [{"resourceName": "cpu", "restartPolicy": "RestartContainer"}]
    once = {"name": "once", "resources": copy.deepcopy(FULL), "resizePolicy": policy}
    stays = {**copy.deepcopy(once), "name": "helper", "restartPolicy": "Always"}
    old = pod(FULL, init=[once, stays])
    assert said(old, resized(old, 1, "initContainers", requests={"cpu": "500m"})) == []
    assert said(old, resized(old, 0, "initContainers", requests={"cpu": "500m"})) == [
        "spec.initContainers[0]: Forbidden: non-sidecar init containers with a resize policy of "
        "RestartContainer cannot be resized"
    ]


def test_containers_stay_as_they_are() -> None:
    old = pod(FULL, FULL)
    turned = copy.deepcopy(old)
    turned["spec"]["containers"].reverse()
    detail = "Forbidden: containers may not be renamed or reordered on resize"
    assert said(old, turned) == [
        f"spec.containers[0].name: {detail}", f"spec.containers[1].name: {detail}"
    ]  # fmt: skip
    assert said(old, pod(FULL)) == [
        "spec.containers: Forbidden: containers may not be added or removed on resize"
    ]


def test_other_resources_stay_stated_too() -> None:
    old = pod({**FULL, "requests": {**FULL["requests"], "example.com/gpu": "1"}})
    assert said(old, resized(old, requests={"example.com/gpu": ""})) == [
        "spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
        "spec: Forbidden: only cpu and memory resources are mutable",
    ]


def test_pods_that_cannot_be_resized() -> None:
    mirror = pod(FULL)
    mirror["metadata"]["annotations"] = {"kubernetes.io/config.mirror": "x"}
    assert said(mirror, mirror) == [": Forbidden: static pods cannot be resized"]
    windows = pod(FULL)
    windows["spec"]["os"] = {"name": "windows"}
    assert said(windows, pod({})) == [": Forbidden: windows pods cannot be resized"]
    claiming = pod(FULL, nodeAllocatableResourceClaimStatuses=[{"resourceClaimName": "a"}])
    text = "spec: Forbidden: pods with node allocatable resource claims cannot be resized"
    assert said(claiming, claiming) == [text]


def test_a_node_that_does_not_tell_cannot_resize() -> None:
    runs = {"name": "c1", "state": {"running": {}}}
    silent = pod(FULL, phase="Running", containerStatuses=[runs])
    text = "spec: Forbidden: Pod running on node without support for resize"
    assert said(silent, silent) == [text]
    ended = {"name": "c1", "state": {"terminated": {"exitCode": 0}}}
    for status in ({**runs, "resources": {}}, ended):
        told = pod(FULL, phase="Running", containerStatuses=[status])
        assert said(told, told) == []
