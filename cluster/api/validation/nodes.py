"""Rules of Nodes. Must not know who keeps them up to date.

Source: API reference, Node v1; docs "Taints and Tolerations", "Node Status".
"""

import re
from collections.abc import Collection
from typing import Any

from cluster.api import names, quantity
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.addresses import check_range
from cluster.api.validation.placement import EFFECTS

_RANGES_MAX = 2
_FEATURE_MAX = 253
_FEATURE = re.compile("[A-Z][A-Za-z0-9]*(/[A-Za-z0-9]+)*", re.ASCII)
_FEATURE_FORM = (
    "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., "
    "MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes"
)
_WHOLE = frozenset(
    (
        "pods",
        "services",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "services.nodeports",
        "services.loadbalancers",
    )
)


def check_node(obj: Object, found: list[Cause]) -> None:
    """Taints, capacity, pod ranges."""
    _check(obj, found, ())


def check_node_update(old: Object, new: Object, found: list[Cause]) -> None:
    """What a node is given once, it keeps."""
    before, after = old.get("spec") or {}, new.get("spec") or {}
    known = before.get("podCIDRs") or ()
    _check(new, found, known)
    if known and known != (after.get("podCIDRs") or []):
        detail = 'node updates may not change podCIDR except from "" to valid'
        found.append(causes.forbidden("spec.podCIDRs", detail))
    provider = before.get("providerID")
    if provider and after.get("providerID") != provider:
        detail = 'node updates may not change providerID except from "" to valid'
        found.append(causes.forbidden("spec.providerID", detail))
    if (before.get("externalID") or "") != (after.get("externalID") or ""):
        found.append(causes.forbidden("spec.externalID", "may not be updated"))


def check_node_status(_: Object, new: Object, found: list[Cause]) -> None:
    """What a kubelet says: amounts are none below zero, an address is there once."""
    status = new.get("status") or {}
    _amounts(status, found)
    _features(status.get("declaredFeatures") or (), found)
    seen: list[Any] = []
    for position, address in enumerate(status.get("addresses") or ()):
        if address in seen:
            found.append(causes.duplicate(f"status.addresses[{position}]", address))
        seen.append(address)


def _check(obj: Object, found: list[Cause], known: Collection[str]) -> None:
    spec = obj.get("spec") or {}
    _taints(spec.get("taints") or (), found)
    _amounts(obj.get("status") or {}, found)
    _features((obj.get("status") or {}).get("declaredFeatures") or (), found)
    _pod_ranges(spec.get("podCIDRs") or (), found, known)


def _taints(taints: Any, found: list[Cause]) -> None:
    """(Kubernetes says that they are in the metadata.)"""
    seen: set[tuple[str, str]] = set()
    for position, taint in enumerate(taints):
        path = f"metadata.taints[{position}]"
        key, effect = taint.get("key") or "", taint.get("effect") or ""
        causes.each(f"{path}.key", key, names.label_key_errors(key), found)
        value = taint.get("value") or ""
        causes.each(f"{path}.value", value, names.label_value_errors(value), found)
        causes.one_of(f"{path}.effect", effect, EFFECTS, found)
        if (key, effect) in seen:
            found.append(causes.duplicate(path, taint))
        seen.add((key, effect))


def _amounts(status: Object, found: list[Cause]) -> None:
    for field in ("capacity", "allocatable"):
        for name, amount in (status.get(field) or {}).items():
            path = f"status.{field}.{name}"
            if amount[:1] == "-":
                found.append(causes.invalid(path, amount, "must be greater than or equal to 0"))
            if _is_whole(name) and quantity.parse(amount).nano % quantity.NANO:
                found.append(causes.invalid(path, amount, "must be an integer"))


def _features(features: Any, found: list[Cause]) -> None:
    """What the node's kubelet can do beyond what every one can: by name, each once, in order."""
    path, before = "status.declaredFeatures", ""
    for position, name in enumerate(features):
        here = f"{path}[{position}]"
        if position and name == before:
            found.append(causes.duplicate(here, name))
        elif position and name < before:
            found.append(causes.invalid(here, name, "list must be sorted alphabetically"))
        before = name
        wrong = f"invalid feature name {causes.shown(name)}:"
        if len(name) > _FEATURE_MAX:
            detail = f"{wrong} must be no more than {_FEATURE_MAX} characters"
            found.append(causes.invalid(here, name, detail))
        elif not _FEATURE.fullmatch(name):
            found.append(causes.invalid(here, name, f"{wrong} {_FEATURE_FORM}"))


def _is_whole(name: str) -> bool:
    """True of what is counted in pieces: objects, and what device plugins have."""
    return name in _WHOLE or ("/" in name and "kubernetes.io/" not in name)


def _pod_ranges(ranges: Any, found: list[Cause], known: Collection[str]) -> None:
    """One of each family at most."""
    path = "spec.podCIDRs"
    networks = [
        check_range(f"{path}[{position}]", item or "", found, canonical=False, known=known)
        for position, item in enumerate(ranges)
    ]
    families = [network.version for network in networks if network is not None]
    if len(ranges) > _RANGES_MAX or len(set(families)) != len(families):
        detail = "may specify no more than one CIDR for each IP family"
        found.append(causes.invalid(path, list(ranges), detail))
    for position, item in enumerate(ranges):
        if item in ranges[:position]:
            found.append(causes.duplicate(f"{path}[{position}]", item))
