"""Estimates of loops, against costs counted by hand with cel-go's model."""

import pytest

from cluster.cel.estimates import Extent, estimate
from cluster.cel.program import Declarations, compile_expression
from cluster.cel.types import INT, list_of

DECLARED = Declarations({"l": list_of(INT)})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("l.all(v, v > 0)", 1 + 100 * (3 + 2) + 1),
        ("l.exists(v, v > 0)", 1 + 100 * (4 + 2) + 1),
        ("l.exists_one(v, v > 0)", 1 + 100 * (2 + 2) + 2),
        # A list that is made begins empty: 10 units where constants are not free.
        ("l.map(v, v + 1)", 1 + 10 + 100 * (12 + 2) + 1),
        ("l.map(v, v > 0, v)", 1 + 10 + 100 * (12 + 2 + 1) + 1),
        ("l.filter(v, v > 0)", 1 + 10 + 100 * (13 + 2) + 1),
        ("l.map(v, [v, v]).all(w, w.all(x, x > 0))",
         (1 + 10 + 100 * (12 + 12) + 1) + 100 * (3 + 1 + 2 * (3 + 2) + 1) + 1),
    ],
)  # fmt: skip
def test_loops(source: str, expected: int) -> None:
    checked = compile_expression(source, DECLARED).checked
    assert estimate(checked, {"l": Extent(100, Extent())}) == expected
