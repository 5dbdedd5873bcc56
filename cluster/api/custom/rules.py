"""Rules of a custom resource, ``x-kubernetes-validations``: from text to what judges a value.

Causes are in Kubernetes' words. Source: "Extend the Kubernetes API with CustomResourceDefinitions",
Validation rules; KEP-2876. Must not know which places may have rules: ``rule_checks`` judges that.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cluster.api.custom.rule_paths import below
from cluster.api.custom.rule_types import Convert, converter, type_of
from cluster.api.custom.structural import ABSENT, Rule
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.cel.names import names_of
from cluster.cel.parser import parse
from cluster.cel.program import (
    Budget,
    CelCompileError,
    CelCostExceeded,
    CelError,
    Declarations,
    Program,
    compile_expression,
)
from cluster.cel.source import Source
from cluster.cel.types import BOOL, STRING, Type, optional_of
from cluster.cel.values import NONE, Optional

SELF, OLD_SELF = "self", "oldSelf"
# Of what a messageExpression makes.
MESSAGE_MAX = 5120


@dataclass(frozen=True)
class CompiledRule:
    """One rule of a place. Attributes raise CelCompileError when first read, if it is none."""

    rule: Object
    type: Type

    @property
    def text(self) -> str:
        """The expression."""
        return str(self.rule.get("rule") or "")

    @cached_property
    def is_transition(self) -> bool:
        """Whether it looks at what was there before."""
        return OLD_SELF in names_of(parse(Source(self.text)))

    @property
    def optional_old(self) -> bool:
        """Whether it is also asked where nothing was before."""
        return bool(self.rule.get("optionalOldSelf"))

    @cached_property
    def declarations(self) -> Declarations:
        """What it may name."""
        old = optional_of(self.type) if self.optional_old else self.type
        return Declarations({SELF: self.type, OLD_SELF: old})

    @cached_property
    def program(self) -> Program:
        """Of the rule."""
        return compile_expression(self.text, self.declarations, BOOL)

    @cached_property
    def message_program(self) -> Program | None:
        """Of the messageExpression, if there is one."""
        text = self.rule.get("messageExpression")
        return compile_expression(text, self.declarations, STRING) if text else None

    @property
    def shown(self) -> str:
        """In messages about its failing."""
        return str(self.rule.get("message") or self.text).strip()


def make_rules(schema: Object, root: bool) -> tuple[Rule, ...]:
    """Of one place; see ``structural.MakeRules``. They are compiled when first needed."""
    given = schema.get("x-kubernetes-validations") or ()
    if not given:
        return ()
    found = type_of(schema, "object", root)
    if found is None:
        return ()
    convert = converter(schema)
    return tuple(_rule(CompiledRule(rule, found), schema, convert) for rule in given)


def _rule(rule: CompiledRule, schema: Object, convert: Convert | None) -> Rule:
    kind = str(schema.get("type") or "")

    def judge(value: Any, old: Any, path: str, found: list[Cause], budget: Budget) -> None:
        place = path or "<nil>"
        try:
            if old is ABSENT and rule.is_transition and not rule.optional_old:
                return
            bindings = _bindings(rule, value, old, convert)
            if rule.program.evaluate(bindings, budget) is True:
                return
        except CelCompileError as error:
            found.append(causes.invalid(place, kind, f"rule compile error: {error}"))
        except CelCostExceeded as error:
            found.append(causes.invalid(place, kind, _ended(error, rule)))
        except CelError as error:
            found.append(causes.invalid(place, kind, _failed(error, rule)))
        else:
            found.append(_refusal(rule, kind, path, _message(rule, bindings, budget)))

    return judge


def _bindings(rule: CompiledRule, value: Any, old: Any, convert: Convert | None) -> dict[str, Any]:
    def seen(item: Any) -> Any:
        return item if convert is None else convert(item)

    if rule.optional_old:
        before: Any = NONE if old is ABSENT else Optional(seen(old))
    else:
        before = None if old is ABSENT else seen(old)
    return {SELF: seen(value), OLD_SELF: before}


def _ended(error: CelError, rule: CompiledRule) -> str:
    why = "no further validation rules will be run due to call cost exceeds limit for rule"
    return f"'{error}': {why}: {rule.shown}"


def _failed(error: CelError, rule: CompiledRule) -> str:
    if str(error).startswith("no such overload"):
        return (
            f"'{error}': call arguments did not match a supported operator, function or macro "
            f"signature for rule: {rule.shown}"
        )
    return f"{error} evaluating rule: {rule.shown}"


def _message(rule: CompiledRule, bindings: dict[str, Any], budget: Budget) -> str:
    """What the rule says; what its expression makes, if that is one line of text."""
    try:
        program = rule.message_program
        made = "" if program is None else str(program.evaluate(bindings, budget)).strip()
    except (CelError, CelCompileError):
        made = ""
    if made and "\n" not in made and len(made) <= MESSAGE_MAX:
        return made
    told = str(rule.rule.get("message") or "").strip()
    return told or f"failed rule: {rule.shown}"


def _forbidden(path: str, kind: str, detail: str) -> Cause:
    return causes.forbidden(path, detail)


def _required(path: str, kind: str, detail: str) -> Cause:
    return causes.required(path, detail)


def _duplicate(path: str, kind: str, detail: str) -> Cause:
    return causes.duplicate(path, kind)


_REASONS: dict[str, Callable[[str, str, str], Cause]] = {
    "FieldValueInvalid": causes.invalid,
    "FieldValueForbidden": _forbidden,
    "FieldValueRequired": _required,
    "FieldValueDuplicate": _duplicate,
}
REASONS = tuple(sorted(_REASONS))


def _refusal(rule: CompiledRule, kind: str, path: str, detail: str) -> Cause:
    place = below(path, str(rule.rule.get("fieldPath") or ""))
    make = _REASONS[str(rule.rule.get("reason") or "FieldValueInvalid")]
    return make(place or "<nil>", kind, detail)
