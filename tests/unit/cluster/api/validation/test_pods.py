"""Rules of pods: on create, and what an update may change."""

import copy
from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created, updated

C = "spec.containers.0."


def test_a_right_pod(pod: dict[str, Any]) -> None:
    assert created("", "pods", pod) == []


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("spec.containers", [], "spec.containers: Required value"),
        (C + "image", None, "spec.containers[0].image: Required value"),
        (C + "name", "A", 'spec.containers[0].name: Invalid value: "A": a lowercase RFC 1123'),
        (C + "name", None, "spec.containers[0].name: Required value"),
        (C + "ports.0.containerPort", 0, "spec.containers[0].ports[0].containerPort: Required"),
        (C + "ports.0.containerPort", 70000, "must be between 1 and 65535, inclusive"),
        (C + "ports.0.protocol", "QUIC", 'supported values: "SCTP", "TCP", "UDP"'),
        (C + "ports.0.name", "a" * 16, "must be no more than 15 bytes"),
        (C + "volumeMounts.0.name", "x", 'volumeMounts[0].name: Not found: "x"'),
        (C + "volumeMounts.0.mountPath", None, "mountPath: Required value"),
        (C + "volumeMounts.0.subPath", "../x", "must not contain '..'"),
        (C + "volumeMounts.0.subPath", "/x", "must be a relative path"),
        (C + "env.0.name", "", "spec.containers[0].env[0].name: Required value"),
        (C + "env.0.name", "a=b", "a valid environment variable name"),
        (C + "env.0.valueFrom", {}, "must specify one of: `fieldRef`"),
        (C + "env.0.valueFrom", {"fieldRef": {"fieldPath": "metadata.name"}},
         "may not be specified when `value` is not empty"),
        (C + "env", [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.x"}}}],
         'Unsupported value: "spec.x": supported values: "metadata.name"'),
        (C + "env", [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "x"}}}],
         "secretKeyRef.key: Required value"),
        (C + "envFrom", [{}], "must specify one of: `configMapRef` or `secretRef`"),
        (C + "resources.requests", {"cpu": "2"}, "must be less than or equal to cpu limit of 1"),
        (C + "resources.requests", {"cpu": "-1"}, "must be greater than or equal to 0"),
        (C + "resources.limits", {"gpu": "1"}, "must be a standard resource for containers"),
        (C + "readinessProbe", {}, "readinessProbe: Required value: must specify a handler type"),
        (C + "readinessProbe.exec", {"command": ["x"]}, "may not specify more than 1 handler"),
        (C + "readinessProbe.httpGet.port", 0, "must be between 1 and 65535"),
        (C + "livenessProbe", {"tcpSocket": {"port": 1}, "successThreshold": 2}, "must be 1"),
        (C + "imagePullPolicy", "Maybe", 'supported values: "Always", "IfNotPresent", "Never"'),
        (C + "securityContext", {"privileged": True, "allowPrivilegeEscalation": False},
         "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"),
        (C + "lifecycle", {"preStop": {}}, "preStop: Required value: must specify a handler"),
        ("spec.restartPolicy", "Maybe", 'supported values: "Always", "Never", "OnFailure"'),
        ("spec.dnsPolicy", "None", "must provide at least one DNS nameserver"),
        ("spec.nodeName", "A B", "spec.nodeName: Invalid value"),
        ("spec.hostname", "a.b", "spec.hostname: Invalid value"),
        ("spec.activeDeadlineSeconds", 0, "must be between 1 and 2147483647, inclusive"),
        ("spec.terminationGracePeriodSeconds", -1, "must be greater than or equal to 0"),
        ("spec.nodeSelector", {"a b": "x"}, "spec.nodeSelector: Invalid value"),
        ("spec.hostAliases", [{"ip": "x"}], "must be a valid IP address"),
        ("spec.volumes", [{"name": "tmp"}, {"name": "tmp"}],
         'spec.volumes[1].name: Duplicate value: "tmp"'),
        ("spec.volumes.0.hostPath", {}, "spec.volumes[0].hostPath.path: Required value"),
        ("spec.volumes.0.configMap", {"name": "x", "defaultMode": 512}, "between 0 and 0777"),
        ("spec.volumes.0.secret", {"secretName": "x", "items": [{"key": "a", "path": "/a"}]},
         "must be a relative path"),
        ("spec.ephemeralContainers", [{"name": "x", "image": "x"}], "cannot be set on create"),
        ("spec.securityContext", {"runAsUser": -1}, "must be between 0 and 2147483647"),
    ],
)  # fmt: skip
def test_wrong_pods(pod: dict[str, Any], path: str, value: Any, text: str) -> None:
    found = created("", "pods", changed(pod, path, value))
    assert any(text in item for item in found), found


def test_one_more_volume_source_is_too_many(pod: dict[str, Any]) -> None:
    pod["spec"]["volumes"][0] |= {"emptyDir": {}, "hostPath": {"path": "/x"}}
    assert created("", "pods", pod) == [
        "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"
    ]


def test_containers_share_names_and_host_ports(pod: dict[str, Any]) -> None:
    twin = copy.deepcopy(pod["spec"]["containers"][0])
    twin["ports"][0]["hostPort"] = pod["spec"]["containers"][0]["ports"][0]["hostPort"] = 80
    pod["spec"]["containers"].append(twin)
    found = created("", "pods", pod)
    assert 'spec.containers[1].name: Duplicate value: "web"' in found
    assert any("hostPort: Duplicate value" in text for text in found)


def test_init_containers_are_probed_only_if_they_stay(pod: dict[str, Any]) -> None:
    init = {"name": "init", "image": "x", "livenessProbe": {"tcpSocket": {"port": 1}}}
    pod["spec"]["initContainers"] = [init]
    assert "may not be set for init containers" in created("", "pods", copy.deepcopy(pod))[0]
    init["restartPolicy"] = "Always"
    assert created("", "pods", pod) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (C + "image", "web:2.0"),
        ("spec.activeDeadlineSeconds", 5),
        ("spec.tolerations", [{"operator": "Exists"}]),
        ("metadata.labels", {"app": "x"}),
    ],
)
def test_allowed_updates(pod: dict[str, Any], path: str, value: Any) -> None:
    assert updated("", "pods", pod, changed(pod, path, value)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (C + "args", ["x"]),
        ("spec.hostname", "x"),
        ("spec.nodeName", "n1"),
        ("spec.restartPolicy", "Never"),
        ("spec.terminationGracePeriodSeconds", 1),
        ("spec.volumes", [{"name": "tmp", "hostPath": {"path": "/"}}]),
    ],
)
def test_forbidden_updates(pod: dict[str, Any], path: str, value: Any) -> None:
    found = updated("", "pods", pod, changed(pod, path, value))
    assert found[0].startswith("spec: Forbidden: pod updates may not change fields other than")


def test_containers_and_tolerations_are_not_taken_away(pod: dict[str, Any]) -> None:
    pod["spec"]["tolerations"] = [{"operator": "Exists"}]
    assert updated("", "pods", pod, changed(pod, "spec.tolerations", []))
    more = copy.deepcopy(pod)
    more["spec"]["containers"].append({"name": "b", "image": "b:1"})
    found = updated("", "pods", pod, more)
    assert found == ["spec.containers: Forbidden: pod updates may not add or remove containers"]


def test_a_deadline_only_comes_nearer(pod: dict[str, Any]) -> None:
    pod["spec"]["activeDeadlineSeconds"] = 10
    assert updated("", "pods", pod, changed(pod, "spec.activeDeadlineSeconds", 5)) == []
    assert updated("", "pods", pod, changed(pod, "spec.activeDeadlineSeconds", 15))
    assert updated("", "pods", pod, changed(pod, "spec.activeDeadlineSeconds", None))


def test_a_binding_sets_the_node_and_says_so(pod: dict[str, Any]) -> None:
    bound = changed(pod, "spec.nodeName", "n1")
    bound["status"] = {"conditions": [{"type": "PodScheduled", "status": "True"}]}
    assert updated("", "pods", pod, bound) == []
    elsewhere = changed(bound, "spec.nodeName", "n2")
    assert updated("", "pods", bound, elsewhere)


def test_ephemeral_containers_are_only_added(pod: dict[str, Any]) -> None:
    part = "ephemeralcontainers"
    debug = changed(pod, "spec.ephemeralContainers", [{"name": "debug", "image": "x:1"}])
    assert updated("", "pods", pod, debug, part) == []
    assert updated("", "pods", debug, changed(pod, "metadata.labels", {}), part)
    other = changed(debug, "spec.ephemeralContainers.0.image", "y:1")
    assert "may not be changed" in updated("", "pods", debug, other, part)[0]


def test_resize_changes_resources_only(pod: dict[str, Any]) -> None:
    pod = changed(pod, C + "resources", {"requests": {"cpu": "1"}})
    bigger = changed(pod, C + "resources", {"requests": {"cpu": "2"}, "limits": {"cpu": "3"}})
    assert updated("", "pods", pod, bigger, "resize") == []
    assert updated("", "pods", copy.deepcopy(pod), bigger)
    wrong = changed(pod, C + "resources", {"requests": {"cpu": "4"}, "limits": {"cpu": "3"}})
    [found] = updated("", "pods", pod, wrong, "resize")
    assert found.endswith("must be less than or equal to cpu limit of 3")
