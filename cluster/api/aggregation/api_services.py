"""APIServices: one for each group and version, naming the server that answers for it. Pure.

Source: API reference, APIService v1; "Kubernetes API Aggregation Layer"; priorities as
kube-apiserver 1.37 registers its own groups with. Must not know: how a server is reached.
"""

from collections.abc import Iterable

from cluster.api.kinds import SERVED
from cluster.api.types import Object

GROUP = "apiregistration.k8s.io"
PLURAL = "apiservices"
AVAILABLE = "Available"
# Whose value says that the API server itself writes the object, and when.
AUTOMANAGED = "kube-aggregator.kubernetes.io/automanaged"
ON_START = "onstart"
CONTINUOUSLY = "true"
DEFAULT_PORT = 443

GroupVersion = tuple[str, str]
# (of the group, of the version in it); what is greater comes first in discovery.
Priority = tuple[int, int]

# The group that says where the others are comes before all of them.
_OWN: Priority = (20_000, 20_000)
_CUSTOM: Priority = (1_000, 100)
_GROUPS = {
    "": 18_000,
    "apps": 17_800,
    "events.k8s.io": 17_750,
    "authentication.k8s.io": 17_700,
    "authorization.k8s.io": 17_600,
    "autoscaling": 17_500,
    "batch": 17_400,
    "certificates.k8s.io": 17_300,
    "networking.k8s.io": 17_200,
    "policy": 17_100,
    "rbac.authorization.k8s.io": 17_000,
    "storage.k8s.io": 16_800,
    "admissionregistration.k8s.io": 16_700,
    "apiextensions.k8s.io": 16_700,
    "scheduling.k8s.io": 16_600,
    "coordination.k8s.io": 16_500,
    "node.k8s.io": 16_300,
    "discovery.k8s.io": 16_200,
    "flowcontrol.apiserver.k8s.io": 16_100,
    "resource.k8s.io": 15_900,
    "storagemigration.k8s.io": 15_800,
}
_VERSIONS = {("", "v1"): 1, ("autoscaling", "v2"): 30, ("flowcontrol.apiserver.k8s.io", "v1"): 21}
_VERSION = 15
_BUILT_IN = frozenset((kind.group, kind.version) for kind in SERVED)


def name_of(group: str, version: str) -> str:
    """``v1.apps``; ``v1.`` of the core group."""
    return f"{version}.{group}"


def is_built_in(group: str, version: str) -> bool:
    """Whether this API server answers for it, whatever an APIService says."""
    return (group, version) in _BUILT_IN


def priority_of(group: str, version: str) -> Priority:
    """Of what this API server answers for itself."""
    if group == GROUP:
        return _OWN
    if group not in _GROUPS:
        return _CUSTOM
    return _GROUPS[group], _VERSIONS.get((group, version), _VERSION)


def local_services(custom: Iterable[GroupVersion]) -> dict[str, Object]:
    """By name, the APIServices of all that this API server answers for: the built-in groups but
    for its own, and those that definitions of custom resources want to serve."""
    found = {
        name_of(*pair): _local(pair, ON_START) for pair in sorted(_BUILT_IN) if pair[0] != GROUP
    }
    for pair in sorted(set(custom) - _BUILT_IN):
        found[name_of(*pair)] = _local(pair, CONTINUOUSLY)
    return found


def _local(pair: GroupVersion, managed: str) -> Object:
    group, version = pair
    of_group, of_version = priority_of(group, version)
    spec: Object = {
        "version": version,
        "groupPriorityMinimum": of_group,
        "versionPriority": of_version,
    }
    if group:
        spec["group"] = group
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "APIService",
        "metadata": {"name": name_of(group, version), "labels": {AUTOMANAGED: managed}},
        "spec": spec,
    }


def group_version(service: Object) -> GroupVersion:
    """What the APIService is about."""
    spec = service.get("spec") or {}
    return str(spec.get("group") or ""), str(spec.get("version") or "")


def reference(service: Object) -> tuple[str, str, int] | None:
    """(namespace, name, port) of the Service behind it; None: this API server answers itself."""
    found = (service.get("spec") or {}).get("service")
    if not found:
        return None
    port = int(found.get("port") or DEFAULT_PORT)
    return str(found.get("namespace")), str(found.get("name")), port


def managed(service: Object) -> str:
    """How the API server itself looks after it; '' if it does not."""
    labels = service["metadata"].get("labels") or {}
    return str(labels.get(AUTOMANAGED) or "")


def condition(service: Object) -> Object | None:
    """Its condition Available."""
    conditions: list[Object] = (service.get("status") or {}).get("conditions") or []
    return next((item for item in conditions if item.get("type") == AVAILABLE), None)


def is_available(service: Object) -> bool:
    """Whether requests may be sent there."""
    return (condition(service) or {}).get("status") == "True"
