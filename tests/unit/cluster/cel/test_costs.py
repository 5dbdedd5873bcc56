"""What evaluations cost: the units that cel-go counts, which Kubernetes' limits are stated in."""

from typing import Any

import pytest

from cluster.cel.program import (
    Budget,
    CelCostExceeded,
    CelError,
    Declarations,
    compile_expression,
)
from cluster.cel.types import DYN, INT, STRING, ObjectType, list_of, map_of

PORT = ObjectType("port", fields={"name": STRING, "number": INT, "note": STRING})
SELF = ObjectType("self", fields={
    "name": STRING, "count": INT, "ports": list_of(PORT), "labels": map_of(STRING, STRING),
    "sizes": list_of(INT), "any": DYN,
})  # fmt: skip
DECLARED = Declarations({"self": SELF}, types={"Object": ObjectType("Object")})
GIVEN: dict[str, Any] = {
    "self": {
        "name": "twelve chars",
        "count": 3,
        "ports": [
            {"name": "web", "number": 80},
            {"name": "tls", "number": 443},
            {"name": "dns", "number": 53, "note": "udp"},
        ],
        "labels": {"app": "a", "tier": "b"},
        "sizes": [5, 1, 4],
        "any": "25%",
    }
}
LIMIT = 1_000_000


def cost(source: str) -> int:
    budget = Budget(LIMIT)
    try:
        compile_expression(source, DECLARED).evaluate(GIVEN, budget)
    except CelError as error:
        assert not isinstance(error, CelCostExceeded)
    return LIMIT - budget.left


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # Variables, and each name or index behind them.
        ("self.count", 2),
        ("self.ports[0].name", 4),
        ("self.labels['app']", 3),
        ("self.sizes[self.count]", 4),
        ("self.sizes[self.count - 1]", 6),
        # Constants, and what is made of them alone.
        ("1", 0),
        ("[[1], [2, 3]]", 0),
        ("{'a': 1}", 0),
        ("timestamp('2026-01-02T03:04:05Z')", 0),
        ("string(10) + string(11)", 1),
        ("type(self.count) == int", 4),
        ("self.any in ['25%', '50%']", 2),
        ("self.count in [1, 2, 3]", 2),
        # Lists, maps and objects of what is no constant.
        ("[self.count]", 12),
        ("{'a': self.count}", 32),
        ("Object{}", 40),
        ("[self.count][0]", 14),
        # Logic is free; a branch that is a reference saves the unit of its variable.
        ("self.count > 1 && self.count < 9", 6),
        ("self.count > 1 || self.count < 9", 3),
        ("self.count > 1 ? self.count : self.sizes[0]", 4),
        ("self.count > 1 ? self.count + 1 : 0", 6),
        # Presence.
        ("has(self.name)", 1),
        ("has(self.ports[0].note)", 3),
        ("has({'a': self.count}.a)", 33),
        # Texts are read by tens of characters.
        ("self.name == 'twelve chars'", 4),
        ("self.name == ''", 2),
        ("self.name < 'a'", 3),
        ("self.name + '123456789'", 5),
        ("self.name.startsWith('t')", 4),
        ("self.name.endsWith('a very long text, longer than it')", 4),
        ("self.name.contains('elv')", 4),
        ("self.name.matches('^[a-z ]+$')", 8),
        ("bytes(self.name)", 4),
        ("string(self.count)", 3),
        ("int(self.name)", 3),
        ("self.name.size()", 3),
        # Lists and maps.
        ("self.sizes == [5, 1, 4]", 3),
        ("9 in self.sizes", 5),
        ("'app' in self.labels", 3),
        ("self.sizes + [1]", 3),
        # Macros: as the loops that stand behind them.
        ("self.sizes.all(v, v > 0)", 3 + 3 * 5),
        ("self.sizes.all(v, v > 4)", 3 + 2 * 5 + 2),
        ("self.sizes.all(v, v != 4)", 3 + 3 * 5),
        ("self.sizes.exists(v, v > 9)", 3 + 3 * 6),
        ("self.sizes.exists(v, v == 5)", 3 + 6 + 3),
        ("self.sizes.exists(v, v == 4)", 3 + 3 * 6),
        ("self.sizes.exists_one(v, v == 5)", 4 + 3 * 2 + 2),
        ("self.sizes.map(v, v)", 3 + 3 * 13),
        ("self.sizes.map(v, v > 1, v * 2)", 3 + 3 * 2 + 2 * 14),
        ("self.sizes.filter(v, v > 1)", 3 + 3 * 2 + 2 * 13),
        ("self.labels.all(k, self.labels[k] != '')", 3 + 2 * 6),
        ("self.labels.all(k, v, k != v)", 3 + 2 * 6),
        ("self.sizes.transformList(i, v, i + v)", 3 + 3 * 15),
        ("self.labels.transformMap(k, v, k == 'app', v)", 3 + 2 * 2 + 4),
        ("self.labels.transformMapEntry(k, v, {v: k})", 3 + 2 * (2 + 32)),
        ("cel.bind(a, self.count + 1, a * a)", 6),
        ("cel.bind(a, self.count + 1, true)", 0),
        # Optionals: what is not needed is not evaluated.
        ("self.?name.orValue(string(1 / 0))", 2),
        ("optional.none().orValue(self.count)", 3),
        ("optional.of('a').or(optional.of('b')).hasValue()", 2),
        ("optional.of('a').optMap(v, v == 'b').hasValue()", 8),
        ("optional.none().optMap(v, v).hasValue()", 4),
    ],
)
def test_costs(source: str, expected: int) -> None:
    assert cost(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "self.sizes.exists_one(v, false)",
        "self.sizes.filter(v, false)",
        "self.sizes.map(v, false, v)",
    ],
)
def test_no_loop_is_free(source: str) -> None:
    assert cost(source) >= 2 + len(GIVEN["self"]["sizes"])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("self.count in [3, 4]", True),
        ("dyn(3.0) in [3, 4]", True),
        ("dyn(3u) in [3, 4]", True),
        ("dyn(true) in [0, 1]", False),
        ("dyn([1]) in [0, 1]", False),
        ("self.any in ['25%']", True),
        ("dyn(1) in ['1']", False),
        ("1 in [dyn(1.0), 'a']", True),
        ("timestamp('2026-01-02T03:04:05Z') == timestamp('2026-01-02T03:04:05+00:00')", True),
    ],
)
def test_constants_are_only_a_quicker_way(source: str, expected: bool) -> None:
    assert compile_expression(source, DECLARED).evaluate(GIVEN) is expected


def test_a_constant_that_cannot_be_converted_fails_only_where_it_is_needed() -> None:
    program = compile_expression("self.count == 3 || int('a') == 1", DECLARED)
    assert program.evaluate(GIVEN) is True
    with pytest.raises(CelError, match="type conversion error to 'int'"):
        compile_expression("int('a') == 1", DECLARED).evaluate(GIVEN)


def test_a_list_that_was_written_out_is_a_new_one_each_time() -> None:
    program = compile_expression("{'a': [1, 2]}", DECLARED)
    first = program.evaluate(GIVEN)
    first["a"].append(3)
    assert program.evaluate(GIVEN) == {"a": [1, 2]}
