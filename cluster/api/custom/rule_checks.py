"""Whether a definition's ``x-kubernetes-validations`` are right, in Kubernetes' words.

Source: reference of ValidationRule; "Extend the Kubernetes API with CustomResourceDefinitions",
Validation rules. Must not know objects.
"""

from typing import Any

from cluster.api.custom import rule_paths
from cluster.api.custom.rule_types import type_of
from cluster.api.custom.rules import REASONS, CompiledRule
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.cel.program import CelCompileError

MESSAGE_MAX = 2048
EXTENSION = "x-kubernetes-validations"
_SUPPORTED = frozenset(REASONS)


def check_rules(schema: Object, path: str, found: list[Cause]) -> None:
    """Of a whole structural schema at ``path``."""
    _check_below(schema, path, found, root=True, uncorrelated="")


def _check_below(
    schema: Object, path: str, found: list[Cause], *, root: bool = False, uncorrelated: str
) -> None:
    """``uncorrelated``: the path of the list around it whose items cannot be told apart from one
    write to the next, '' for none."""
    _check_here(schema, path, found, root=root, uncorrelated=uncorrelated)
    for name, part in (schema.get("properties") or {}).items():
        _check_below(part, f"{path}.properties[{name}]", found, uncorrelated=uncorrelated)
    free, items = schema.get("additionalProperties"), schema.get("items")
    if isinstance(free, dict):
        _check_below(free, f"{path}.additionalProperties", found, uncorrelated=uncorrelated)
    if isinstance(items, dict):
        known = schema.get("x-kubernetes-list-type") == "map"
        around = uncorrelated if known else uncorrelated or path
        _check_below(items, f"{path}.items", found, uncorrelated=around)


def _check_here(
    schema: Object, path: str, found: list[Cause], *, root: bool, uncorrelated: str
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
        _check_compiled(CompiledRule(rule, kind), place, uncorrelated, found)


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


def _check_compiled(rule: CompiledRule, path: str, uncorrelated: str, found: list[Cause]) -> None:
    place, text = f"{path}.rule", rule.text
    try:
        _ = rule.program
    except CelCompileError as error:
        found.append(causes.invalid(place, text, str(error)))
        return
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
