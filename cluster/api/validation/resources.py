"""Rules of resource requests and limits. Must not know how much a node has."""

from typing import Any

from cluster.api import names, quantity
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_STANDARD = frozenset(("cpu", "memory", "ephemeral-storage"))
# What a pod's quality of service is told by.
_OF_CLASSES = frozenset(("cpu", "memory"))
_HUGE = "hugepages-"


def check_resources(path: str, resources: Any, found: list[Cause]) -> None:
    """ResourceRequirements of a container, or of a pod: names, amounts, requests within limits."""
    limits = resources.get("limits") or {}
    requests = resources.get("requests") or {}
    for name, amount in limits.items():
        _amount(f"{path}.limits", name, amount, found)
    for name, amount in requests.items():
        _amount(f"{path}.requests", name, amount, found)
        limit = limits.get(name)
        if limit is None:
            if not _shared(name):
                detail = "Limit must be set for non overcommitable resources"
                found.append(causes.required(f"{path}.limits", detail))
        elif limit != amount:
            _within(f"{path}.requests", name, amount, limit, found)
    stated = {*limits, *requests}
    if any(name.startswith(_HUGE) for name in stated) and not stated & _OF_CLASSES:
        found.append(causes.forbidden(path, "HugePages require cpu or memory"))


def check_amounts(path: str, amounts: Object | None, found: list[Cause]) -> None:
    """A map of resource name to amount: names are right, no amount is negative."""
    for name, amount in (amounts or {}).items():
        causes.each(f"{path}[{name}]", name, names.label_key_errors(name), found)
        if amount[:1] == "-":
            found.append(_negative(f"{path}[{name}]", amount))


def _amount(path: str, name: str, amount: str, found: list[Cause]) -> None:
    if name not in _STANDARD:
        errors = names.label_key_errors(name)
        causes.each(f"{path}[{name}]", name, errors, found)
        if not errors and "/" not in name and not name.startswith(_HUGE):
            detail = "must be a standard resource for containers"
            found.append(causes.invalid(f"{path}[{name}]", name, detail))
        elif _extended(name) and quantity.parse(amount).nano % quantity.NANO:
            found.append(causes.invalid(f"{path}[{name}]", amount, "must be an integer"))
    if amount[:1] == "-":
        found.append(_negative(f"{path}[{name}]", amount))
    if name.startswith(_HUGE) and not _whole_pages(name, amount):
        detail = f"{amount} is not positive integer multiple of {name}"
        found.append(causes.invalid(f"{path}[{name}]", amount, detail))


def _whole_pages(name: str, amount: str) -> bool:
    try:
        size = quantity.parse(name.removeprefix(_HUGE)).nano
    except quantity.QuantityError:
        return False
    if size <= 0 or size % quantity.NANO:
        return False
    # Counted in whole bytes, as bytes are.
    return -(-quantity.parse(amount).nano // quantity.NANO) * quantity.NANO % size == 0


def _within(path: str, name: str, request: str, limit: str, found: list[Cause]) -> None:
    if quantity.parse(request).nano == quantity.parse(limit).nano:
        return
    if not _shared(name):
        detail = f"must be equal to {name} limit of {limit}"
        found.append(causes.invalid(path, request, detail))
    elif quantity.parse(request).nano > quantity.parse(limit).nano:
        detail = f"must be less than or equal to {name} limit of {limit}"
        found.append(causes.invalid(path, request, detail))


def _negative(path: str, amount: str) -> Cause:
    return causes.invalid(path, amount, "must be greater than or equal to 0")


def _extended(name: str) -> bool:
    """A resource of a device plugin: counted in whole pieces, never overcommitted."""
    return "/" in name and "kubernetes.io/" not in name


def _shared(name: str) -> bool:
    """What pods may ask less of than they may take: what is Kubernetes' own, but huge pages."""
    return ("/" not in name or "kubernetes.io/" in name) and not name.startswith(_HUGE)
