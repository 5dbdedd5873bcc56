"""Rules of a custom resource, ``x-kubernetes-validations``: from text to what judges a value.

Causes are in Kubernetes' words. Source: "Extend the Kubernetes API with CustomResourceDefinitions",
Validation rules; KEP-2876. Must not know which places may have rules: ``rule_checks`` judges that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cluster.api.custom.field_paths import joined_path
from cluster.api.custom.rule_types import Convert, converter, type_of
from cluster.api.custom.structural import ABSENT, Judge, Refusal
from cluster.api.status import Cause, quoted
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.cel.names import names_of
from cluster.cel.parser import parse
from cluster.cel.program import (
    COMPILE_CHARACTER,
    PER_EXPRESSION,
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
_ENDED = "no further validation rules will be run"


@dataclass(frozen=True)
class CompiledRule:
    """One rule of a place. Attributes raise CelCompileError when first read, if it is none."""

    rule: Object
    type: Type
    schema: Object

    @property
    def text(self) -> str:
        """The expression."""
        return str(self.rule.get("rule") or "")

    @cached_property
    def is_transition(self) -> bool:
        """Whether it looks at what was there before."""
        return OLD_SELF in names_of(parse(Source(self.text)))

    @property
    def looks_back(self) -> bool:
        """The same; False if it is no expression."""
        try:
            return self.is_transition
        except CelCompileError:
            return False

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
        found = compile_expression(self.text, self.declarations)
        if found.result != BOOL:
            raise CelCompileError("cel expression must evaluate to a bool")
        return found

    @cached_property
    def message_program(self) -> Program | None:
        """Of the messageExpression, if there is one."""
        text = self.rule.get("messageExpression")
        if not text:
            return None
        try:
            found = compile_expression(text, self.declarations)
        except CelCompileError as error:
            raise CelCompileError(f"messageExpression {error}") from error
        if found.result != STRING:
            raise CelCompileError("messageExpression must evaluate to a string")
        return found

    def prepare(self, budget: Budget) -> None:
        """Raises CelTooLong if compiling takes longer than the budget's patience. Once compiled it
        takes no time."""
        if "program" not in self.__dict__:
            told = str(self.rule.get("messageExpression") or "")
            budget.wait(COMPILE_CHARACTER * (len(self.text) + len(told)))

    @property
    def shown(self) -> str:
        """In messages about its failing."""
        return str(self.rule.get("message") or self.text).strip()

    @cached_property
    def field(self) -> str:
        """The field below the place that it tells of, as a path without its first dot; ''."""
        path = str(self.rule.get("fieldPath") or "")
        return joined_path(path, self.schema).removeprefix(".")


def make_rules(schema: Object, root: bool) -> Judge | None:
    """Of one place; see ``structural.MakeRules``. They are compiled when first needed."""
    given = schema.get("x-kubernetes-validations") or ()
    found = type_of(schema, "object", root) if given else None
    if found is None:
        return None
    rules, convert = [CompiledRule(rule, found, schema) for rule in given], converter(schema)
    kind = str(schema.get("type") or "")

    def judge(value: Any, old: Any, path: str, budget: Budget) -> Iterable[Refusal]:
        for rule in rules:
            rule.prepare(budget)
            if old is ABSENT and not rule.optional_old and rule.looks_back:
                continue
            turn = _Turn(rule, kind, path, budget)
            refusal = turn.judge(value, old, convert)
            if refusal is not None:
                yield refusal

    return judge


class _Stopped(Exception):
    """No more rules may be asked; the text says why."""


@dataclass
class _Turn:
    """One rule asked of one value. ``kind``: the value's type in the schema."""

    rule: CompiledRule
    kind: str
    path: str
    budget: Budget

    def judge(self, value: Any, old: Any, convert: Convert) -> Refusal | None:
        """What it finds wrong."""
        try:
            program = self.rule.program
            bindings = _bindings(self.rule, value, old, convert)
            if self._run(program, bindings) is True:
                return None
        except CelCompileError as error:
            return self._failed(f"rule compile error: {error}")
        except _Stopped as stopped:
            return self._failed(str(stopped), ends=True)
        except CelError as error:
            return self._failed(_told(error, self.rule))
        mends, place = not self.rule.is_transition, self._place()
        try:
            detail = self._message(bindings)
        except _Stopped as stopped:
            return Refusal(causes.invalid(place, self.kind, str(stopped)), mends, ends=True)
        return Refusal(_refusal(self.rule, self.kind, value, place, detail), mends)

    def _failed(self, detail: str, *, ends: bool = False) -> Refusal:
        cause = causes.invalid(self.path or "<nil>", self.kind, detail)
        return Refusal(cause, ends=ends)

    def _run(self, program: Program, bindings: dict[str, Any], *, message: bool = False) -> Any:
        what = "messageExpression evaluation" if message else "validation"
        spent = f"{what} failed due to running out of cost budget, {_ENDED}"
        left = self.budget.left
        if left <= 0:
            raise _Stopped(spent)
        try:
            return program.evaluate(bindings, self.budget)
        except CelCostExceeded as error:
            if left < PER_EXPRESSION:
                raise _Stopped(spent) from error
            why = f"{_ENDED} due to call cost exceeds limit for"
            if message:
                raise _Stopped(f"{why} messageExpression: {quoted(program.source)}") from error
            raise _Stopped(f"'{error}': {why} rule: {self.rule.shown}") from error

    def _message(self, bindings: dict[str, Any]) -> str:
        """What the rule says; what its expression makes, if that is one line of text."""
        made = ""
        try:
            program = self.rule.message_program
            if program is not None:
                made = str(self._run(program, bindings, message=True)).strip()
        except (CelError, CelCompileError):
            made = ""
        if made and "\n" not in made and len(made.encode("utf-8", "replace")) <= MESSAGE_MAX:
            return made
        told = str(self.rule.rule.get("message") or "")
        return told.strip() if told else f"failed rule: {self.rule.shown}"

    def _place(self) -> str:
        below = self.rule.field
        return f"{self.path}.{below}" if self.path and below else self.path or below or "<nil>"


def _bindings(rule: CompiledRule, value: Any, old: Any, convert: Convert) -> dict[str, Any]:
    if rule.optional_old:
        before: Any = NONE if old is ABSENT else Optional(convert(old))
    else:
        before = None if old is ABSENT or not rule.looks_back else convert(old)
    return {SELF: convert(value), OLD_SELF: before}


def _told(error: CelError, rule: CompiledRule) -> str:
    if str(error).startswith("no such overload"):
        return (
            f"'{error}': call arguments did not match a supported operator, function or macro "
            f"signature for rule: {rule.shown}"
        )
    return f"{error} evaluating rule: {rule.shown}"


REASONS = (
    "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired",
)  # fmt: skip


def _refusal(rule: CompiledRule, kind: str, value: Any, place: str, detail: str) -> Cause:
    """Values of objects and lists are not told: they may be long."""
    reason = str(rule.rule.get("reason") or "FieldValueInvalid")
    shown = "" if kind in ("object", "array") else causes.shown(value)
    match reason:
        case "FieldValueForbidden":
            return causes.forbidden(place, detail)
        case "FieldValueRequired":
            return causes.required(place, detail)
        case "FieldValueDuplicate":
            return Cause(place, reason, f"Duplicate value: {shown}" if shown else "Duplicate value")
    text = f"Invalid value: {shown}: {detail}" if shown else f"Invalid value: {detail}"
    return Cause(place, "FieldValueInvalid", text)
