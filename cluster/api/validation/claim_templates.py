"""Rules of a claim that is made for a pod and goes with it (generic ephemeral volumes).

Source: docs "Ephemeral Volumes"; API reference, PersistentVolumeClaimTemplate. Must not know pods.
"""

from cluster.api import names
from cluster.api.quantity import QuantityError, parse
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.label_selectors import check_label_selector
from cluster.api.validation.metadata import check_annotations, check_labels

_ALONE = "ReadWriteOncePod"
_ACCESS = frozenset(("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", _ALONE))
_MODES = frozenset(("Block", "Filesystem"))


def check_claim_template(path: str, template: Object, found: list[Cause]) -> None:
    """Of metadata only labels and annotations; a spec as a claim has it."""
    metadata = template.get("metadata") or {}
    check_annotations(f"{path}.metadata.annotations", metadata.get("annotations") or {}, found)
    check_labels(f"{path}.metadata.labels", metadata.get("labels") or {}, found)
    for name, value in metadata.items():
        if value and name not in ("annotations", "labels"):
            found.append(causes.forbidden(f"{path}.metadata.{name}", "cannot be set"))
    _spec(f"{path}.spec", template.get("spec") or {}, found)


def _spec(path: str, spec: Object, found: list[Cause]) -> None:
    modes = spec.get("accessModes") or ()
    place = f"{path}.accessModes"
    if not modes:
        found.append(causes.required(place, "at least 1 access mode is required"))
    for mode in modes:
        if mode not in _ACCESS:
            found.append(causes.unsupported(place, mode, _ACCESS))
    if _ALONE in modes and any(mode != _ALONE and mode in _ACCESS for mode in modes):
        detail = f"may not use {_ALONE} with other access modes"
        found.append(causes.forbidden(place, detail))
    _size(path, ((spec.get("resources") or {}).get("requests") or {}).get("storage"), found)
    chosen, mode = spec.get("storageClassName"), spec.get("volumeMode")
    if chosen:
        causes.each(f"{path}.storageClassName", chosen, names.subdomain_errors(chosen), found)
    if mode is not None and mode not in _MODES:
        found.append(causes.unsupported(f"{path}.volumeMode", mode, _MODES))
    check_label_selector(f"{path}.selector", spec.get("selector"), found)


def _size(path: str, amount: str | None, found: list[Cause]) -> None:
    if amount is None:
        found.append(causes.required(f"{path}.resources[storage]"))
        return
    try:
        positive = parse(amount).nano > 0
    except QuantityError:
        return  # the schema says so
    if not positive:
        detail = "must be greater than zero"
        found.append(causes.invalid(f"{path}.resources[storage]", amount, detail))
