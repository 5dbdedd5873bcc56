"""Values that are not what their type says: null, and what is older than the type."""

from typing import Any

import pytest

from cluster.cel.errors import CelError
from cluster.cel.program import Declarations, compile_expression
from cluster.cel.types import BOOL, INT, STRING, TIMESTAMP, Type, list_of

VALUES: tuple[Any, ...] = (None, True, 5, 1.5, "a", b"a", [1], [None], {"a": 1}, {})
CALLS: tuple[tuple[Type, str], ...] = (
    (STRING, "x.size() > 1"), (STRING, "x + x == x"), (STRING, "x.startsWith('a')"),
    (STRING, "x.matches('a+')"), (STRING, "x.split(',').size() > 1"), (STRING, "x.charAt(0) == x"),
    (STRING, "x.replace('a', 'b') == x"), (STRING, "x.lowerAscii() < x"),
    (STRING, "quantity(x).isInteger()"), (STRING, "url(x).getHost() == x"),
    (STRING, "duration(x) > duration('1s')"), (STRING, "int(x) == 1"),
    (INT, "x * 2 > -x"), (INT, "string(x) == 'a'"), (INT, "x % 2 < x / 3"), (BOOL, "!x || x"),
    (TIMESTAMP, "x.getFullYear() > 1"), (TIMESTAMP, "x - x > duration('1s')"),
    (list_of(INT), "x.sum() > x[0]"), (list_of(INT), "x.isSorted()"), (list_of(INT), "x.max() > 1"),
    (list_of(STRING), "x.join(',') == ''"), (list_of(STRING), "x.all(i, i.size() > 0)"),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "source"), CALLS)
def test_they_are_errors_of_the_expression(kind: Type, source: str) -> None:
    program = compile_expression(source, Declarations({"x": kind}))
    for value in VALUES:
        try:
            assert isinstance(program.evaluate({"x": value}), bool)
        except CelError as error:
            assert str(error)


def test_what_null_says() -> None:
    program = compile_expression("x.size() > 1", Declarations({"x": STRING}))
    with pytest.raises(CelError, match=r"^no such overload$"):
        program.evaluate({"x": None})


def test_such_an_error_counts_for_nothing_where_another_side_decides() -> None:
    program = compile_expression("x.size() > 1 || y", Declarations({"x": STRING, "y": BOOL}))
    assert program.evaluate({"x": None, "y": True}) is True
    listed = compile_expression("x.exists(i, i.size() > 0)", Declarations({"x": list_of(STRING)}))
    assert listed.evaluate({"x": [None, "a"]}) is True


def test_types_may_be_compared_with_any_type() -> None:
    for source in ("type(1) != type('a')", "type([1]) == list", "type(null) == null_type",
                   "[type(1), type([1])].size() == 2", "type(ip('::1')) == net.IP"):  # fmt: skip
        assert compile_expression(source, Declarations({}), BOOL).evaluate({}) is True


def test_half_a_surrogate_pair_is_searched_too() -> None:
    for source, expected in (("x.matches('^a.b$')", True), ("x.find('[ab]$')", "b"),
                             ("x.findAll('[ab]').size()", 2)):  # fmt: skip
        program = compile_expression(source, Declarations({"x": STRING}))
        assert program.evaluate({"x": "a\ud800b"}) == expected
