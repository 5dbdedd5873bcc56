"""Rules of StorageClasses and VolumeAttributesClasses: who makes or changes volumes, and how.

Source: API reference, storage.k8s.io/v1. Must not know volumes.
"""

from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_RECLAIM = frozenset(("Delete", "Retain"))
_BINDING_MODES = frozenset(("Immediate", "WaitForFirstConsumer"))
_PARAMETERS_MAX = 512
_PARAMETERS_BYTES_MAX = 256 * 1024


def check_storage_class(obj: Object, found: list[Cause]) -> None:
    """A provisioner, what becomes of volumes, and where they may be."""
    _provisioner("provisioner", obj.get("provisioner") or "", found)
    check_parameters(obj.get("parameters") or {}, found)
    policy = obj.get("reclaimPolicy")
    if policy and policy not in _RECLAIM:
        found.append(causes.unsupported("reclaimPolicy", policy, _RECLAIM))
    mode = obj.get("volumeBindingMode")
    if mode not in _BINDING_MODES:
        found.append(causes.unsupported("volumeBindingMode", mode, _BINDING_MODES))
    _topologies(obj.get("allowedTopologies") or (), found)


def check_storage_class_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Volumes were made by what it says: it cannot change behind them."""
    for name in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"):
        before, after = old.get(name), new.get(name)
        if before != after and not (name == "parameters" and not before and not after):
            found.append(causes.invalid(name, after, causes.IMMUTABLE))


def check_attributes_class(obj: Object, found: list[Cause]) -> None:
    """A driver, and at least one parameter for it."""
    _provisioner("driverName", obj.get("driverName") or "", found)
    parameters = obj.get("parameters") or {}
    check_parameters(parameters, found)
    if not parameters:
        detail = "must contain at least one key/value pair"
        found.append(causes.required("parameters", detail))


def check_attributes_class_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Volumes were changed by what it says: it cannot change behind them."""
    for name in ("driverName", "parameters"):
        if (old.get(name) or None) != (new.get(name) or None):
            found.append(causes.forbidden(name, f"updates to {name} are forbidden."))


def check_parameters(parameters: Object, found: list[Cause]) -> None:
    """No more than a provisioner is asked to read."""
    if len(parameters) > _PARAMETERS_MAX:
        found.append(causes.too_long("parameters", _PARAMETERS_MAX))
        return
    if "" in parameters:
        found.append(causes.invalid("parameters", "", "field can not be empty."))
    size = sum(len(key.encode()) + len(value.encode()) for key, value in parameters.items())
    if size > _PARAMETERS_BYTES_MAX:
        found.append(causes.too_long("parameters", _PARAMETERS_BYTES_MAX))


def _provisioner(path: str, name: str, found: list[Cause]) -> None:
    """Called as a label's key is, in any case."""
    if not name:
        found.append(causes.required(path))
    else:
        lowered = name.lower()
        causes.each(path, lowered, names.label_key_errors(lowered), found)


def _topologies(terms: Any, found: list[Cause]) -> None:
    """Each another set of places. A term that names none is told of as one that is there twice."""
    seen: list[dict[str, set[str]]] = [{}]
    for position, term in enumerate(terms):
        path = f"allowedTopologies[{position}].matchLabelExpressions"
        places: dict[str, set[str]] = {}
        for number, item in enumerate((term or {}).get("matchLabelExpressions") or ()):
            place, key = f"{path}[{number}]", (item or {}).get("key") or ""
            values = _values(f"{place}.values", (item or {}).get("values") or (), found)
            causes.each(f"{place}.key", key, names.label_key_errors(key), found)
            if key in places:
                found.append(causes.duplicate(f"{place}.key", key))
            places[key] = values
        if places in seen:
            found.append(causes.duplicate(path, ""))
        seen.append(places)


def _values(path: str, values: Any, found: list[Cause]) -> set[str]:
    if not values:
        found.append(causes.required(path))
    seen: set[str] = set()
    for position, value in enumerate(values):
        if value in seen:
            found.append(causes.duplicate(f"{path}[{position}]", value))
        seen.add(value)
    return seen
