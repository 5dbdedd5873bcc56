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
        (C + "volumeMounts.0.name", "", 'volumeMounts[0].name: Not found: ""'),
        (C + "volumeMounts.0.name", "x", 'volumeMounts[0].name: Not found: "x"'),
        (C + "volumeMounts.0.mountPath", None, "mountPath: Required value"),
        (C + "volumeMounts.0.subPath", "../x", "volumeMounts.subPath: Invalid value"),
        (C + "volumeMounts.0.subPath", "/x", "must be a relative path"),
        (C + "env.0.name", "", "spec.containers[0].env[0].name: Required value"),
        (C + "env.0.name", "a=b", "a valid environment variable name"),
        (C + "env.0.valueFrom", {}, "must specify one of: `fieldRef`"),
        (C + "env.0.valueFrom", {"fieldRef": {"fieldPath": "metadata.name"}},
         "may not be specified when `value` is not empty"),
        (C + "env", [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.x"}}}],
         'error converting fieldPath: field label not supported: spec.x'),
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
        ("spec.dnsPolicy", "None", "must provide `dnsConfig`"),
        ("spec.nodeName", "A B", "spec.nodeName: Invalid value"),
        ("spec.hostname", "a.b", "spec.hostname: Invalid value"),
        ("spec.activeDeadlineSeconds", 0, "must be between 1 and 2147483647, inclusive"),
        ("spec.readinessGates", [{}], "spec.readinessGates[0].conditionType: Invalid value"),
        ("spec.schedulingGates", [{"name": "a"}] * 2, "schedulingGates[1]: Duplicate value"),
        ("spec.resourceClaims", [{"name": "a"}], "must specify one of: `resourceClaimName`"),
        ("spec.overhead", {"cpu": "-1"}, "spec.overhead[cpu]: Invalid value"),
        ("spec.hostnameOverride", "A", "spec.hostnameOverride: Invalid value"),
        ("spec.os", {"name": "plan9"}, 'spec.os: Unsupported value: "plan9"'),
        ("metadata.annotations", {"controller.kubernetes.io/pod-deletion-cost": "+1"},
         "must be a 32bit integer"),
        ("metadata.annotations", {"kubernetes.io/config.mirror": "x"}, "must set spec.nodeName"),
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
        "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
        'spec.containers[0].volumeMounts[0].name: Not found: "tmp"',
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
    [found] = updated("", "pods", pod, changed(pod, "spec.tolerations", []))
    assert found.startswith("spec.tolerations: Forbidden: existing toleration can not be modified")
    later = [{"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}]
    assert updated("", "pods", pod, changed(pod, "spec.tolerations", later))
    more = copy.deepcopy(pod)
    more["spec"]["containers"].append({"name": "b", "image": "b:1"})
    found = updated("", "pods", pod, more)
    assert found == ["spec.containers: Forbidden: pod updates may not add or remove containers"]


def test_a_deadline_only_comes_nearer(pod: dict[str, Any]) -> None:
    pod["spec"]["activeDeadlineSeconds"] = 10
    assert updated("", "pods", pod, changed(pod, "spec.activeDeadlineSeconds", 5)) == []
    for value in (15, None):
        found = updated("", "pods", pod, changed(pod, "spec.activeDeadlineSeconds", value))
        assert [text.partition(":")[0] for text in found] == ["spec.activeDeadlineSeconds"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (C + "stdin", False),
        (C + "terminationMessagePath", ""),
        (C + "resources.limits", {"cpu": "1000m", "memory": "1024Ki"}),
        ("spec.dnsPolicy", ""),
        ("spec.hostNetwork", False),
        ("spec.nodeSelector", {}),
        ("spec.tolerations", []),
    ],
)
def test_what_means_the_same_is_no_change(pod: dict[str, Any], path: str, value: Any) -> None:
    pod = changed(pod, C + "resources", {"limits": {"cpu": "1", "memory": "1Mi"}})
    assert updated("", "pods", pod, changed(pod, path, value)) == []


def test_a_negative_grace_may_become_a_second(pod: dict[str, Any]) -> None:
    pod["spec"]["terminationGracePeriodSeconds"] = -1
    assert created("", "pods", copy.deepcopy(pod)) == []
    path = "spec.terminationGracePeriodSeconds"
    assert updated("", "pods", pod, changed(pod, path, 1)) == []
    assert updated("", "pods", pod, changed(pod, path, 2))


def term(*names: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": name, "operator": "Exists"} for name in names]}


@pytest.mark.parametrize(
    ("selector", "terms", "wrong"),
    [
        ({"a": "b", "c": "d"}, [term("a", "b")], ""),
        ({"a": "c"}, [term("a")], "spec.nodeSelector"),
        ({"a": "b"}, [term("b")], "nodeSelectorTerms[0]: Invalid value"),
        ({"a": "b"}, [term("a"), term("b")], "nodeSelectorTerms: Invalid value"),
    ],
)
def test_a_gated_pod_may_be_told_to_fewer_nodes(
    pod: dict[str, Any], selector: dict[str, str], terms: list[Any], wrong: str
) -> None:
    pod["spec"] |= {"nodeSelector": {"a": "b"}, "affinity": affinity([term("a")])}
    other = copy.deepcopy(pod)
    other["spec"] |= {"nodeSelector": selector, "affinity": affinity(terms)}
    assert "spec: Forbidden" in updated("", "pods", copy.deepcopy(pod), copy.deepcopy(other))[0]
    for item in (pod, other):
        item["spec"]["schedulingGates"] = [{"name": "example.com/wait"}]
    found = updated("", "pods", pod, other)
    assert (found == []) if not wrong else wrong in found[0]
    more = changed(pod, "spec.schedulingGates", [{"name": "b"}])
    assert "found new scheduling gate 'b'" in updated("", "pods", pod, more)[0]


def affinity(terms: list[Any]) -> dict[str, Any]:
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    return {"nodeAffinity": {required: {"nodeSelectorTerms": terms}}}


def test_a_static_pods_likeness_stays_one(pod: dict[str, Any]) -> None:
    likeness = changed(pod, "metadata.annotations", {"kubernetes.io/config.mirror": "x"})
    likeness["spec"]["nodeName"] = "n1"
    plain = changed(likeness, "metadata.annotations", {})
    assert "may not remove or update mirror" in updated("", "pods", likeness, plain)[0]
    assert "may not add mirror" in updated("", "pods", plain, likeness)[0]
    debug = changed(likeness, "spec.ephemeralContainers", [{"name": "debug", "image": "x:1"}])
    assert "static pods" in updated("", "pods", likeness, debug, "ephemeralcontainers")[0]


def test_tokens_are_of_somebody(pod: dict[str, Any]) -> None:
    source = {"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}
    pod["spec"]["volumes"] = [{"name": "tmp", **source}]
    assert created("", "pods", changed(pod, "spec.serviceAccountName", "robot")) == []
    pod["spec"].pop("serviceAccountName", None)
    [found] = created("", "pods", pod)
    assert found.startswith("spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden")


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
    told = 'spec.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be '
    assert updated("", "pods", debug, other, part) == [f"{told}changed"]
    none = changed(debug, "spec.ephemeralContainers", [])
    assert updated("", "pods", debug, none, part) == [f"{told}removed"]


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("ports", [{"containerPort": 1}], "ports: Forbidden"),
        ("livenessProbe", {"tcpSocket": {"port": 1}}, "livenessProbe: Forbidden"),
        ("targetContainerName", "nobody", 'targetContainerName: Not found: "nobody"'),
        (
            "volumeMounts",
            [{"name": "tmp", "mountPath": "/a", "subPath": "x"}],
            "subPath: Forbidden",
        ),
    ],
)
def test_ephemeral_containers_only_look(
    pod: dict[str, Any], field: str, value: Any, place: str
) -> None:
    debug = changed(pod, "spec.ephemeralContainers", [{"name": "d", "image": "x:1", field: value}])
    found = updated("", "pods", pod, debug, "ephemeralcontainers")
    assert any(place in text for text in found), found


def test_resize_changes_resources_only(pod: dict[str, Any]) -> None:
    pod = changed(pod, C + "resources", {"requests": {"cpu": "1"}})
    bigger = changed(pod, C + "resources", {"requests": {"cpu": "2"}, "limits": {"cpu": "3"}})
    assert updated("", "pods", pod, bigger, "resize") == []
    assert updated("", "pods", copy.deepcopy(pod), bigger)
    wrong = changed(pod, C + "resources", {"requests": {"cpu": "4"}, "limits": {"cpu": "3"}})
    [found] = updated("", "pods", pod, wrong, "resize")
    assert found.endswith("must be less than or equal to cpu limit of 3")


def test_what_pods_are_told_of_as_kubernetes_does(pod: dict[str, Any]) -> None:
    reference = {"fileKeyRef": {"volumeName": "files", "path": "a", "key": "B"}}
    with_file = changed(pod, C + "env", [{"name": "A", "valueFrom": reference}])
    place = "spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName"
    assert created("", "pods", copy.deepcopy(with_file)) == [f'{place}: Not found: "files"']
    for source, texts in (
        ({"emptyDir": {}}, []),
        ({"hostPath": {"path": "/a"}}, ["referenced volume must be of type emptyDir"]),
    ):
        volumes = [*with_file["spec"].get("volumes", []), {"name": "files", **source}]
        found = created("", "pods", changed(with_file, "spec.volumes", volumes))
        assert [text.rpartition(": ")[2] for text in found] == texts
    claims = changed(pod, "spec.resourceClaims", [{"name": "a", "resourceClaimName": "b"}])
    claims = changed(claims, C + "resources.claims", [{"name": "a", "request": "A"}])
    [wrong] = created("", "pods", claims)
    assert wrong.startswith("spec.containers[0].resources.claims[0].request: Invalid value")
    inline = [{"name": "csi", "csi": {}}, *pod["spec"].get("volumes", [])]
    assert created("", "pods", changed(pod, "spec.volumes", inline)) == [
        "spec.volumes[0].csi.driver: Required value"
    ]
    certificate = {"signerName": "example.com/a", "keyType": "ED25519", "keyPath": "a"}
    for seconds, texts in ((0, [">= 3600"]), (3600, []), (7_862_401, ["<= 7862400"])):
        source = {"podCertificate": {**certificate, "maxExpirationSeconds": seconds}}
        projected = [{"name": "p", "projected": {"sources": [source]}}]
        projected += pod["spec"].get("volumes", [])
        found = created("", "pods", changed(pod, "spec.volumes", projected))
        assert [text[-len(end) :] for text, end in zip(found, texts, strict=True)] == texts
