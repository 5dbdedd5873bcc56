"""What a ResourceQuota counts, and how much of it an object uses. Pure.

Source: docs "Resource Quotas": compute resources, storage, object counts, quota scopes. Must not
know where quotas are stored, nor what happens when one is exceeded.
"""

from collections.abc import Mapping

from cluster.api.pod_qos import qos_class
from cluster.api.pod_resizing import held_spec
from cluster.api.pod_resources import pod_amounts
from cluster.api.quantity import NANO, Quantity, parse
from cluster.api.types import Object

HUGE_PAGES = "hugepages-"
LIMIT_TYPES = frozenset(("Container", "PersistentVolumeClaim", "Pod"))
# Resources of containers and claims.
STANDARD = frozenset(("cpu", "memory", "ephemeral-storage", "storage"))
# Counted by their own name, besides ``count/...``.
COUNTED: dict[tuple[str, str], str] = {
    ("", "configmaps"): "configmaps",
    ("", "persistentvolumeclaims"): "persistentvolumeclaims",
    ("", "pods"): "pods",
    ("", "replicationcontrollers"): "replicationcontrollers",
    ("", "resourcequotas"): "resourcequotas",
    ("", "secrets"): "secrets",
    ("", "services"): "services",
}
_SERVICES = ("services.loadbalancers", "services.nodeports")
_COMPUTE = ("cpu", "memory", "ephemeral-storage")
_POD_RESOURCES = frozenset(
    (
        "pods",
        *_COMPUTE,
        *(f"requests.{name}" for name in _COMPUTE),
        *(f"limits.{name}" for name in _COMPUTE),
    )
)
_QUOTA_STANDARD = frozenset((*_POD_RESOURCES, *COUNTED.values(), *_SERVICES, "requests.storage"))
POD_STATE_SCOPES = frozenset(("BestEffort", "NotBestEffort", "NotTerminating", "Terminating"))
SCOPES = POD_STATE_SCOPES | {
    "CrossNamespacePodAffinity", "PriorityClass", "VolumeAttributesClass",
}  # fmt: skip
_REQUESTS, _LIMITS, _COUNT = "requests.", "limits.", "count/"
_CLASS = ".storageclass.storage.k8s.io/"

Usage = dict[str, int]


def is_standard(name: str) -> bool:
    """True for what a quota can count without a domain in its name."""
    rest = name.removeprefix(_REQUESTS)
    return name in _QUOTA_STANDARD or rest.startswith(HUGE_PAGES)


def is_whole(name: str) -> bool:
    """True for what comes in whole pieces: objects, and devices."""
    return name in COUNTED.values() or name in _SERVICES or name.startswith(_COUNT)


def scope_fits(scope: str, name: str) -> bool:
    """True if the scope says anything about that resource."""
    match scope:
        case "BestEffort":
            return name == "pods"
        case "Terminating" | "NotTerminating" | "NotBestEffort" | "PriorityClass":
            return name in _POD_RESOURCES
        case "CrossNamespacePodAffinity":
            return name in _POD_RESOURCES
        case "VolumeAttributesClass":
            return name in ("persistentvolumeclaims", "requests.storage")
    return True


def counts(resource: tuple[str, str], hard: Mapping[str, str]) -> bool:
    """True if a quota with these limits may count objects of (group, plural)."""
    keys = _object_keys(resource)
    if resource == ("", "pods"):
        return any(name in keys or _of_pods(name) for name in hard)
    if resource == ("", "services"):
        return any(name in keys or name in _SERVICES for name in hard)
    if resource == ("", "persistentvolumeclaims"):
        return any(name in keys or name == "requests.storage" or _CLASS in name for name in hard)
    return any(name in keys for name in hard)


def covers(quota: Object, resource: tuple[str, str], obj: Object) -> bool:
    """True if the object is one of those that the quota's scopes choose."""
    spec = quota.get("spec") or {}
    terms = [{"scopeName": name, "operator": "Exists"} for name in spec.get("scopes") or ()]
    terms.extend((spec.get("scopeSelector") or {}).get("matchExpressions") or ())
    return all(_chosen(term, resource, obj) for term in terms)


def usage(resource: tuple[str, str], obj: Object) -> Usage:
    """What one object uses, in billionths; a pod that has ended only counts as an object."""
    found: Usage = dict.fromkeys(_object_keys(resource), NANO)
    match resource:
        case ("", "pods"):
            _pod(obj, found)
        case ("", "services"):
            _service(obj, found)
        case ("", "persistentvolumeclaims"):
            _claim(obj, found)
    return found


def masked(amounts: Usage, hard: Mapping[str, str]) -> Usage:
    """What of it the quota counts."""
    return {name: amount for name, amount in amounts.items() if name in hard}


def text_of(nano: int, like: str) -> str:
    """The canonical text of an amount, in the format of a quantity that is there already."""
    return str(Quantity(nano, parse(like).format))


def _object_keys(resource: tuple[str, str]) -> tuple[str, ...]:
    group, plural = resource
    counted = f"{_COUNT}{plural}.{group}" if group else f"{_COUNT}{plural}"
    # A pod that has ended is no longer one of "pods", but is still an object: see _pod.
    own = COUNTED.get(resource)
    return (counted, own) if own else (counted,)


def _of_pods(name: str) -> bool:
    if name in _POD_RESOURCES or name.startswith((HUGE_PAGES, f"{_REQUESTS}{HUGE_PAGES}")):
        return True
    return name.startswith(_REQUESTS) and "/" in name and _CLASS not in name


def _pod(pod: Object, found: Usage) -> None:
    if (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
        found.pop("pods", None)
        return
    held = {**pod, "spec": held_spec(pod)}
    for name, nano in pod_amounts(held, "requests").items():
        found[f"{_REQUESTS}{name}"] = nano
        if name in _COMPUTE or name.startswith(HUGE_PAGES):
            found[name] = nano
    for name, nano in pod_amounts(held, "limits").items():
        found[f"{_LIMITS}{name}"] = nano


def _service(service: Object, found: Usage) -> None:
    spec = service.get("spec") or {}
    kind = spec.get("type") or "ClusterIP"
    ports = len(spec.get("ports") or ())
    found["services.loadbalancers"] = NANO if kind == "LoadBalancer" else 0
    opened = kind == "NodePort" or (
        kind == "LoadBalancer" and spec.get("allocateLoadBalancerNodePorts") is not False
    )
    found["services.nodeports"] = ports * NANO if opened else 0


def _claim(claim: Object, found: Usage) -> None:
    spec = claim.get("spec") or {}
    asked = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    given = (claim.get("status") or {}).get("allocatedResources") or {}
    nano = max(_nano(asked), _nano(given.get("storage")))
    found["requests.storage"] = nano
    name = spec.get("storageClassName")
    if name:
        found[f"{name}{_CLASS}requests.storage"] = nano
        found[f"{name}{_CLASS}persistentvolumeclaims"] = NANO


def _nano(value: object) -> int:
    return 0 if value in (None, "") else parse(str(value)).nano


def _chosen(term: Object, resource: tuple[str, str], obj: Object) -> bool:
    scope, operator = term.get("scopeName"), term.get("operator")
    if scope == "VolumeAttributesClass":
        if resource != ("", "persistentvolumeclaims"):
            return False
        return _named(term, (obj.get("spec") or {}).get("volumeAttributesClassName") or "")
    if resource != ("", "pods"):
        return False
    spec = obj.get("spec") or {}
    match scope:
        case "Terminating":
            holds = spec.get("activeDeadlineSeconds") is not None
        case "NotTerminating":
            holds = spec.get("activeDeadlineSeconds") is None
        case "BestEffort":
            holds = _best_effort(obj)
        case "NotBestEffort":
            holds = not _best_effort(obj)
        case "PriorityClass":
            return _named(term, spec.get("priorityClassName") or "")
        case "CrossNamespacePodAffinity":
            holds = _crosses(spec)
        case _:
            return False
    return holds if operator != "DoesNotExist" else not holds


def _named(term: Object, value: str) -> bool:
    values = term.get("values") or ()
    match term.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "DoesNotExist":
            return not value
    return bool(value)


def _best_effort(pod: Object) -> bool:
    return qos_class(pod) == "BestEffort"


def _crosses(spec: Object) -> bool:
    affinity = spec.get("affinity") or {}
    for name in ("podAffinity", "podAntiAffinity"):
        part = affinity.get(name) or {}
        terms = list(part.get("requiredDuringSchedulingIgnoredDuringExecution") or ())
        terms.extend(
            item.get("podAffinityTerm") or {}
            for item in part.get("preferredDuringSchedulingIgnoredDuringExecution") or ()
        )
        if any(t.get("namespaces") or t.get("namespaceSelector") is not None for t in terms):
            return True
    return False
