"""Any text compiles or is refused; any expression has a value or an error; budgets bound it."""

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.cel.program import (
    Budget,
    CelCompileError,
    CelCostExceeded,
    CelError,
    Program,
    compile_expression,
)
from tests.unit.cluster.cel.expressions import DECLARED, bindings, expression

LIMIT = 20_000
PIECES = (
    "x", "i", "s", "l", "null", "true", "1", "-1", "2u", "1.5", "'a'", "'ü'", "b'a'", "[]", "{}",
    "+", "-", "*", "/", "%", "==", "!=", "<", "<=", "&&", "||", "in", "(", ")", "[", "]", "{", "}",
    ".", "?", ":", ",", "!", "'", '"', "'''", "r'", "b'", "\\", "`a-b`", "//", "\n", "0x", "1.",
    ".5", "1e", "has(", ".all(v,", "cel.bind(", "é", "\x00", "while", "Object{", "size", " ",
)  # fmt: skip
SEEDS = st.integers(0, 2**32)


def compiled(source: str) -> Program | None:
    """None where it is refused."""
    try:
        return compile_expression(source, DECLARED)
    except CelCompileError as error:
        assert str(error).startswith("compilation failed: ")
        return None


def evaluated(program: Program, given: dict[str, Any], limit: int) -> tuple[str, int]:
    """(what came of it, what it cost)"""
    budget = Budget(limit)
    try:
        told = repr(program.evaluate(given, budget))
    except CelCostExceeded:
        raise
    except CelError as error:
        told = str(error)
    return told, limit - budget.left


@given(st.text(max_size=40) | st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_any_text_compiles_or_is_refused(source: str) -> None:
    compiled(source)


@given(SEEDS)
def test_most_expressions_by_chance_compile(seed: int) -> None:
    random = Random(seed)
    assert any(compiled(expression(random)) for _ in range(20))


@settings(max_examples=300)
@given(SEEDS, st.integers(0, 60))
def test_any_expression_has_a_value_or_an_error_whatever_it_may_cost(seed: int, limit: int) -> None:
    random = Random(seed)
    given = bindings(random)
    for _ in range(5):
        program = compiled(expression(random))
        if program is None:
            continue
        try:
            told, cost = evaluated(program, given, LIMIT)
        except CelCostExceeded:
            continue
        assert evaluated(program, given, LIMIT) == (told, cost) and cost >= 0
        try:
            assert evaluated(program, given, limit) == (told, cost)
        except CelCostExceeded:
            # What a call may yield at most is weighed against what is left before it is made.
            assert cost > limit or weighed(program)


def weighed(program: Program) -> bool:
    """Whether a call in it is weighed before it is made."""
    found = (one for overloads in program.checked.overloads.values() for one in overloads)
    return any(one.growth is not None and one.id not in ("equals", "not_equals", "in_list")
               for one in found)  # fmt: skip
