"""Rules of resource requests and limits. Must not know how much a node has."""

from typing import Any

from cluster.api import names, quantity
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_STANDARD = frozenset(("cpu", "memory", "ephemeral-storage"))


def check_resources(path: str, resources: Any, found: list[Cause]) -> None:
    """A container's ResourceRequirements: names, amounts, requests within limits."""
    limits = resources.get("limits") or {}
    requests = resources.get("requests") or {}
    for name, amount in limits.items():
        _amount(f"{path}.limits", name, amount, found)
    for name, amount in requests.items():
        _amount(f"{path}.requests", name, amount, found)
        limit = limits.get(name)
        if limit is not None and limit != amount:
            _within(f"{path}.requests", name, amount, limit, found)
    for name in limits:
        if _extended(name) and name not in requests:
            found.append(causes.required(f"{path}.limits", f"Limit must be set for {name}"))


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
        if not errors and "/" not in name and not name.startswith("hugepages-"):
            detail = "must be a standard resource for containers"
            found.append(causes.invalid(f"{path}[{name}]", name, detail))
        elif _extended(name) and quantity.parse(amount).nano % quantity.NANO:
            found.append(causes.invalid(f"{path}[{name}]", amount, "must be an integer"))
    if amount[:1] == "-":
        found.append(_negative(f"{path}[{name}]", amount))


def _within(path: str, name: str, request: str, limit: str, found: list[Cause]) -> None:
    if _extended(name):
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
