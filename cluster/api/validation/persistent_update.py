"""What an update of a PersistentVolume may change. Must not know claims, or who is bound.

Source: docs "Persistent Volumes"; API reference, PersistentVolumeSpec.
"""

from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.persistent_kinds import KINDS
from cluster.api.validation.persistent_volumes import check_whole

_FIXED = "spec.persistentvolumesource is immutable after creation"
_CLASS = "volumeAttributesClassName"
# Maps that mean the same empty as absent; an empty object (a reference) is one.
_MAPS = frozenset(("options", "volumeAttributes"))
# Numbers that mean 0 if they are absent.
_COUNTS = frozenset(("partition",))
# Labels that got another name: a volume may follow them.
_RENAMED = {
    "beta.kubernetes.io/arch": "kubernetes.io/arch",
    "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
    "beta.kubernetes.io/os": "kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
}


def check_volume_update(old: Object, new: Object, found: list[Cause]) -> None:
    """What keeps a volume, and where, stays."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    terms = _terms(before)
    check_whole(new, found, any_value=any(_odd(term) for term in terms))
    if _source(before, before) != _source(after, before):
        found.append(causes.forbidden("spec.persistentvolumesource", _FIXED))
    if before.get("volumeMode") != after.get("volumeMode"):
        found.append(causes.invalid("volumeMode", after.get("volumeMode"), causes.IMMUTABLE))
    affinity = after.get("nodeAffinity")
    if before.get("nodeAffinity") is not None and not _follows(before, after):
        detail = f"{causes.IMMUTABLE}, except for updating from beta label to GA"
        found.append(causes.invalid("nodeAffinity", affinity, detail))
    if before.get(_CLASS) is not None and after.get(_CLASS) is None:
        detail = "update from non-nil value to nil is forbidden"
        found.append(causes.forbidden(f"spec.{_CLASS}", detail))


def _source(spec: Object, before: Object) -> Object:
    """What keeps it; without the secret by which it grows, if it had none ``before``."""
    found = {kind: spec[kind] for kind in KINDS if spec.get(kind) is not None}
    had = before.get("csi")
    if had is not None and had.get("controllerExpandSecretRef") is None and "csi" in found:
        found["csi"] = {**found["csi"], "controllerExpandSecretRef": None}
    return {kind: _meant(value, kind) for kind, value in found.items()}


def _meant(value: Any, kind: str) -> Any:
    if not isinstance(value, dict):
        return value
    parts = {name: _meant(item, kind) for name, item in value.items()}
    return {name: item for name, item in parts.items() if not _says_nothing(name, item, kind)}


def _says_nothing(name: str, value: Any, kind: str) -> bool:
    if value == {}:
        return name in _MAPS
    if isinstance(value, int) and not isinstance(value, bool):
        return not value and (name in _COUNTS or (name == "lun" and kind == "iscsi"))
    return not value


def _terms(spec: Object) -> list[Object]:
    required = (spec.get("nodeAffinity") or {}).get("required") or {}
    return list(required.get("nodeSelectorTerms") or ())


def _odd(term: Object) -> bool:
    """It asks for what is no label's value."""
    return any(
        names.label_value_errors(value)
        for item in term.get("matchExpressions") or ()
        for value in item.get("values") or ()
    )


def _follows(before: Object, after: Object) -> bool:
    """The same nodes, but for labels that are called by their newer name."""
    old, new = _terms(before), _terms(after)
    return (
        after.get("nodeAffinity") is not None
        and len(old) == len(new)
        and all(
            _same(one.get(name) or [], other.get(name) or [])
            for one, other in zip(old, new, strict=True)
            for name in ("matchExpressions", "matchFields")
        )
    )


def _same(old: list[Object], new: list[Object]) -> bool:
    return len(old) == len(new) and all(
        one.get("operator") == other.get("operator")
        and (one.get("values") or []) == (other.get("values") or [])
        # No key at all is told of by the rules of what is new.
        and (other.get("key") or "") in (one.get("key"), _RENAMED.get(one.get("key") or "", ""))
        for one, other in zip(old, new, strict=True)
    )
