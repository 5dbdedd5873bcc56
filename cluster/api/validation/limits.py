"""Rules of LimitRange, ResourceQuota and PodDisruptionBudget.

Source: docs "Limit Ranges", "Resource Quotas", "Specifying a Disruption Budget for your
Application", and what kube-apiserver answers. Must not know how they are enforced.
"""

from typing import Any

from cluster.api import names, quantity, quotas
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.amounts import check_amount_or_percent, check_whole
from cluster.api.validation.label_selectors import check_label_selector

_EVICTION = frozenset(("AlwaysAllow", "IfHealthyBudget"))
_NOT_NEGATIVE = "must be greater than or equal to 0"
_VALUE_OPERATORS = ("In", "NotIn")
_EXISTS_TEXT = (
    "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, "
    "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort and "
    "ResourceQuotaScopeNotBestEffort"
)
# (the lower field, the higher field, the field that is told, in words); both must be set.
_ORDER = (
    ("min", "max", "min", "min value {0} is greater than max value {1}"),
    (
        "min", "defaultRequest", "defaultRequest",
        "min value {0} is greater than default request value {1}",
    ),
    (
        "defaultRequest", "max", "defaultRequest",
        "default request value {0} is greater than max value {1}",
    ),
    (
        "defaultRequest", "default", "defaultRequest",
        "default request value {0} is greater than default limit value {1}",
    ),
    ("min", "default", "default", "min value {0} is greater than default value {1}"),
    ("default", "max", "default", "default value {0} is greater than max value {1}"),
)  # fmt: skip


def check_limit_range(obj: Object, found: list[Cause]) -> None:
    """A LimitRange: each type once, and bounds in their order."""
    seen: set[str] = set()
    for position, item in enumerate((obj.get("spec") or {}).get("limits") or ()):
        path, kind = f"spec.limits[{position}]", item.get("type") or ""
        _limit_type(f"{path}.type", kind, found)
        if kind in seen:
            found.append(causes.duplicate(f"{path}.type", kind))
        seen.add(kind)
        _limit_item(path, kind, item, found)


def check_resource_quota(obj: Object, found: list[Cause]) -> None:
    """A ResourceQuota: what is counted, how much of it there may be, and of which objects."""
    spec = obj.get("spec") or {}
    hard = spec.get("hard") or {}
    _quota_amounts("spec.hard", hard, found)
    _scopes("spec.scopes", spec.get("scopes") or [], hard, found)
    _scope_selector(spec.get("scopeSelector") or {}, hard, found)
    check_quota_status(obj, obj, found)


def check_quota_status(old: Object, new: Object, found: list[Cause]) -> None:
    """What is counted, and how much of it there is."""
    status = new.get("status") or {}
    for name in ("hard", "used"):
        _quota_amounts(f"status.{name}", status.get(name) or {}, found)


def check_resource_quota_update(old: Object, new: Object, found: list[Cause]) -> None:
    """What is counted already was counted by the scopes."""
    before = (old.get("spec") or {}).get("scopes") or []
    after = (new.get("spec") or {}).get("scopes") or []
    if sorted(before) != sorted(after):
        found.append(causes.invalid("spec.scopes", after, causes.IMMUTABLE))


def check_disruption_budget(obj: Object, found: list[Cause]) -> None:
    """A PodDisruptionBudget: how many must stay, or how many may go."""
    spec = obj.get("spec") or {}
    stay: Any = spec.get("minAvailable")
    go: Any = spec.get("maxUnavailable")
    if stay is not None and go is not None:
        detail = "minAvailable and maxUnavailable cannot be both set"
        found.append(causes.invalid("spec", spec, detail))
    for name, value in (("minAvailable", stay), ("maxUnavailable", go)):
        path = f"spec.{name}"
        if value is not None:
            check_amount_or_percent(path, value, found)
            check_whole(path, value, found)
    check_label_selector("spec.selector", spec.get("selector"), found)
    policy = spec.get("unhealthyPodEvictionPolicy")
    if policy is not None and policy not in _EVICTION:
        found.append(causes.unsupported("spec.unhealthyPodEvictionPolicy", policy, _EVICTION))


def _limit_type(path: str, kind: str, found: list[Cause]) -> None:
    errors = names.label_key_errors(kind)
    causes.each(path, kind, errors, found)
    if not errors and "/" not in kind and kind not in quotas.LIMIT_TYPES:
        detail = "must be a standard limit type or fully qualified"
        found.append(causes.invalid(path, kind, detail))


def _limit_item(path: str, kind: str, item: Object, found: list[Cause]) -> None:
    for field in ("min", "max", "default", "defaultRequest", "maxLimitRequestRatio"):
        amounts = item.get(field) or {}
        for name in amounts:
            _resource_name(f"{path}.{field}[{name}]", name, found)
        if field in ("default", "defaultRequest") and kind == "Pod" and amounts:
            detail = "may not be specified when `type` is 'Pod'"
            found.append(causes.forbidden(f"{path}.{field}", detail))
    if kind == "PersistentVolumeClaim":
        storages = ((item.get(field) or {}).get("storage") for field in ("min", "max"))
        if not any(storages):
            detail = "either minimum or maximum storage value is required, but neither was provided"
            found.append(causes.required(f"{path}.limits", detail))
    for low, high, told, text in _ORDER:
        if kind == "Pod" and "default" in f"{low}{high}":
            continue
        lows, highs = item.get(low) or {}, item.get(high) or {}
        for name in sorted(set(lows) & set(highs)):
            if _nano(lows[name]) > _nano(highs[name]):
                given = (item.get(told) or {})[name]
                detail = text.format(lows[name], highs[name])
                found.append(causes.invalid(f"{path}.{told}[{name}]", given, detail))
    _ratios(f"{path}.maxLimitRequestRatio", item, found)


def _ratios(path: str, item: Object, found: list[Cause]) -> None:
    least, most = item.get("min") or {}, item.get("max") or {}
    for name, ratio in (item.get("maxLimitRequestRatio") or {}).items():
        nano = _nano(ratio)
        if nano < quantity.NANO:
            detail = f"ratio {ratio} is less than 1"
            found.append(causes.invalid(f"{path}[{name}]", ratio, detail))
        if name not in least or name not in most:
            continue
        low, high = _nano(least[name]), _nano(most[name])
        # Nothing is more than what is without limit.
        if low and nano * abs(low) > high * quantity.NANO * (1 if low > 0 else -1):
            detail = f"ratio {ratio} is greater than max/min = {high / low:f}"
            found.append(causes.invalid(f"{path}[{name}]", ratio, detail))


def _resource_name(path: str, name: str, found: list[Cause]) -> None:
    errors = names.label_key_errors(name)
    causes.each(path, name, errors, found)
    known = "/" in name or name in quotas.STANDARD or name.startswith(quotas.HUGE_PAGES)
    if not errors and not known:
        detail = "must be a standard resource type or fully qualified"
        found.append(causes.invalid(path, name, detail))


def _quota_amounts(path: str, amounts: Object, found: list[Cause]) -> None:
    for name, amount in amounts.items():
        place = f"{path}[{name}]"
        errors = names.label_key_errors(name)
        causes.each(place, name, errors, found)
        if not errors and "/" not in name and not quotas.is_standard(name):
            for detail in (
                "must be a standard resource type or fully qualified",
                "must be a standard resource for quota",
            ):
                found.append(causes.invalid(place, name, detail))
        nano = _nano(amount)
        if nano < 0:
            found.append(causes.invalid(place, amount, _NOT_NEGATIVE))
        if nano % quantity.NANO and quotas.is_whole(name):
            found.append(causes.invalid(place, amount, "must be an integer"))


def _scopes(path: str, scopes: list[str], hard: Object, found: list[Cause]) -> None:
    for scope in scopes:
        if scope not in quotas.SCOPES:
            found.append(causes.invalid(path, scopes, "unsupported scope"))
        for name in sorted(hard):
            if quotas.is_standard(name) and not quotas.scope_fits(scope, name):
                detail = "unsupported scope applied to resource"
                found.append(causes.invalid(path, scopes, detail))
    for pair in (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")):
        if set(pair) <= set(scopes):
            found.append(causes.invalid(path, scopes, "conflicting scopes"))


def _scope_selector(selector: Object, hard: Object, found: list[Cause]) -> None:
    path = "spec.scopeSelector.matchExpressions"
    plain: list[str] = []
    for item in selector.get("matchExpressions") or ():
        scope, operator = item.get("scopeName") or "", item.get("operator") or ""
        values = item.get("values") or []
        if scope not in quotas.SCOPES:
            found.append(causes.invalid(f"{path}.scopeName", scope, "unsupported scope"))
        for name in sorted(hard):
            if quotas.is_standard(name) and not quotas.scope_fits(scope, name):
                detail = "unsupported scope applied to resource"
                found.append(causes.invalid(path, item, detail))
        if scope in quotas.POD_STATE_SCOPES and operator != "Exists":
            found.append(causes.invalid(f"{path}.operator", operator, _EXISTS_TEXT))
        if operator in _VALUE_OPERATORS:
            if not values:
                detail = (
                    "must be at least one value when `operator` is 'In' or 'NotIn' for scope "
                    "selector"
                )
                found.append(causes.required(f"{path}.values", detail))
        elif operator in ("Exists", "DoesNotExist"):
            if values:
                detail = (
                    "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope "
                    "selector"
                )
                found.append(causes.invalid(f"{path}.values", values, detail))
        else:
            detail = "not a valid selector operator"
            found.append(causes.invalid(f"{path}.operator", operator, detail))
        plain.append(scope)
    for pair in (("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")):
        if set(pair) <= set(plain):
            found.append(causes.invalid(path, plain, "conflicting scopes"))


def _nano(value: Any) -> int:
    return 0 if value in (None, "") else quantity.parse(str(value)).nano
