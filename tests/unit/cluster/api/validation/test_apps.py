"""Rules of StatefulSets, DaemonSets, ReplicationControllers and ControllerRevisions."""

import copy
from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created, updated


def body(**more: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "nginx"}]},
            },
            **more,
        },
    }


def test_right_ones() -> None:
    assert created("apps", "statefulsets", body(serviceName="web")) == []
    assert created("apps", "daemonsets", body()) == []
    assert created("", "replicationcontrollers", changed(body(), "spec.selector", None)) == []
    assert created("apps", "controllerrevisions", {"data": {"a": 1}, "revision": 1}) == []


@pytest.mark.parametrize(
    ("plural", "path", "value", "text"),
    [
        ("statefulsets", "spec.selector", None, "spec.selector: Required value"),
        ("statefulsets", "spec.selector", {}, "empty selector is invalid for statefulset"),
        ("statefulsets", "spec.selector.matchLabels", {"a": "b"},
         "`selector` does not match template `labels`"),
        ("statefulsets", "spec.podManagementPolicy", "Any", "must be 'OrderedReady' or 'Parallel'"),
        ("statefulsets", "spec.replicas", -1, "spec.replicas: Invalid value: -1: must be greater"),
        ("statefulsets", "spec.ordinals", {"start": -1}, "spec.ordinals.start"),
        ("statefulsets", "spec.updateStrategy", {"type": "Any"},
         "must be 'RollingUpdate' or 'OnDelete'"),
        ("statefulsets", "spec.updateStrategy", {"type": "OnDelete", "rollingUpdate": {}},
         "only allowed for updateStrategy 'RollingUpdate'"),
        ("statefulsets", "spec.updateStrategy", {"rollingUpdate": {"partition": -1}},
         "spec.updateStrategy.rollingUpdate.partition"),
        ("statefulsets", "spec.persistentVolumeClaimRetentionPolicy", {"whenScaled": "Burn"},
         'supported values: "Delete", "Retain"'),
        ("statefulsets", "spec.template.spec.restartPolicy", "Never", 'values: "Always"'),
        ("statefulsets", "spec.template.spec.activeDeadlineSeconds", 1,
         "activeDeadlineSeconds in StatefulSet is not Supported"),
        ("daemonsets", "spec.selector", {}, "empty selector is invalid for daemonset"),
        ("daemonsets", "spec.updateStrategy", {"type": "Any"},
         'supported values: "OnDelete", "RollingUpdate"'),
        ("daemonsets", "spec.updateStrategy", {"rollingUpdate": {"maxSurge": 1}},
         "may not be set when maxUnavailable is non-zero"),
        ("daemonsets", "spec.updateStrategy", {"rollingUpdate": {"maxUnavailable": 0}},
         "cannot be 0 when maxSurge is 0"),
        ("daemonsets", "spec.updateStrategy", {"rollingUpdate": {"maxUnavailable": "200%"}},
         "must not be greater than 100%"),
    ],
)  # fmt: skip
def test_wrong_ones(plural: str, path: str, value: Any, text: str) -> None:
    found = created("apps", plural, changed(body(), path, value))
    assert any(text in item for item in found), found


def test_a_replication_controller_selects_by_a_map() -> None:
    found = created("", "replicationcontrollers", changed(body(), "spec.selector", {"a": "b"}))
    assert found == [
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match '
        "template `labels`"
    ]


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = changed(body(), "spec.replicas", -1)
    wrong = changed(wrong, "spec.podManagementPolicy", "Any")
    wrong = changed(wrong, "spec.template.spec.containers", [])
    assert len(created("apps", "statefulsets", wrong)) == 3


def test_containers_mount_claims_beside_the_volumes_of_the_template() -> None:
    wanted = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    names = ("data", "tmp")
    made = body(volumeClaimTemplates=[{"metadata": {"name": name}, "spec": wanted}
                                      for name in names])  # fmt: skip
    pod = made["spec"]["template"]["spec"]
    pod["volumes"] = [{"name": "tmp", "emptyDir": {}}]
    mounts = [{"name": name, "mountPath": f"/{name}"} for name in names]
    pod["containers"][0]["volumeMounts"] = mounts
    assert created("apps", "statefulsets", made) == []
    mounts.append({"name": "none", "mountPath": "/none"})
    [found] = created("apps", "statefulsets", made)
    assert found.endswith('volumeMounts[2].name: Not found: "none"')
    assert len(pod["volumes"]) == 1, "what is stored must not change"


def test_what_may_change() -> None:
    old = body(serviceName="web")
    for path, value in (
        ("spec.replicas", 7),
        ("spec.template.spec.containers.0.image", "other"),
        ("spec.updateStrategy", {"type": "OnDelete"}),
        ("spec.ordinals", {"start": 2}),
    ):
        assert updated("apps", "statefulsets", copy.deepcopy(old), changed(old, path, value)) == []
    [found] = updated("apps", "statefulsets", old, changed(old, "spec.serviceName", "x"))
    assert found == 'spec.serviceName: Invalid value: "x": field is immutable'
    new = changed(body(), "spec.selector.matchLabels", {"app": "x"})
    new = changed(new, "spec.template.metadata.labels", {"app": "x"})
    assert "field is immutable" in updated("apps", "daemonsets", body(), new)[0]


def test_history_does_not_change() -> None:
    old = {"data": {"a": 1}, "revision": 1}
    assert updated("apps", "controllerrevisions", dict(old), {**old, "revision": 2}) == []
    found = updated("apps", "controllerrevisions", dict(old), {**old, "data": {}})
    assert found == ["data: Invalid value: {}: field is immutable"]
    assert created("apps", "controllerrevisions", {"revision": -1}) == [
        "data: Required value: data is mandatory",
        "revision: Invalid value: -1: must be greater than or equal to 0",
    ]
