"""The door: compile an expression, evaluate it.

::

    program = compile_expression("self.a <= 5", Declarations({"self": DYN}), result=BOOL)
    program.evaluate({"self": {"a": 3}}, Budget(PER_EXPRESSION))
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster.cel.checker import Checked, check
from cluster.cel.code import Lazy, Run
from cluster.cel.costs import (
    COMPILE_CHARACTER,
    MATCH_CONDITIONS,
    PER_CALL,
    PER_EXPRESSION,
    Budget,
)
from cluster.cel.errors import CelCompileError, CelCostExceeded, CelError, CelTooLong
from cluster.cel.interpreter import Compiler
from cluster.cel.parser import parse
from cluster.cel.scope import STANDARD, Declarations
from cluster.cel.source import Source
from cluster.cel.types import DYN, Type
from cluster.cel.unification import compatible

__all__ = [
    "COMPILE_CHARACTER",
    "MATCH_CONDITIONS",
    "PER_CALL",
    "PER_EXPRESSION",
    "STANDARD",
    "Budget",
    "CelCompileError",
    "CelCostExceeded",
    "CelError",
    "CelTooLong",
    "Declarations",
    "Lazy",
    "Program",
    "compile_expression",
]


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled expression: may be evaluated again and again, and by several at a time.

    ``result``: its type as the checker knows it.
    """

    source: str
    result: Type
    checked: Checked
    _run: Run
    _slots: Mapping[str, int]
    _size: int

    def evaluate(self, bindings: Mapping[str, Any], budget: Budget | None = None) -> Any:
        """The value. ``bindings``: of every declared variable; one may be Lazy. ``budget``: default
        PER_EXPRESSION, for this alone; where several share one, PER_EXPRESSION bounds each all the
        same. Raises CelError, CelCostExceeded; CelTooLong beyond the budget's patience."""
        limit = PER_EXPRESSION if budget is None else min(PER_EXPRESSION, budget.left)
        patience = None if budget is None else budget.patience
        hurried = patience is not None and patience < limit
        own = Budget(limit)
        if patience is not None and hurried:
            own = Budget(patience, reserve=limit - patience)
        start, reserve = own.left, own.reserve
        frame: list[Any] = [own, *([None] * (self._size - 1))]
        for name, at in self._slots.items():
            if name in bindings:
                frame[at] = bindings[name]
            else:
                frame[at] = Lazy(_absent(name))
        try:
            return self._run(frame)
        except CelCostExceeded as error:
            if hurried:
                raise CelTooLong from error
            raise
        except RecursionError as error:
            raise CelError("the value is too deep") from error
        finally:
            if budget is not None:
                budget.left -= start - own.left + reserve - own.reserve
                if budget.patience is not None:
                    budget.patience -= start - own.left


def _absent(name: str) -> Any:
    def call() -> Any:
        raise CelError(f"no such attribute(s): {name}")

    return call


def compile_expression(
    source: str, declarations: Declarations, result: Type | tuple[Type, ...] | None = None
) -> Program:
    """Parse, check, compile. ``result``: the type, or types, that the value must be of.

    Raises CelCompileError.
    """
    try:
        return _compiled(Source(source), declarations, result)
    except RecursionError as error:
        raise CelCompileError("compilation failed: expression recursion limit exceeded") from error


def _compiled(
    text: Source, declarations: Declarations, result: Type | tuple[Type, ...] | None
) -> Program:
    tree = parse(text)
    checked = check(text, tree, declarations)
    found = checked.type_of(tree)
    if result is not None:
        wanted = result if isinstance(result, tuple) else (result,)
        if not any(_is(found, one) for one in wanted):
            raise CelCompileError(_must(wanted))
    compiler = Compiler(checked, declarations)
    run = compiler.whole()
    return Program(text.text, found, checked, run, compiler.slots, compiler.size)


def _is(found: Type, wanted: Type) -> bool:
    return found is DYN or compatible(found, wanted)


def _must(wanted: tuple[Type, ...]) -> str:
    if len(wanted) == 1:
        return f"must evaluate to {wanted[0]}"
    return f"must evaluate to one of {', '.join(str(item) for item in wanted)}"
