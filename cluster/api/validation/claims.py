"""Rules of what a PersistentVolumeClaim asks for, a claim of its own or one made for a pod.

Source: docs "Persistent Volumes"; API reference, PersistentVolumeClaimSpec. Must not know volumes.
"""

from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.label_selectors import check_label_selector
from cluster.api.validation.storage_parts import (
    check_access_modes,
    check_class_name,
    check_positive,
    check_volume_mode,
)

_CLAIM = "PersistentVolumeClaim"


def check_claim(obj: Object, found: list[Cause]) -> None:
    """A new PersistentVolumeClaim."""
    check_claim_spec("spec", obj.get("spec") or {}, found)


def check_claim_spec(
    path: str, spec: Object, found: list[Cause], *, any_group: bool = False
) -> None:
    """How it is used, how much of it, and of what. ``any_group``: the group of what it is filled
    from need not be right."""
    check_access_modes(f"{path}.accessModes", spec.get("accessModes"), found)
    check_label_selector(f"{path}.selector", spec.get("selector"), found)
    amount = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if amount is None:
        found.append(causes.required(f"{path}.resources[storage]"))
    else:
        check_positive(f"{path}.resources[storage]", amount, found)
    check_class_name(f"{path}.storageClassName", spec.get("storageClassName"), found)
    check_volume_mode(f"{path}.volumeMode", spec.get("volumeMode"), found)
    _sources(path, spec, any_group, found)
    name = spec.get("volumeAttributesClassName")
    check_class_name(f"{path}.volumeAttributesClassName", name, found)


def _sources(path: str, spec: Object, any_group: bool, found: list[Cause]) -> None:
    """What it is filled from: said in the elder field, the newer one, or in both the same."""
    elder, newer = spec.get("dataSource"), spec.get("dataSourceRef")
    for name, source in (("dataSource", elder), ("dataSourceRef", newer)):
        if source is not None:
            _source(f"{path}.{name}", source, any_group, found)
    if newer is None:
        return
    space = newer.get("namespace")
    if space:
        place = f"{path}.dataSourceRef.namespace"
        causes.each(place, space, names.dns_label_errors(space), found)
        detail = "may not be specified when dataSourceRef.namespace is specified"
    else:
        detail = "must match dataSourceRef"
    if elder is not None and (space or _named(elder) != _named(newer)):
        found.append(causes.invalid(path, f"{path}.dataSource", detail))


def _named(source: Object) -> tuple[Any, ...]:
    return source.get("apiGroup"), source.get("kind") or "", source.get("name") or ""


def _source(path: str, source: Object, any_group: bool, found: list[Cause]) -> None:
    group, kind = source.get("apiGroup") or "", source.get("kind") or ""
    for name in ("name", "kind"):
        if not source.get(name):
            found.append(causes.required(f"{path}.{name}"))
    if not group and kind != _CLAIM:
        detail = f"must be '{_CLAIM}' when referencing the default apiGroup"
        found.append(causes.invalid(path, kind, detail))
    if group and not any_group:
        causes.each(f"{path}.apiGroup", group, names.subdomain_errors(group), found)
