"""What is odd of pods and templates, by field."""

from typing import Any

import pytest

from cluster.api.warnings.pods import pod_warnings

Json = dict[str, Any]


def warned(spec: Json, annotations: dict[str, str] | None = None, path: str = "") -> list[str]:
    main = {"name": "main", "image": "a"}
    spec = {"containers": [main], **spec}
    return pod_warnings({"metadata": {"annotations": annotations}, "spec": spec}, path)


def container(**fields: Any) -> Json:
    return {"containers": [{"name": "main", **fields}]}


def test_an_ordinary_pod_is_nothing_to_warn_of() -> None:
    ordinary = {
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "volumes": [{"name": "a", "emptyDir": {}}],
        "imagePullSecrets": [{"name": "a"}],
        "hostAliases": [{"ip": "127.0.0.1", "hostnames": ["a"]}],
        "terminationGracePeriodSeconds": 0,
    }
    assert warned(ordinary, {"a": "b"}) == []
    assert pod_warnings({}) == []


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (
            {"nodeSelector": {"beta.kubernetes.io/os": "linux"}},
            'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; '
            'use "kubernetes.io/os" instead',
        ),
        (
            {"hostAliases": [{"ip": "127.0.0.1"}, {"ip": "127.0.0.1"}]},
            'spec.hostAliases[1].ip: duplicate ip "127.0.0.1"',
        ),
        (
            {"imagePullSecrets": [{"name": "a"}, {"name": "a"}]},
            'spec.imagePullSecrets[1].name: duplicate name "a"',
        ),
        ({"imagePullSecrets": [{}]}, 'spec.imagePullSecrets[0].name: invalid empty name ""'),
        (
            {"terminationGracePeriodSeconds": -1},
            "spec.terminationGracePeriodSeconds: must be >= 0; "
            "negative values are invalid and will be treated as 1",
        ),
        (
            {"topologySpreadConstraints": [{"topologyKey": "zone"}]},
            "spec.topologySpreadConstraints[0].labelSelector: "
            "a null labelSelector results in matching no pod",
        ),
        (
            container(resources={"limits": {"memory": "100m", "cpu": "100m"}}),
            'spec.containers[0].resources.limits[memory]: fractional byte value "100m" '
            'is invalid, must be an integer',
        ),
        (
            container(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
            'spec.containers[0].env[1]: hides previous definition of "A", '
            'which may be dropped when using apply',
        ),
        (
            container(ports=[{"containerPort": 80, "protocol": "TCP", "hostIP": "127.0.0.1"}]),
            "spec.containers[0].ports[0]: hostIP set without hostPort: "
            "{Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:127.0.0.1}",
        ),
        (
            {"volumes": [{"name": "a", "gitRepo": {}}]},
            "spec.volumes[0].gitRepo: deprecated in v1.11",
        ),
        (
            {"volumes": [{"name": "a", "storageos": {}}]},
            "spec.volumes[0].storageOS: deprecated in v1.22, non-functional in v1.25+",
        ),
    ],
)  # fmt: skip
def test_by_field(spec: Json, text: str) -> None:
    assert warned(spec) == [text]
    assert warned(spec, path="spec.template") == [f"spec.template.{text}"]


def test_a_variable_may_build_on_the_one_before() -> None:
    first = {"name": "A", "value": "1"}
    assert warned(container(env=[first, {"name": "A", "value": "$(A)2"}])) == []
    for again in ({"value": "$(A)"}, {"valueFrom": {}, "value": "x$(A)"}):
        assert len(warned(container(env=[first, {"name": "A", **again}]))) == 1


def test_ports_of_all_containers() -> None:
    port = {"containerPort": 80, "protocol": "TCP"}

    def beside(one: Json, other: Json) -> list[str]:
        first = {"name": "a", "ports": [{**port, **one}]}
        containers = [first, {"name": "b", "ports": [{**port, **other}]}]
        return pod_warnings({"spec": {"containers": containers}})

    ending = "port definition with spec.containers[0].ports[0]"
    assert beside({}, {}) == [f"spec.containers[1].ports[0]: duplicate {ending}"]
    assert beside({"hostPort": 1}, {}) == [f"spec.containers[1].ports[0]: overlapping {ending}"]
    ambiguous = beside({"hostPort": 1}, {"hostPort": 1, "hostIP": "127.0.0.1"})
    assert ambiguous == [f"spec.containers[1].ports[0]: dangerously ambiguous {ending}"]
    assert beside({"hostPort": 1}, {"hostPort": 2}) == []
    assert beside({}, {"protocol": "UDP"}) == []


def test_old_annotations() -> None:
    seccomp = "container.seccomp.security.alpha.kubernetes.io/main"
    (text,) = warned({}, {seccomp: "x"})
    assert text.startswith(f"metadata.annotations[{seccomp}]: non-functional in v1.27+")
    assert warned(container(securityContext={"seccompProfile": {}}), {seccomp: "x"}) != []
    profile = {"seccompProfile": {"type": "RuntimeDefault"}}
    assert warned(container(securityContext=profile), {seccomp: "x"}) == []
    armor = "container.apparmor.security.beta.kubernetes.io/main"
    assert warned({}, {armor: "x"}) == []
    (text,) = warned({}, {armor: "x"}, "spec.template")
    assert text.startswith(f"spec.template.metadata.annotations[{armor}]: deprecated since v1.30")
    (text,) = warned({}, {"security.alpha.kubernetes.io/sysctls": "x"})
    assert "non-functional in v1.11+" in text


def test_files_made_twice() -> None:
    token = {"serviceAccountToken": {"path": "a"}}
    volume = {
        "name": "v",
        "projected": {"sources": [token, {"secret": {"items": [{"path": "a"}]}}]},
    }
    assert warned({"volumes": [volume]}) == [
        "spec.volumes[0].projected.sources.secrets[0]: has duplicated path with "
        'ServiceAccountToken "a"'
    ]


def test_terms_of_affinity() -> None:
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    preferred = "preferredDuringSchedulingIgnoredDuringExecution"
    expression = {"key": "beta.kubernetes.io/arch", "operator": "Exists"}
    node = {
        required: {"nodeSelectorTerms": [{"matchExpressions": [expression]}]},
        preferred: [{"preference": {"matchExpressions": [expression]}}],
    }
    texts = warned({"affinity": {"nodeAffinity": node}})
    assert [text.partition(": ")[0] for text in texts] == [
        f"spec.affinity.nodeAffinity.{required}.nodeSelectorTerms[0].matchExpressions[0].key",
        f"spec.affinity.nodeAffinity.{preferred}[0].preference.matchExpressions[0].key",
    ]
    pods = {required: [{"topologyKey": "a"}], preferred: [{"podAffinityTerm": {}}]}
    assert len(warned({"affinity": {"podAffinity": pods, "podAntiAffinity": pods}})) == 4
