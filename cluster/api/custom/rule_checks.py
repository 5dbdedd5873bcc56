"""Whether a definition's ``x-kubernetes-validations`` are right, in Kubernetes' words.

Source: reference of ValidationRule; "Extend the Kubernetes API with CustomResourceDefinitions",
Validation rules. Must not know objects.
"""

import re
from dataclasses import dataclass, field, replace

from cluster.api.custom.field_paths import FieldPathError, follow
from cluster.api.custom.rule_extents import extent_of, times_at_most, times_below
from cluster.api.custom.rule_types import type_of
from cluster.api.custom.rules import OLD_SELF, REASONS, SELF, CompiledRule
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.cel.estimates import estimate
from cluster.cel.program import CelCompileError, Program

EXTENSION = "x-kubernetes-validations"
# Kubernetes' limits of what one rule, and all rules of a version, may cost at most.
RULE_UNITS, TOTAL_UNITS = 10_000_000, 100_000_000
_ADVICE = (
    "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, "
    "maps, and strings are declared)"
)


# Of these the most expensive are told, if they are a hundredth of what all may cost.
_TOLD_MAX = 4
_LINE_BREAKS = re.compile(r"[\n\r]")


@dataclass
class _Total:
    """Of a whole schema: units of all rules together, and of the larger ones (units, path)."""

    units: int = 0
    large: list[tuple[int, str]] = field(default_factory=list)

    def add(self, units: int, path: str) -> None:
        """Of one expression."""
        self.units += units
        if units >= TOTAL_UNITS // 100:
            self.large.append((units, path))


@dataclass(frozen=True)
class _Around:
    """What a place stands in. ``uncorrelated``: the path of the list around it whose items cannot
    be told apart from one write to the next, '' for none. ``times``: how often it may be there,
    None if nothing bounds that."""

    uncorrelated: str = ""
    times: int | None = 1

    def repeated(self, schema: Object) -> int | None:
        """How often the parts of that schema, which is here, may be there."""
        times = times_below(schema)
        return None if self.times is None or times is None else self.times * times


def check_rules(schema: Object, path: str, found: list[Cause]) -> None:
    """Of a whole structural schema at ``path``."""
    total = _Total()
    _check_below(schema, path, found, total, _Around(), root=True)
    if total.units > TOTAL_UNITS:
        text = f"{EXTENSION} estimated rule cost total for entire OpenAPIv3 schema"
        factor = _factor(total.units, TOTAL_UNITS)
        detail = "contributed to estimated rule cost total exceeding cost limit for entire"
        for _, place in sorted(total.large, key=lambda item: -item[0])[:_TOLD_MAX]:
            found.append(causes.forbidden(place, f"{detail} OpenAPIv3 schema"))
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
        more = replace(around, times=around.repeated(schema))
        _check_below(free, f"{path}.additionalProperties", found, total, more)
    if isinstance(items, dict):
        known = schema.get("x-kubernetes-list-type") == "map"
        within = around.uncorrelated if known else around.uncorrelated or path
        more = _Around(within, around.repeated(schema))
        _check_below(items, f"{path}.items", found, total, more)


def _check_here(
    schema: Object, path: str, found: list[Cause], total: _Total, around: _Around, *, root: bool
) -> None:
    rules, before = schema.get(EXTENSION) or (), len(found)
    for position, rule in enumerate(rules):
        place = f"{path}.{EXTENSION}[{position}]"
        if not isinstance(rule, dict):
            found.append(causes.invalid(place, rule, "must be an object"))
            continue
        _check_texts(rule, place, found)
        _check_place(rule, schema, place, found)
    if not rules or len(found) > before:
        return
    kind = type_of(schema, "object", root)
    if kind is None:
        detail = f"failed to retrieve type information for {EXTENSION}"
        message = f"Internal error: internal error: {detail}"
        found.append(Cause(f"{path}.{EXTENSION}", "InternalError", message))
        return
    extent = extent_of(schema, root)
    times = times_at_most(schema) if around.times is None else around.times
    for position, rule in enumerate(rules):
        place = f"{path}.{EXTENSION}[{position}]"
        compiled = CompiledRule(rule, kind, schema)
        if _check_compiled(compiled, place, around.uncorrelated, found):
            # As Kubernetes does it: a message is not counted for each place that there may be.
            for name, program, count in (
                ("rule", compiled.program, times),
                ("messageExpression", _message_program(compiled), 1),
            ):
                if program is not None:
                    units = estimate(program.checked, {SELF: extent, OLD_SELF: extent})
                    _check_cost(units * count, name, f"{place}.{name}", total, found)


def _message_program(rule: CompiledRule) -> Program | None:
    """None for none, and for one that is no expression, which was told."""
    try:
        return rule.message_program
    except CelCompileError:
        return None


def _check_cost(units: int, what: str, path: str, total: _Total, found: list[Cause]) -> None:
    total.add(units, path)
    if units > RULE_UNITS:
        text = f"estimated {what} cost exceeds budget by factor of {_factor(units, RULE_UNITS)}"
        found.append(causes.forbidden(path, f"{text} {_ADVICE}"))


def _factor(units: int, limit: int) -> str:
    found = units / limit
    if found > 100:
        return "more than 100x"
    return f"{found:.1f}x" if found >= 1.5 else f"{found:f}x"


def _check_texts(rule: Object, path: str, found: list[Cause]) -> None:
    text, message = str(rule.get("rule") or "").strip(), str(rule.get("message") or "")
    told = str(rule.get("messageExpression") or "")
    if not text:
        found.append(causes.required(f"{path}.rule", "rule is not specified"))
    elif message and not message.strip():
        detail = "message must be non-empty if specified"
        found.append(causes.invalid(f"{path}.message", message, detail))
    elif _LINE_BREAKS.search(message.strip()):
        detail = "message must not contain line breaks"
        found.append(causes.invalid(f"{path}.message", message, detail))
    elif _LINE_BREAKS.search(text) and not message:
        detail = "message must be specified if rule contains line breaks"
        found.append(causes.required(f"{path}.message", detail))
    if told and not told.strip():
        detail = "messageExpression must be non-empty if specified"
        found.append(causes.required(f"{path}.messageExpression", detail))


def _check_place(rule: Object, schema: Object, path: str, found: list[Cause]) -> None:
    reason, place = rule.get("reason"), str(rule.get("fieldPath") or "")
    if reason is not None and reason not in REASONS:
        found.append(causes.unsupported(f"{path}.reason", reason, REASONS))
    if not place:
        return
    wrong = []
    if not place.strip():
        wrong.append("fieldPath must be non-empty if specified")
    if _LINE_BREAKS.search(place):
        wrong.append("fieldPath must not contain line breaks")
    try:
        follow(place, schema)
    except FieldPathError:
        wrong.append("fieldPath must be a valid path")
    found.extend(causes.invalid(f"{path}.fieldPath", place, detail) for detail in wrong)


def _whole(rule: Object) -> Object:
    """A rule as messages show it: in Kubernetes' own form, whose names are not those of JSON."""
    return {
        "Rule": rule.get("rule") or "",
        "Message": rule.get("message") or "",
        "MessageExpression": rule.get("messageExpression") or "",
        "Reason": rule.get("reason"),
        "FieldPath": rule.get("fieldPath") or "",
        "OptionalOldSelf": rule.get("optionalOldSelf"),
    }


def _check_compiled(rule: CompiledRule, path: str, uncorrelated: str, found: list[Cause]) -> bool:
    """Whether the rule is an expression at all."""
    place, text = f"{path}.rule", rule.text
    try:
        _ = rule.program
    except CelCompileError as error:
        found.append(causes.invalid(place, _whole(rule.rule), str(error)))
        return False
    transition = rule.is_transition
    if transition and uncorrelated:
        within = f"the uncorrelatable portion of the schema within {uncorrelated}"
        detail = f"oldSelf cannot be used on {within}"
        found.append(causes.invalid(place, text, detail))
    if rule.rule.get("optionalOldSelf") is not None and not transition:
        detail = "may not be set if oldSelf is not used in rule"
        found.append(causes.invalid(f"{path}.optionalOldSelf", rule.optional_old, detail))
    try:
        _ = rule.message_program
    except CelCompileError as error:
        where = f"{path}.messageExpression"
        found.append(causes.invalid(where, _whole(rule.rule), str(error)))
    return True
