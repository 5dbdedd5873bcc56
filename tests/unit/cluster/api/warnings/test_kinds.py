"""What kinds beside workloads are warned of."""

from typing import Any

from cluster.api.kinds import by_kind
from cluster.api.warnings.pods import app_armor_warnings
from cluster.api.warnings.table import status_warnings
from tests.unit.cluster.api.warnings.test_table import created, updated

Json = dict[str, Any]
WIDE = "2001:DB8::1"
OLD_ZONE = "failure-domain.beta.kubernetes.io/zone"
ZONE = 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'


def both(api_version: str, kind: str, obj: Json) -> list[str]:
    found = created(api_version, kind, obj)
    assert updated(api_version, kind, {}, obj) == found
    return found


def paths(texts: list[str]) -> list[str]:
    return [text.partition(": ")[0] for text in texts]


def written(kind: str, status: Json) -> list[str]:
    found = by_kind("", "v1", kind)
    assert found is not None
    return status_warnings(found, {"status": status})


def test_addresses_of_services() -> None:
    spec = {
        "sessionAffinity": "None",
        "clusterIP": WIDE,
        "clusterIPs": [WIDE],
        "externalIPs": ["10.0.0.1", WIDE],
        "loadBalancerIP": WIDE,
        "loadBalancerSourceRanges": ["2001:DB8::/64"],
    }
    found = paths(both("v1", "Service", {"spec": spec}))
    assert found == [
        "spec.clusterIPs[0]",
        "spec.externalIPs[1]",
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
        "spec.loadBalancerIP",
        "spec.loadBalancerSourceRanges[0]",
    ]
    ingress = [{"hostname": "a"}, {"ip": WIDE}]
    found = written("Service", {"loadBalancer": {"ingress": ingress}})
    assert paths(found) == ["status.loadBalancer.ingress[1]"]
    assert written("Service", {}) == []


def test_addresses_of_endpoints() -> None:
    subsets = [{"addresses": [{"ip": "10.0.0.1"}], "notReadyAddresses": [{"ip": WIDE}]}]
    found = both("v1", "Endpoints", {"subsets": subsets})
    assert paths(found) == ["subsets[0].notReadyAddresses[0].ip"]
    ours = {"labels": {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}}
    assert both("v1", "Endpoints", {"metadata": ours, "subsets": subsets}) == []


def test_addresses_of_slices() -> None:
    group, kind = "discovery.k8s.io/v1", "EndpointSlice"
    endpoints = [{"addresses": ["2001:db8::1", WIDE]}]
    assert paths(both(group, kind, {"endpoints": endpoints})) == ["endpoints[0].addresses[1]"]
    label = "endpointslice.kubernetes.io/managed-by"
    ours = {"labels": {label: "endpointslice-controller.k8s.io"}}
    assert both(group, kind, {"metadata": ours, "endpoints": endpoints}) == []
    named = {"addressType": "FQDN", "endpoints": [{"addresses": ["example.com"]}]}
    assert created(group, kind, named) == ["spec.addressType: FQDN endpoints are deprecated"]
    assert updated(group, kind, {}, named) == []


def test_ranges_of_network_policies() -> None:
    block = {"cidr": "2001:DB8::/64", "except": ["2001:DB8::/80"]}
    spec = {
        "ingress": [{"from": [{}, {"ipBlock": block}]}],
        "egress": [{"to": [{"ipBlock": block}]}],
    }
    assert paths(both("networking.k8s.io/v1", "NetworkPolicy", {"spec": spec})) == [
        "spec.ingress[0].from[1].ipBlock.cidr",
        "spec.ingress[0].from[1].ipBlock.except[0]",
        "spec.egress[0].to[0].ipBlock.cidr",
        "spec.egress[0].to[0].ipBlock.except[0]",
    ]


def test_ranges_of_nodes() -> None:
    spec = {"podCIDR": "10.0.0.1/24", "podCIDRs": ["10.0.0.1/24", "2001:DB8::/64", "10.1.0.0/24"]}
    assert paths(both("v1", "Node", {"spec": spec})) == ["spec.podCIDRs[0]", "spec.podCIDRs[1]"]


def test_volumes() -> None:
    term = {"matchExpressions": [{"key": OLD_ZONE, "operator": "Exists"}]}
    spec = {
        "persistentVolumeReclaimPolicy": "Recycle",
        "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
        "cephfs": {},
    }
    metadata = {"annotations": {"volume.beta.kubernetes.io/storage-class": "a"}}
    place = "spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key"
    assert both("v1", "PersistentVolume", {"metadata": metadata, "spec": spec}) == [
        "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "
        '"storageClassName" attribute instead',
        "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, "
        "the recommended approach is to use dynamic provisioning.",
        f"{place}: {OLD_ZONE} is {ZONE}",
        "spec.cephfs: deprecated in v1.28, non-functional in v1.31+",
    ]
    for kind in ("flocker", "quobyte"):
        assert both("v1", "PersistentVolume", {"spec": {kind: {}}}) == []
    found = both("v1", "PersistentVolume", {"spec": {"storageos": {}}})
    assert paths(found) == ["spec.storageOS"]


def test_storage_kinds() -> None:
    group = "storage.k8s.io/v1"
    expressions = [{"key": "a", "values": ["b"]}, {"key": OLD_ZONE, "values": ["b"]}]
    topologies = [{"matchLabelExpressions": expressions}]
    assert both(group, "StorageClass", {"allowedTopologies": topologies}) == [
        f"allowedTopologies[0].matchLabelExpressions[1].key: {ZONE}"
    ]
    topology = {
        "matchExpressions": [{"key": OLD_ZONE, "operator": "Exists"}],
        "matchLabels": {OLD_ZONE: "a", "b": "c"},
    }
    assert both(group, "CSIStorageCapacity", {"nodeTopology": topology}) == [
        f"nodeTopology.matchExpressions[0].key: {OLD_ZONE} is {ZONE}",
        f"nodeTopology.matchLabels.{OLD_ZONE}: {ZONE}",
    ]


def test_service_accounts() -> None:
    limited = {"metadata": {"annotations": {"kubernetes.io/enforce-mountable-secrets": "true"}}}
    assert both("v1", "ServiceAccount", limited) == [
        "metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; "
        "prefer separate namespaces to isolate access to mounted secrets"
    ]
    assert updated("v1", "ServiceAccount", limited, limited) == []
    assert both("v1", "ServiceAccount", {}) == []


def test_nodes() -> None:
    assert both("v1", "Node", {"spec": {"externalID": "a"}}) == [
        "spec.externalID: this field is deprecated, and is unused by Kubernetes"
    ]


def test_secrets() -> None:
    assert len(both("v1", "Secret", {"type": "kubernetes.io/tls"})) == 1


def test_time_zones_of_schedules() -> None:
    zoned = {"spec": {"schedule": "TZ=UTC * * * * *"}}
    (text,) = updated("batch/v1", "CronJob", zoned, zoned)
    assert text.startswith("cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead")
    assert updated("batch/v1", "CronJob", {}, {"spec": {"schedule": "@daily"}}) == []


def test_addresses_of_pods() -> None:
    status = {"podIPs": [{"ip": "10.0.0.1"}, {"ip": WIDE}], "hostIPs": [{"ip": WIDE}]}
    assert paths(written("Pod", status)) == ["status.podIPs[1].ip", "status.hostIPs[0].ip"]


def test_app_armor_of_new_pods() -> None:
    prefix = "container.apparmor.security.beta.kubernetes.io/"
    profile = {"type": "RuntimeDefault"}
    fields = [
        {"name": "a"},
        {"name": "b", "securityContext": {"appArmorProfile": profile}},
        {"name": "c"},
    ]
    annotations = {f"{prefix}a": "runtime/default", f"{prefix}b": "runtime/default"}
    pod = {"metadata": {"annotations": annotations}, "spec": {"containers": fields}}
    assert app_armor_warnings(pod) == [
        f'metadata.annotations[{prefix}a]: deprecated since v1.30; use the "appArmorProfile" '
        "field instead"
    ]
    assert app_armor_warnings({"spec": {"containers": fields}}) == []
