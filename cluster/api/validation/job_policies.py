"""Rules of what a Job calls failure and success: podFailurePolicy and successPolicy.

Source: docs "Jobs", Pod failure policy and Success policy; KEP-3329, KEP-3998. Must not know the
rest of a job.
"""

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.job_indexes import check_indexes

RULES_MAX = 20
_CODES_MAX = 255
_PATTERNS_MAX = 20
_INDEXES_TEXT_MAX = 64 * 1024
_ACTIONS = frozenset(("Count", "FailIndex", "FailJob", "Ignore"))
_OPERATORS = frozenset(("In", "NotIn"))
_STATUSES = frozenset(("False", "True", "Unknown"))


def check_failure_policy(path: str, spec: Object, found: list[Cause]) -> None:
    """``spec`` at ``path`` is the job's."""
    pod = (spec.get("template") or {}).get("spec") or {}
    containers = {
        item.get("name")
        for kind in ("containers", "initContainers")
        for item in pod.get(kind) or ()
    }
    rules = spec["podFailurePolicy"].get("rules") or []
    place = f"{path}.podFailurePolicy.rules"
    if len(rules) > RULES_MAX:
        found.append(causes.too_many(place, len(rules), RULES_MAX))
    for position, rule in enumerate(rules):
        _failure_rule(f"{place}[{position}]", rule, spec, containers, found)


def check_success_policy(path: str, spec: Object, found: list[Cause]) -> None:
    """``spec`` at ``path`` is the job's, which is Indexed."""
    rules = spec["successPolicy"].get("rules") or []
    place = f"{path}.successPolicy.rules"
    if not rules:
        detail = "at least one rules must be specified when the successPolicy is specified"
        found.append(causes.required(place, detail))
    if len(rules) > RULES_MAX:
        found.append(causes.too_many(place, len(rules), RULES_MAX))
    for position, rule in enumerate(rules):
        _success_rule(f"{place}[{position}]", rule, spec.get("completions"), found)


def _failure_rule(
    path: str, rule: Object, spec: Object, containers: set[str | None], found: list[Cause]
) -> None:
    action = rule.get("action") or ""
    _one_of(f"{path}.action", action, _ACTIONS, found)
    if action == "FailIndex" and spec.get("backoffLimitPerIndex") is None:
        detail = "requires the backoffLimitPerIndex to be set"
        found.append(causes.invalid(f"{path}.action", action, detail))
    codes, patterns = rule.get("onExitCodes"), rule.get("onPodConditions")
    if codes is not None:
        _exit_codes(f"{path}.onExitCodes", codes, containers, found)
    for position, pattern in enumerate(patterns or ()):
        _pattern(f"{path}.onPodConditions[{position}]", pattern, found)
    if len(patterns or ()) > _PATTERNS_MAX:
        found.append(causes.too_many(f"{path}.onPodConditions", len(patterns or ()), _PATTERNS_MAX))
    if codes is not None and patterns:
        detail = "specifying both OnExitCodes and OnPodConditions is not supported"
        found.append(causes.wrong(path, detail))
    elif codes is None and not patterns:
        detail = "specifying one of OnExitCodes and OnPodConditions is required"
        found.append(causes.wrong(path, detail))


def _exit_codes(path: str, codes: Object, containers: set[str | None], found: list[Cause]) -> None:
    operator, values = codes.get("operator") or "", codes.get("values") or []
    _one_of(f"{path}.operator", operator, _OPERATORS, found)
    name = codes.get("containerName")
    if name is not None and name not in containers:
        detail = "must be one of the container or initContainer names in the pod template"
        found.append(causes.invalid(f"{path}.containerName", name, detail))
    if not values:
        detail = "at least one value is required"
        found.append(causes.invalid(f"{path}.values", values, detail))
    elif len(values) > _CODES_MAX:
        found.append(causes.too_many(f"{path}.values", len(values), _CODES_MAX))
    seen: set[int] = set()
    for position, value in enumerate(values):
        if operator == "In" and value == 0:
            detail = "must not be 0 for the In operator"
            found.append(causes.invalid(f"{path}.values[{position}]", value, detail))
        if value in seen:
            found.append(causes.duplicate(f"{path}.values[{position}]", value))
        seen.add(value)
    if values != sorted(values):
        found.append(causes.invalid(f"{path}.values", values, "must be ordered"))


def _pattern(path: str, pattern: Object, found: list[Cause]) -> None:
    kind = pattern.get("type") or ""
    causes.each(f"{path}.type", kind, names.label_key_errors(kind), found)
    _one_of(f"{path}.status", pattern.get("status"), _STATUSES, found)


def _one_of(path: str, value: str | None, supported: frozenset[str], found: list[Cause]) -> None:
    """As ``causes.one_of``; what is missing is told what it may be."""
    if not value:
        listed = " ".join(f'"{item}"' for item in sorted(supported))
        found.append(causes.required(path, f"valid values: [{listed}]"))
    else:
        causes.one_of(path, value, supported, found)


def _success_rule(path: str, rule: Object, completions: int | None, found: list[Cause]) -> None:
    count, indexes = rule.get("succeededCount"), rule.get("succeededIndexes")
    if count is None and indexes is None:
        detail = "at least one of succeededCount or succeededIndexes must be specified"
        found.append(causes.required(path, detail))
        return
    total = 0
    if indexes is not None:
        place = f"{path}.succeededIndexes"
        if len(indexes) > _INDEXES_TEXT_MAX:
            found.append(causes.too_long(place, _INDEXES_TEXT_MAX))
        total = check_indexes(place, indexes, completions, found)
    if count is None:
        return
    place = f"{path}.succeededCount"
    causes.not_negative(place, count, found)
    if completions is not None and count > completions:
        detail = (
            f"must be less than or equal to {completions} (the number of specified completions)"
        )
        found.append(causes.invalid(place, count, detail))
    if indexes is not None and count > total:
        detail = (
            f"must be less than or equal to {total} (the number of indexes in the specified "
            "succeededIndexes field)"
        )
        found.append(causes.invalid(place, count, detail))
