"""Whether a definition's ``x-kubernetes-validations`` are right, in Kubernetes' words.

Source: reference of ValidationRule; "Extend the Kubernetes API with CustomResourceDefinitions",
Validation rules. Must not know objects.
"""

from dataclasses import dataclass, replace
from typing import Any

from cluster.api.custom import rule_paths
from cluster.api.custom.rule_extents import extent_of, repeated
from cluster.api.custom.rule_types import type_of
from cluster.api.custom.rules import OLD_SELF, REASONS, SELF, CompiledRule
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.cel.estimates import estimate
from cluster.cel.program import CelCompileError

MESSAGE_MAX = 2048
EXTENSION = "x-kubernetes-validations"
_SUPPORTED = frozenset(REASONS)
# Kubernetes' limits of what one rule, and all rules of a version, may cost at most.
RULE_UNITS, TOTAL_UNITS = 10_000_000, 100_000_000
_ADVICE = (
    "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, "
    "maps, and strings are declared)"
)


@dataclass
class _Total:
    """Of a whole schema: units of all rules together."""

    units: int = 0


@dataclass(frozen=True)
class _Around:
    """What a place stands in. ``uncorrelated``: the path of the list around it whose items cannot
    be told apart from one write to the next, '' for none. ``times``: how often it may be there."""

    uncorrelated: str = ""
    times: int = 1


def check_rules(schema: Object, path: str, found: list[Cause]) -> None:
    """Of a whole structural schema at ``path``."""
    total = _Total()
    _check_below(schema, path, found, total, _Around(), root=True)
    if total.units > TOTAL_UNITS:
        text = f"{EXTENSION} estimated rule cost total for entire OpenAPIv3 schema"
        factor = _factor(total.units, TOTAL_UNITS)
        detail = f"{text} exceeds budget by factor of {factor} {_ADVICE}"
        found.append(causes.forbidden(path, detail))


def _check_below(
    schema: Object, path: str, found: list[Cause], total: _Total, around: _Around,
    *, root: bool = False,
) -> None:  # fmt: skip
    _check_here(schema, path, found, total, around, root=root)
    for name, part in (schema.get("properties") or {}).items():
        _check_below(part, f"{path}.properties[{name}]", found, total, around)
    free, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(free, dict):
        more = replace(around, times=around.times * repeated(schema))
        _check_below(free, f"{path}.additionalProperties", found, total, more)
    if isinstance(items, dict):
        known = schema.get("x-kubernetes-list-type") == "map"
        within = around.uncorrelated if known else around.uncorrelated or path
        more = _Around(within, around.times * repeated(schema))
        _check_below(items, f"{path}.items", found, total, more)


def _check_here(
    schema: Object, path: str, found: list[Cause], total: _Total, around: _Around, *, root: bool
) -> None:
    rules = schema.get(EXTENSION) or ()
    kind = type_of(schema, "object", root) if rules else None
    for position, rule in enumerate(rules):
        place = f"{path}.{EXTENSION}[{position}]"
        if not isinstance(rule, dict):
            found.append(causes.invalid(place, rule, "must be an object"))
            continue
        _check_texts(rule, place, found)
        _check_place(rule, schema, place, found)
        if not str(rule.get("rule") or "").strip():
            continue
        if kind is None:
            detail = "rules are not supported where nothing of the value is known"
            found.append(causes.invalid(f"{place}.rule", rule["rule"], detail))
            continue
        compiled = CompiledRule(rule, kind)
        if _check_compiled(compiled, place, around.uncorrelated, found):
            _check_cost(compiled, schema, f"{place}.rule", around.times, total, found)


def _check_cost(
    rule: CompiledRule, schema: Object, path: str, times: int, total: _Total, found: list[Cause]
) -> None:
    extent = extent_of(schema)
    units = estimate(rule.program.checked, {SELF: extent, OLD_SELF: extent}) * times
    total.units += units
    if units > RULE_UNITS:
        text = f"estimated rule cost exceeds budget by factor of {_factor(units, RULE_UNITS)}"
        found.append(causes.forbidden(path, f"{text} {_ADVICE}"))


def _factor(units: int, limit: int) -> str:
    found = units / limit
    return "more than 100x" if found > 100 else f"{found:.1f}x"


def _check_texts(rule: Object, path: str, found: list[Cause]) -> None:
    text, message = str(rule.get("rule") or ""), rule.get("message")
    told = rule.get("messageExpression")
    if not text.strip():
        found.append(causes.required(f"{path}.rule", "rule is not specified"))
    if message and not str(message).strip():
        detail = "message must be non-empty if specified"
        found.append(causes.invalid(f"{path}.message", message, detail))
    elif message and "\n" in str(message):
        detail = "message must not contain line breaks"
        found.append(causes.invalid(f"{path}.message", message, detail))
    elif message and len(str(message)) > MESSAGE_MAX:
        found.append(causes.too_long(f"{path}.message", MESSAGE_MAX))
    elif "\n" in text.strip() and not message:
        detail = "message must be specified if rule contains line breaks"
        found.append(causes.required(f"{path}.message", detail))
    if told and not str(told).strip():
        detail = "messageExpression must be non-empty if specified"
        found.append(causes.required(f"{path}.messageExpression", detail))


def _check_place(rule: Object, schema: Object, path: str, found: list[Cause]) -> None:
    reason, place = rule.get("reason"), rule.get("fieldPath")
    if reason and reason not in _SUPPORTED:
        found.append(causes.unsupported(f"{path}.reason", reason, _SUPPORTED))
    if not place:
        return
    if not str(place).strip() or rule_paths.parts_of(str(place)) is None:
        detail = "fieldPath must be a valid path"
    elif not rule_paths.exists(schema, str(place)):
        detail = "fieldPath must be a valid path: does not refer to a valid field"
    else:
        return
    found.append(causes.invalid(f"{path}.fieldPath", place, detail))


def _check_compiled(rule: CompiledRule, path: str, uncorrelated: str, found: list[Cause]) -> bool:
    """Whether the rule is an expression at all."""
    place, text = f"{path}.rule", rule.text
    try:
        _ = rule.program
    except CelCompileError as error:
        found.append(causes.invalid(place, text, str(error)))
        return False
    transition = rule.is_transition
    if transition and uncorrelated:
        within = f"the uncorrelatable portion of the schema within {uncorrelated}"
        detail = f"oldSelf cannot be used on {within}"
        found.append(causes.invalid(place, text, detail))
    if rule.rule.get("optionalOldSelf") is not None and not transition:
        detail = "may not be set if oldSelf is not used in rule"
        found.append(causes.invalid(f"{path}.optionalOldSelf", rule.optional_old, detail))
    told: Any = rule.rule.get("messageExpression")
    try:
        _ = rule.message_program
    except CelCompileError as error:
        found.append(causes.invalid(f"{path}.messageExpression", told, str(error)))
    return True
