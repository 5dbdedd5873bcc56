"""Functions of lists at their edges."""

from typing import Any

import pytest

from cluster.cel.program import CelError, Declarations, compile_expression
from cluster.cel.types import DOUBLE, DURATION, INT, UINT, Type, list_of
from cluster.cel.values import Duration, UInt

DECLARED = Declarations({"d": list_of(DOUBLE)})


@pytest.mark.parametrize(
    ("item", "zero"), [(INT, 0), (UINT, UInt(0)), (DOUBLE, 0.0), (DURATION, Duration(0))]
)
def test_the_sum_of_nothing_is_of_the_type_of_the_items(item: Type, zero: Any) -> None:
    found = compile_expression("x.sum()", Declarations({"x": list_of(item)})).evaluate({"x": []})
    assert found == zero and type(found) is type(zero)


@pytest.mark.parametrize(
    "source",
    [
        "[9223372036854775807, 1].sum()",
        "[18446744073709551615u, 1u].sum()",
        "[1, 2].slice(-1, 1)",
        "[1, 2].slice(2, 1)",
        "[[1]].flatten(-1)",
        "lists.range(100000000)",
    ],
)
def test_what_is_refused(source: str) -> None:
    with pytest.raises(CelError):
        compile_expression(source, DECLARED).evaluate({"d": []})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[duration('1m'), duration('1s')].sum() == duration('61s')", True),
        ("[].isSorted() && ['B', 'a'].isSorted()", True),
        ("[dyn(1), dyn(2u), dyn(1.0)].distinct() == [dyn(1), dyn(2)]", True),
        ("[[dyn(1), dyn([2])], [dyn(3)]].flatten(2) == [dyn(1), dyn(2), dyn(3)]", True),
        ("lists.range(0) == []", True),
        ("['c', 'a'].sort() == ['a', 'c'] && [1, 2].reverse() == [2, 1]", True),
        ("[{'n': 2}, {'n': 1}].sortBy(e, e.n) == [{'n': 1}, {'n': 2}]", True),
        ("[1, 2].indexOf(3) == -1 && [1, 2, 1].lastIndexOf(1) == 2", True),
        ("[].first() == optional.none() && [1, 2].last().value() == 2", True),
    ],
)
def test_values(source: str, expected: bool) -> None:
    assert compile_expression(source, DECLARED).evaluate({"d": []}) is expected
