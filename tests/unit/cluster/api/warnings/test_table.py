"""Which kinds are warned of what, at which writes."""

from typing import Any

from cluster.api.kinds import by_kind
from cluster.api.warnings.table import create_warnings, update_warnings

Json = dict[str, Any]
TEMPLATE: Json = {"spec": {"containers": [], "terminationGracePeriodSeconds": -1}}


def created(api_version: str, kind: str, obj: Json) -> list[str]:
    group, _, version = api_version.rpartition("/")
    found = by_kind(group, version, kind)
    assert found is not None
    return create_warnings(found, {"metadata": {"name": "a"}, **obj})


def updated(api_version: str, kind: str, old: Json, new: Json) -> list[str]:
    group, _, version = api_version.rpartition("/")
    found = by_kind(group, version, kind)
    assert found is not None
    return update_warnings(found, old, new)


def test_templates_of_every_kind() -> None:
    inner = {"spec": {"template": TEMPLATE}}
    for api_version, kind in (
        ("v1", "ReplicationController"), ("apps/v1", "Deployment"), ("apps/v1", "ReplicaSet"),
        ("apps/v1", "StatefulSet"), ("apps/v1", "DaemonSet"), ("batch/v1", "Job"),
    ):  # fmt: skip
        (text,) = created(api_version, kind, inner)
        assert text.startswith("spec.template.spec.terminationGracePeriodSeconds: "), kind
        assert updated(api_version, kind, inner, inner) == []
        assert updated(api_version, kind, {}, inner) == [text]
    (text,) = created("batch/v1", "CronJob", {"spec": {"jobTemplate": inner}})
    assert text.startswith("spec.jobTemplate.spec.template.spec.terminationGracePeriodSeconds")
    (text,) = created("v1", "PodTemplate", {"template": TEMPLATE})
    assert text.startswith("template.spec.terminationGracePeriodSeconds")


def test_names_that_are_no_host_names() -> None:
    dotted = {"metadata": {"name": "a.b"}}
    assert created("v1", "Pod", dotted) == [
        "metadata.name: this is used in the Pod's hostname, which can result in surprising "
        "behavior; a DNS label is recommended: [must not contain dots]"
    ]
    (text,) = created("apps/v1", "Deployment", dotted)
    assert text.startswith("metadata.name: this is used in Pod names and hostnames, ")
    assert created("apps/v1", "DaemonSet", dotted) == []
    assert created("v1", "ConfigMap", dotted) == []


def test_pods_are_warned_of_when_they_are_made() -> None:
    assert len(created("v1", "Pod", TEMPLATE)) == 1
    assert updated("v1", "Pod", {}, TEMPLATE) == []


def test_ingress_classes_by_annotation() -> None:
    metadata = {"name": "a", "annotations": {"kubernetes.io/ingress.class": "x"}}
    (text,) = created("networking.k8s.io/v1", "Ingress", {"metadata": metadata, "spec": {}})
    assert text.endswith("please use 'spec.ingressClassName' instead")
    chosen = {"metadata": metadata, "spec": {"ingressClassName": "x"}}
    assert created("networking.k8s.io/v1", "Ingress", chosen) == []


def test_services() -> None:
    def of(**spec: Any) -> list[str]:
        found = created("v1", "Service", {"spec": {"sessionAffinity": "None", **spec}})
        assert updated("v1", "Service", {}, {"spec": {"sessionAffinity": "None", **spec}}) == found
        return found

    assert of(type="ClusterIP", clusterIP="10.0.0.1") == []
    (text,) = of(type="ClusterIP", externalIPs=["1.2.3.4"])
    assert text.startswith("spec.externalIPs is deprecated")
    headless = of(
        type="ClusterIP", clusterIP="None", externalIPs=["1.2.3.4"], sessionAffinity="ClientIP"
    )
    assert headless == [
        "spec.externalIPs is ignored for headless services",
        "spec.SessionAffinity is ignored for headless services",
    ]
    (text,) = of(type="ExternalName", externalName="a", externalIPs=["1.2.3.4"])
    assert text == 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    (text,) = of(type="ClusterIP", externalName="a")
    assert text == 'spec.externalName is ignored when spec.type is not "ExternalName"'
    (text,) = of(type="ClusterIP", trafficDistribution="PreferClose")
    assert text == 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'
    hints = {"annotations": {"service.kubernetes.io/topology-aware-hints": "auto"}}
    assert (
        len(created("v1", "Service", {"metadata": hints, "spec": {"sessionAffinity": "None"}})) == 1
    )


def test_the_rest() -> None:
    claim = {"resources": {"requests": {"storage": "1500m"}}}
    (text,) = created("v1", "PersistentVolumeClaim", {"spec": claim})
    assert text.startswith('spec.resources.requests[storage]: fractional byte value "1500m"')
    sets = {"volumeClaimTemplates": [{"spec": claim}], "revisionHistoryLimit": -1}
    assert len(created("apps/v1", "StatefulSet", {"spec": sets})) == 2
    annotated = {"annotations": {"volume.beta.kubernetes.io/storage-class": "x"}}
    assert len(created("v1", "PersistentVolumeClaim", {"metadata": annotated})) == 1
    labels = {"scheduling": {"nodeSelector": {"node-role.kubernetes.io/master": ""}}}
    assert created("node.k8s.io/v1", "RuntimeClass", labels) == [
        'scheduling.nodeSelector: use "node-role.kubernetes.io/control-plane" instead'
    ]
    many = {"completionMode": "Indexed", "completions": 100_001, "parallelism": 10_001}
    assert len(created("batch/v1", "Job", {"spec": many})) == 1
    assert created("batch/v1", "Job", {"spec": {**many, "parallelism": 10_000}}) == []
