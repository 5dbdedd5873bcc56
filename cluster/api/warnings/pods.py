"""What is odd of a pod, or of a template of pods.

Source: seen at kube-apiserver. Must not know which kinds have templates.
"""

from collections.abc import Iterable

from cluster.api.pod_creation import app_armor_fields
from cluster.api.types import Object
from cluster.api.validation.pod_annotations import APP_ARMOR
from cluster.api.warnings.amounts import fraction_warnings
from cluster.api.warnings.containers import (
    NO_SECCOMP,
    OLD_APP_ARMOR,
    annotation_warnings,
    container_warnings,
    containers_of,
    port_warnings,
)
from cluster.api.warnings.node_labels import label_warning, term_warnings
from cluster.api.warnings.volumes import volume_warnings

_SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
_SYSCTLS = 'non-functional in v1.11+; use the "sysctls" field instead'
_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": (
        'non-functional in v1.16+; use the "priorityClassName" field instead'
    ),
    "security.alpha.kubernetes.io/sysctls": _SYSCTLS,
    "security.alpha.kubernetes.io/unsafe-sysctls": _SYSCTLS,
}
_NO_POD = "a null labelSelector results in matching no pod"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def pod_warnings(obj: Object, path: str = "") -> list[str]:
    """Of a pod, or of the template at ``path``, as ``spec.template``."""
    base = f"{path}." if path else ""
    spec, annotations = obj.get("spec") or {}, (obj.get("metadata") or {}).get("annotations") or {}
    place = f"{base}spec"
    found = [*_placement(place, spec), *_spread(place, spec)]
    for name, text in _ANNOTATIONS.items():
        if name in annotations:
            found.append(f"{base}metadata.annotations[{name}]: {text}")
    found += volume_warnings(f"{place}.volumes", spec.get("volumes") or [])
    found += _twice(f"{place}.hostAliases", "ip", spec.get("hostAliases") or ())
    secrets = spec.get("imagePullSecrets") or ()
    found += _twice(f"{place}.imagePullSecrets", "name", secrets)
    for position, secret in enumerate(secrets):
        if not secret.get("name"):
            found.append(f'{place}.imagePullSecrets[{position}].name: invalid empty name ""')
    found += fraction_warnings(f"{place}.overhead", spec.get("overhead"))
    containers = list(containers_of(place, spec))
    if annotations:
        found += _annotated(f"{base}metadata.annotations", spec, annotations, containers, path)
    for here, container in containers:
        found += container_warnings(here, container)
    found += port_warnings(containers)
    if (spec.get("terminationGracePeriodSeconds") or 0) < 0:
        text = "must be >= 0; negative values are invalid and will be treated as 1"
        found.append(f"{place}.terminationGracePeriodSeconds: {text}")
    return [*found, *_affinities(place, spec)]


def app_armor_warnings(pod: Object) -> list[str]:
    """Of a new pod, before what its annotations say has become fields."""
    return [
        f"metadata.annotations[{APP_ARMOR}{container.get('name') or ''}]: {OLD_APP_ARMOR}"
        for container, _ in app_armor_fields(pod)
    ]


def _placement(path: str, spec: Object) -> list[str]:
    found = []
    for label in spec.get("nodeSelector") or ():
        text = label_warning(label)
        if text:
            found.append(f"{path}.nodeSelector[{label}]: {text}")
    affinity = (spec.get("affinity") or {}).get("nodeAffinity")
    if affinity:
        here = f"{path}.affinity.nodeAffinity"
        terms = (affinity.get(_REQUIRED) or {}).get("nodeSelectorTerms") or ()
        for position, term in enumerate(terms):
            found += term_warnings(f"{here}.{_REQUIRED}.nodeSelectorTerms[{position}]", term)
        for position, term in enumerate(affinity.get(_PREFERRED) or ()):
            inner = f"{here}.{_PREFERRED}[{position}].preference"
            found += term_warnings(inner, term.get("preference") or {})
    return found


def _spread(path: str, spec: Object) -> list[str]:
    found = []
    for position, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        here = f"{path}.topologySpreadConstraints[{position}]"
        key = constraint.get("topologyKey") or ""
        if label_warning(key):
            found.append(f"{here}.topologyKey: {key} is {label_warning(key)}")
        if constraint.get("labelSelector") is None:
            found.append(f"{here}.labelSelector: {_NO_POD}")
    return found


def _affinities(path: str, spec: Object) -> list[str]:
    found = []
    for kind in ("podAffinity", "podAntiAffinity"):
        affinity = (spec.get("affinity") or {}).get(kind)
        if not affinity:
            continue
        here = f"{path}.affinity.{kind}"
        for position, term in enumerate(affinity.get(_REQUIRED) or ()):
            if term.get("labelSelector") is None:
                found.append(f"{here}.{_REQUIRED}[{position}].labelSelector: {_NO_POD}")
        for position, weighted in enumerate(affinity.get(_PREFERRED) or ()):
            if (weighted.get("podAffinityTerm") or {}).get("labelSelector") is None:
                inner = f"{here}.{_PREFERRED}[{position}].podAffinityTerm"
                found.append(f"{inner}.labelSelector: {_NO_POD}")
    return found


def _annotated(
    path: str,
    spec: Object,
    annotations: dict[str, str],
    containers: list[tuple[str, Object]],
    template: str,
) -> list[str]:
    security, found = spec.get("securityContext") or {}, []
    if _SECCOMP in annotations and not security.get("seccompProfile"):
        found.append(f"{path}[{_SECCOMP}]: {NO_SECCOMP}")
    # A pod's AppArmor annotations have become fields by now.
    confined = not template or bool(security.get("appArmorProfile"))
    for _, container in containers:
        found += annotation_warnings(path, container, annotations, confined)
    return found


def _twice(path: str, field: str, items: Iterable[Object]) -> list[str]:
    seen: set[str] = set()
    found = []
    for position, item in enumerate(items):
        value = item.get(field) or ""
        if value in seen:
            found.append(f'{path}[{position}].{field}: duplicate {field} "{value}"')
        seen.add(value)
    return found
