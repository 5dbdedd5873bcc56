"""Which kinds have warnings, by (group, kind).

Must not know who tells them.
"""

from collections.abc import Callable

from cluster.api import names
from cluster.api.custom.finalizer_warnings import finalizer_warnings
from cluster.api.kind import Kind
from cluster.api.types import Object
from cluster.api.warnings.node_labels import label_warning
from cluster.api.warnings.pods import pod_warnings
from cluster.api.warnings.services import service_warnings
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
_STORAGE_CLASS = "volume.beta.kubernetes.io/storage-class"
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
    return _of_both(key, obj)


def update_warnings(kind: Kind, old: Object, new: Object) -> list[str]:
    """Of an object that was changed rightly. Of pods nothing: people seldom change them."""
    if kind.custom is not None:
        return finalizer_warnings(new, old)
    key = (kind.group, kind.kind)
    if key in _TEMPLATES:
        field = "template" if key == ("", "PodTemplate") else "spec"
        return _template(key, new) if old.get(field) != new.get(field) else []
    return _of_both(key, new)


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
        found += _job(job)
    return found


def _job(spec: Object) -> list[str]:
    many = (spec.get("completions") or 0) > _INDEXED_COMPLETIONS
    if spec.get("completionMode") != "Indexed" or not many:
        return []
    if (spec.get("parallelism") or 0) <= _INDEXED_PARALLELISM:
        return []
    return [
        "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher "
        "than 10^4, a Kubernetes control plane might not be able to track completedIndexes when a "
        "big number of indexes fail"
    ]


def _claim(obj: Object) -> list[str]:
    found = []
    if _STORAGE_CLASS in ((obj.get("metadata") or {}).get("annotations") or {}):
        text = 'deprecated since v1.8; use "storageClassName" attribute instead'
        found.append(f"metadata.annotations[{_STORAGE_CLASS}]: {text}")
    return [*found, *claim_spec_warnings("spec", obj.get("spec") or {})]


def _runtime_class(obj: Object) -> list[str]:
    labels = (obj.get("scheduling") or {}).get("nodeSelector") or ()
    return [f"scheduling.nodeSelector: {text}" for text in map(label_warning, labels) if text]


def _name_warning(metadata: Object, use: str) -> list[str]:
    errors = names.dns_label_errors(metadata.get("name") or "")
    if not errors:
        return []
    return [f"metadata.name: this is used in {use}, {_SURPRISE}: [{' '.join(errors)}]"]


_BOTH: dict[tuple[str, str], Callable[[Object], list[str]]] = {
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Service"): service_warnings,
    ("node.k8s.io", "RuntimeClass"): _runtime_class,
}
