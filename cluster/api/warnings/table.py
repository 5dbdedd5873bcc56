"""Which kinds have warnings, by (group, kind).

Must not know who tells them.
"""

from collections.abc import Callable

from cluster.api import names
from cluster.api.custom.finalizer_warnings import finalizer_warnings
from cluster.api.kind import Kind
from cluster.api.types import Object
from cluster.api.warnings import accounts, networks, storage
from cluster.api.warnings.addresses import address_warnings, range_warnings
from cluster.api.warnings.node_labels import label_warning
from cluster.api.warnings.pods import pod_warnings
from cluster.api.warnings.secrets import secret_warnings
from cluster.api.warnings.services import service_status_warnings, service_warnings
from cluster.api.warnings.volumes import claim_spec_warnings

_TEMPLATES: dict[tuple[str, str], str] = {
    ("", "PodTemplate"): "template",
    ("", "ReplicationController"): "spec.template",
    ("apps", "DaemonSet"): "spec.template",
    ("apps", "Deployment"): "spec.template",
    ("apps", "ReplicaSet"): "spec.template",
    ("apps", "StatefulSet"): "spec.template",
    ("batch", "CronJob"): "spec.jobTemplate.spec.template",
    ("batch", "Job"): "spec.template",
}
# Whose names begin those of pods.
_NAMING = frozenset(
    {
        ("", "ReplicationController"),
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("batch", "CronJob"),
        ("batch", "Job"),
    }
)
_SURPRISE = "which can result in surprising behavior; a DNS label is recommended"
_INGRESS_CLASS = "kubernetes.io/ingress.class"
_ZONE = (
    "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see "
    "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
)
_INDEXED_COMPLETIONS, _INDEXED_PARALLELISM = 100_000, 10_000


def create_warnings(kind: Kind, obj: Object) -> list[str]:
    """Of a new object that is right."""
    if kind.custom is not None:
        return finalizer_warnings(obj, None)
    key = (kind.group, kind.kind)
    metadata = obj.get("metadata") or {}
    if key == ("", "Pod"):
        name = _name_warning(metadata, "the Pod's hostname")
        return [*name, *pod_warnings(obj)]
    if key in _TEMPLATES:
        found = _name_warning(metadata, "Pod names and hostnames") if key in _NAMING else []
        return [*found, *_template(key, obj)]
    if key == ("networking.k8s.io", "Ingress"):
        chosen = (obj.get("spec") or {}).get("ingressClassName")
        if _INGRESS_CLASS in (metadata.get("annotations") or {}) and chosen is None:
            return [
                f'annotation "{_INGRESS_CLASS}" is deprecated, '
                "please use 'spec.ingressClassName' instead"
            ]
        return []
    if key == ("discovery.k8s.io", "EndpointSlice"):
        return networks.new_slice_warnings(obj)
    return _of_both(key, obj)


def update_warnings(kind: Kind, old: Object, new: Object) -> list[str]:
    """Of an object that was changed rightly. Of pods nothing: people seldom change them."""
    if kind.custom is not None:
        return finalizer_warnings(new, old)
    key = (kind.group, kind.kind)
    if key in _TEMPLATES:
        field = "template" if key == ("", "PodTemplate") else "spec"
        found = _template(key, new) if old.get(field) != new.get(field) else []
        return [*found, *_schedule(new)] if key == ("batch", "CronJob") else found
    if key == ("", "ServiceAccount"):
        return accounts.account_warnings(new, old)
    return _of_both(key, new)


def status_warnings(kind: Kind, new: Object) -> list[str]:
    """Of a status that was written rightly."""
    check = _STATUS.get((kind.group, kind.kind)) if kind.custom is None else None
    return check(new) if check is not None else []


def _of_both(key: tuple[str, str], obj: Object) -> list[str]:
    check = _BOTH.get(key)
    return check(obj) if check is not None else []


def _template(key: tuple[str, str], obj: Object) -> list[str]:
    path = _TEMPLATES[key]
    template = obj
    for name in path.split("."):
        template = template.get(name) or {}
    found = pod_warnings(template, path)
    spec = obj.get("spec") or {}
    if key == ("apps", "StatefulSet"):
        for position, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
            here = f"spec.volumeClaimTemplates[{position}].spec"
            found += claim_spec_warnings(here, claim.get("spec") or {})
        if (spec.get("revisionHistoryLimit") or 0) < 0:
            text = "a negative value retains all historical revisions; a value >= 0 is recommended"
            found.append(f"spec.revisionHistoryLimit: {text}")
    elif key[0] == "batch":
        job = spec if key[1] == "Job" else (spec.get("jobTemplate") or {}).get("spec") or {}
        return [*_job(path.removesuffix(".template"), job), *found]
    return found


def _job(path: str, spec: Object) -> list[str]:
    many = (spec.get("completions") or 0) > _INDEXED_COMPLETIONS
    if spec.get("completionMode") != "Indexed" or not many:
        return []
    if (spec.get("parallelism") or 0) <= _INDEXED_PARALLELISM:
        return []
    return [
        f"{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism "
        "higher than 10^4, a Kubernetes control plane might not be able to track completedIndexes "
        "when a big number of indexes fail"
    ]


def _schedule(obj: Object) -> list[str]:
    """(A new one that says its time zone so is refused.)"""
    if "TZ" in ((obj.get("spec") or {}).get("schedule") or ""):
        return [_ZONE]
    return []


def _node(obj: Object) -> list[str]:
    spec = obj.get("spec") or {}
    found = []
    if spec.get("externalID"):
        found.append("spec.externalID: this field is deprecated, and is unused by Kubernetes")
    for position, value in enumerate(spec.get("podCIDRs") or ()):
        found += range_warnings(f"spec.podCIDRs[{position}]", value)
    return found


def _pod_status(obj: Object) -> list[str]:
    status, found = obj.get("status") or {}, []
    for field in ("podIPs", "hostIPs"):
        for position, item in enumerate(status.get(field) or ()):
            here = f"status.{field}[{position}].ip"
            found += address_warnings(here, item.get("ip") or "")
    return found


def _runtime_class(obj: Object) -> list[str]:
    labels = (obj.get("scheduling") or {}).get("nodeSelector") or ()
    return [f"scheduling.nodeSelector: {text}" for text in map(label_warning, labels) if text]


def _name_warning(metadata: Object, use: str) -> list[str]:
    errors = names.dns_label_errors(metadata.get("name") or "")
    if not errors:
        return []
    return [f"metadata.name: this is used in {use}, {_SURPRISE}: [{' '.join(errors)}]"]


_BOTH: dict[tuple[str, str], Callable[[Object], list[str]]] = {
    ("", "Endpoints"): networks.endpoints_warnings,
    ("", "Node"): _node,
    ("", "PersistentVolume"): storage.volume_warnings,
    ("", "PersistentVolumeClaim"): storage.claim_warnings,
    ("", "Secret"): secret_warnings,
    ("", "Service"): service_warnings,
    ("", "ServiceAccount"): accounts.account_warnings,
    ("discovery.k8s.io", "EndpointSlice"): networks.slice_warnings,
    ("networking.k8s.io", "NetworkPolicy"): networks.policy_warnings,
    ("node.k8s.io", "RuntimeClass"): _runtime_class,
    ("storage.k8s.io", "CSIStorageCapacity"): storage.capacity_warnings,
    ("storage.k8s.io", "StorageClass"): storage.class_warnings,
}
_STATUS: dict[tuple[str, str], Callable[[Object], list[str]]] = {
    ("", "Pod"): _pod_status,
    ("", "Service"): service_status_warnings,
}
