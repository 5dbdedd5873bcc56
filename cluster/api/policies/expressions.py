"""The expressions of one policy or webhook, compiled; what is wrong with one is kept as text.

Source: docs "Validating Admission Policy", "Mutating Admission Policy", "Dynamic Admission
Control", matchConditions. Must not know: requests.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cluster.api.policies.declarations import OBJECT, PATCH_TYPE, declarations
from cluster.api.policies.haste import check_patience
from cluster.api.policies.object_names import misplaced
from cluster.api.types import Object
from cluster.cel.program import CelCompileError, Declarations, Program, compile_expression
from cluster.cel.types import BOOL, DYN, NULL, STRING, ObjectType, Type, list_of


@dataclass(frozen=True, slots=True)
class Expression:
    """``program``: None if it does not compile; then ``error`` says why."""

    source: str
    program: Program | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A match condition."""

    name: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class Validation:
    """``message`` is what is said if ``told``, an expression, gives nothing that can be."""

    expression: Expression
    message: str = ""
    told: Expression | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Mutation:
    """``apply``: an ApplyConfiguration, else a JSONPatch. ``mismatch``: a type's name that is not
    its place, '' if there is none."""

    expression: Expression
    apply: bool
    mismatch: str = ""


@dataclass(frozen=True, slots=True)
class Compiled:
    """All expressions of a policy. ``annotations``: by their keys."""

    conditions: tuple[Condition, ...] = ()
    variables: tuple[tuple[str, Expression], ...] = ()
    validations: tuple[Validation, ...] = ()
    annotations: tuple[tuple[str, Expression], ...] = ()
    mutations: tuple[Mutation, ...] = ()


@dataclass
class Compiler:
    """Of one policy; variables are known to what is compiled after them."""

    params: bool = False
    variables: dict[str, Type] = field(default_factory=dict)

    def condition(self, source: str) -> Expression:
        """A match condition: knows no variables."""
        return compiled(source, declarations(params=self.params), (BOOL,))

    def variable(self, name: str, source: str) -> Expression:
        """One more variable, which may use those before it."""
        found = compiled(source, self._known())
        self.variables[name] = found.program.result if found.program is not None else DYN
        return found

    def validation(self, source: str) -> Expression:
        """True or false."""
        return compiled(source, self._known(), (BOOL,))

    def message(self, source: str) -> Expression:
        """What a refusal says. It asks the authorizer nothing."""
        known = declarations(params=self.params, authorizer=False, variables=dict(self.variables))
        return compiled(source, known, (STRING,))

    def annotation(self, source: str) -> Expression:
        """A text for the audit log, or null for none."""
        return compiled(source, self._known(), (STRING, NULL))

    def patch(self, source: str, apply: bool) -> Expression:
        """What makes a change."""
        known = declarations(params=self.params, variables=dict(self.variables), patches=True)
        wanted = ObjectType(OBJECT) if apply else list_of(PATCH_TYPE)
        return compiled(source, known, (wanted,))

    def _known(self) -> Declarations:
        return declarations(params=self.params, variables=dict(self.variables))


def compiled(source: str, known: Declarations, wanted: Sequence[Type] = ()) -> Expression:
    """``wanted``: the types it may be of, none for any."""
    try:
        program = compile_expression(source, known)
    except CelCompileError as error:
        return Expression(source, error=str(error))
    found = program.result
    if wanted and not any(_is(found, one) for one in wanted):
        listed = " ".join(map(str, wanted))
        what = f"one of [{listed}]" if len(wanted) > 1 else listed
        return Expression(source, error=f"must evaluate to {what} but got {found}")
    return Expression(source, program)


def _is(found: Type, wanted: Type) -> bool:
    """The very type; an empty list is one of anything."""
    if found.name == wanted.name == "list":
        return found.parameters[0] is DYN or found == wanted
    return found == wanted


def conditions_of(given: Sequence[Object] | None, params: bool = False) -> tuple[Condition, ...]:
    """``matchConditions`` as they are written."""
    compiler = Compiler(params)
    return tuple(
        Condition(
            item.get("name") or "", compiler.condition((item.get("expression") or "").strip())
        )
        for item in given or ()
    )


class LazyConditions:
    """``matchConditions`` as they are written, compiled when first needed, and then kept."""

    __slots__ = ("_found", "_given")

    def __init__(self, given: Sequence[Object] | None) -> None:
        self._given = tuple(given or ())
        self._found: tuple[Condition, ...] | None = None

    def __bool__(self) -> bool:
        return bool(self._given)

    def compiled(self, patience: int | None = None) -> tuple[Condition, ...]:
        """Raises CelTooLong if compiling takes longer than ``patience`` units."""
        if self._found is None:
            check_patience({"all": list(self._given)}, patience)
            self._found = conditions_of(self._given)
        return self._found


NO_CONDITIONS = LazyConditions(())


def compile_policy(spec: Object) -> Compiled:
    """Of either kind of policy, already validated; what does not compile any more fails when it is
    evaluated."""
    params = bool(spec.get("paramKind"))
    compiler = Compiler(params)
    variables = tuple(
        (item["name"], compiler.variable(item["name"], item["expression"]))
        for item in spec.get("variables") or ()
    )
    return Compiled(
        conditions_of(spec.get("matchConditions"), params),
        variables,
        tuple(_validation(compiler, item) for item in spec.get("validations") or ()),
        tuple(
            (item["key"], compiler.annotation(item["valueExpression"].strip()))
            for item in spec.get("auditAnnotations") or ()
        ),
        tuple(_mutation(compiler, item) for item in spec.get("mutations") or ()),
    )


def _validation(compiler: Compiler, item: Object) -> Validation:
    told = item.get("messageExpression") or ""
    return Validation(
        compiler.validation(item["expression"]),
        (item.get("message") or "").strip(),
        compiler.message(told) if told.strip() else None,
        item.get("reason") or "",
    )


def _mutation(compiler: Compiler, item: Object) -> Mutation:
    apply = item.get("patchType") == "ApplyConfiguration"
    part = item.get("applyConfiguration" if apply else "jsonPatch") or {}
    expression = compiler.patch((part.get("expression") or "").strip(), apply)
    tree = None if expression.program is None else expression.program.checked.root
    return Mutation(expression, apply, "" if tree is None else misplaced(tree))
