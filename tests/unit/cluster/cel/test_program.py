"""Expressions from text to value, through the door."""

from typing import Any

import pytest

from cluster.cel.program import (
    Budget,
    CelCompileError,
    CelCostExceeded,
    CelError,
    Declarations,
    Lazy,
    compile_expression,
)
from cluster.cel.types import BOOL, DYN, INT, STRING, ObjectType, list_of, map_of
from cluster.cel.values import NONE, Duration, Optional, Timestamp, TypeValue, UInt

SPEC = ObjectType("spec", fields={"replicas": INT, "name": STRING, "__if__": BOOL},
                  raw_names={"__if__": "if"})  # fmt: skip
SELF = ObjectType("self", fields={"spec": SPEC, "tags": list_of(STRING)})
DECLARED = Declarations(
    {"x": DYN, "i": INT, "s": STRING, "m": map_of(STRING, INT), "self": SELF, "a.b": INT},
    types={"Object": ObjectType("Object", fields={"spec": ObjectType("Object.spec")}),
           "Object.spec": ObjectType("Object.spec", fields={"replicas": INT})},
)  # fmt: skip
GIVEN: dict[str, Any] = {
    "x": {"a": 1, "list": [1, 2.0, "c"], "none": None, "deep": {"er": [{"k": "v"}]}},
    "i": 7,
    "s": "text",
    "m": {"one": 1, "two": 2},
    "self": {"spec": {"replicas": 3, "if": True}, "tags": ["a", "b"]},
    "a.b": 9,
}


def value(source: str) -> Any:
    return compile_expression(source, DECLARED).evaluate(GIVEN)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("-9223372036854775808", -(1 << 63)),
        ("7u + 1u", UInt(8)),
        ("0x10", 16),
        ("1.5e2 / 2.0", 75.0),
        ("'a' + \"b\" + r'\\n'", "ab\\n"),
        ("'\\u00fc\\x41\\101\\''", "üAA'"),
        ("b'\\xff'", b"\xff"),
        ("'''a\nb'''", "a\nb"),
        ("1 < 1.5 && dyn(1) == 1.0 && dyn(1u) == 1", True),
        ("[1, 2] == [1, 2] && {'a': 1} != {'a': 2}", True),
        ("dyn(1) == 'a'", False),
        ("x.a == 1 && x.list[1] == 2", True),
        ("x.none == null", True),
        ("'list' in x && !('b' in x) && 2 in x.list", True),
        ("x.b == 1 || true", True),
        ("false && x.b == 1", False),
        ("true || x.b", True),
        ("i > 5 ? 'big' : 'small'", "big"),
        ("has(x.a) && !has(x.b)", True),
        ("has(self.spec.name) ? self.spec.name : 'none'", "none"),
        ("self.spec.__if__", True),
        ("m.all(k, m[k] > 0)", True),
        ("[1, 2, 3].exists(v, v == 2)", True),
        ("[1, 2, 2].exists_one(v, v == 2)", False),
        ("[1, 2, 3].map(v, v * 2)", [2, 4, 6]),
        ("[1, 2, 3].map(v, v > 1, v * 2)", [4, 6]),
        ("[1, 2, 3].filter(v, v > 1)", [2, 3]),
        ("[0, 1].exists(v, 1 / v == 1)", True),
        ("['a', 'b'].transformList(k, v, string(k) + v)", ["0a", "1b"]),
        ("m.transformMap(k, v, v * 10)", {"one": 10, "two": 20}),
        ("m.transformMapEntry(k, v, {v: k})", {1: "one", 2: "two"}),
        ("m.exists(k, v, k == 'two' && v == 2)", True),
        ("cel.bind(y, i + 1, y * y)", 64),
        ("[3, 1, 2].sortBy(v, -v)", [3, 2, 1]),
        ("x.?b", NONE),
        ("x.?a", Optional(1)),
        ("x.?deep.er[0].k", Optional("v")),
        ("x.?deep.?er[?5]", NONE),
        ("x.list[?0]", Optional(1)),
        ("[?x.?b, ?x.?a, 5]", [1, 5]),
        ("{?'b': x.?b, 'a': dyn(1)}", {"a": 1}),
        ("x.?a.optMap(v, v)", Optional(1)),
        ("type(1) == int && type('') == string && type(null) == null_type", True),
        ("type(i)", TypeValue("int")),
        ("int('12') + int(3.9) + int(2u)", 17),
        ("string(1.0) + string(2.5) + string(1e30)", "12.51e+30"),
        ("double('1.5')", 1.5),
        ("timestamp('2026-01-02T03:04:05.5Z').getFullYear()", 2026),
        ("timestamp('2026-01-02T03:04:05Z').getHours('+02:00')", 5),
        ("timestamp('2026-07-02T03:04:05Z').getHours('Europe/Berlin')", 5),
        ("timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z')",
         Duration(86_400_000_000_000)),
        ("duration('1h30m').getMinutes()", 90),
        ("timestamp(0) + duration('1.5s')", Timestamp(1_500_000_000)),
        ("string(duration('90m'))", "5400s"),
        ("size('üx') + size([1]) + {'a': 1}.size()", 4),
        ("'abc'.startsWith('a') && 'abc'.contains('b') && 'abc'.endsWith('c')", True),
        ("'abc123'.matches('[a-z]+[0-9]+$')", True),
        ("Object{spec: Object.spec{replicas: 1}}", {"spec": {"replicas": 1}}),
        ("a.b + 1", 10),
        ("{true: 'yes', 1: 'one'}[true]", "yes"),
    ],
)  # fmt: skip
def test_values(source: str, expected: Any) -> None:
    if source == "{true: 'yes', 1: 'one'}[true]":
        source = "{dyn(true): 'yes', dyn(1): 'one'}[true]"
    found = value(source)
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("x.b", "no such key: b"),
        ("x.list[7]", "index out of bounds: 7"),
        ("m['three']", "no such key: three"),
        ("1 / (i - 7)", "division by zero"),
        ("1 % (i - 7)", "modulus by zero"),
        ("9223372036854775807 + i", "integer overflow"),
        ("0u - 1u", "unsigned integer overflow"),
        ("x.a + 'b'", "no such overload"),
        ("x.a && true", "no such overload"),
        ("x.list.all(v, v < 3)", "no such overload"),
        ("int('a')", "type conversion error to 'int'"),
        ("timestamp(dyn('yesterday'))", "cannot parse"),
        ("'a'.matches(dyn('('))", "error parsing regexp"),
        ("{'a': 1, 'a': 2}", "insert failed: key a already exists"),
    ],
)
def test_errors_of_evaluation(source: str, text: str) -> None:
    with pytest.raises(CelError, match=text.replace("(", r"\(").replace(")", r"\)")):
        value(source)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("1 +", "Syntax error: mismatched input '<EOF>'"),
        ("y", "undeclared reference to 'y' (in container '')\n | y\n | ^"),
        ("i + 's'", "1:3: found no matching overload for '_+_' applied to '(int, string)'"),
        ("self.spec.size", "1:10: undefined field 'size'"),
        ("i.foo", "type 'int' does not support field selection"),
        ("i.all(v, true)", "cannot be range of a comprehension"),
        ("[1, 'a']", "expected type 'int' but found 'string'"),
        ("s.foo()", "undeclared reference to 'foo'"),
        ("s.size(1)", "found no matching overload for 'size' applied to 'string.(int)'"),
        ("has(x)", "invalid argument to has() macro"),
        ("[1].map(a.b, 1)", "argument must be a simple name"),
        ("i ? 1 : 2", "found no matching overload for '_?_:_' applied to '(int, int, int)'"),
        ("s == null", "found no matching overload for '_==_' applied to '(string, null)'"),
        ("while", "reserved identifier: while"),
        ("'open", "token recognition error"),
        ("Object{specs: 1}", "undefined field 'specs'"),
        ("Object.spec{replicas: 'a'}", "expected type of field 'replicas' is 'int'"),
        ("9223372036854775808", "invalid int literal"),
        ("(" * 1000, "recursion limit exceeded"),
        ("1" + "+1" * 1000, "recursion limit exceeded"),
        ("!" * 100_001, "exceeds limit"),
    ],
)
def test_errors_of_compilation(source: str, text: str) -> None:
    with pytest.raises(CelCompileError) as refused:
        compile_expression(source, DECLARED)
    assert str(refused.value).startswith("compilation failed: ERROR: <input>:1:")
    assert text in str(refused.value)


def test_every_error_is_told_where_it_is() -> None:
    with pytest.raises(CelCompileError) as refused:
        compile_expression("y +\n z", DECLARED)
    assert str(refused.value) == (
        "compilation failed: ERROR: <input>:1:1: undeclared reference to 'y' (in container '')\n"
        " | y +\n | ^\n"
        "ERROR: <input>:2:2: undeclared reference to 'z' (in container '')\n |  z\n | .^"
    )


def test_the_result_is_of_the_wanted_type() -> None:
    assert compile_expression("x.a", DECLARED, BOOL).result is DYN
    with pytest.raises(CelCompileError, match=r"^must evaluate to bool$"):
        compile_expression("1", DECLARED, BOOL)


def test_a_variable_is_made_when_needed_and_once() -> None:
    made: list[int] = []

    def make() -> int:
        made.append(1)
        return 5

    program = compile_expression("i > 0 && i < 9", DECLARED)
    assert made == []
    assert program.evaluate({"i": Lazy(make)}) is True
    assert made == [1]
    with pytest.raises(CelError, match="no such attribute"):
        program.evaluate({})


@pytest.mark.parametrize(
    "source",
    [
        "[1,2,3,4,5,6,7,8,9,10].all(a, [1,2,3,4,5,6,7,8,9,10].all(b, [1,2,3,4,5].all(c, true)))",
        "cel.bind(a, 'xxxxxxxxxxxxxxxx' + s, a + a + a + a + a + a + a + a + a + a)",
    ],
)
def test_what_costs_too_much_is_ended(source: str) -> None:
    program = compile_expression(source, DECLARED)
    assert program.evaluate(GIVEN) is not None
    with pytest.raises(CelCostExceeded, match="cost limit exceeded"):
        program.evaluate(GIVEN, Budget(10))


def test_a_budget_is_shared() -> None:
    budget = Budget(10)
    program = compile_expression("i + 1", DECLARED)
    program.evaluate(GIVEN, budget)
    assert budget.left == 8
    with pytest.raises(CelCostExceeded):
        for _ in range(10):
            program.evaluate(GIVEN, budget)


def test_a_tower_of_shared_lists_is_not_walked_for_ever() -> None:
    source = "x == y"
    for level in range(40, 0, -1):
        source = f"cel.bind(l{level}, [l{level - 1}, l{level - 1}], {source})"
    source = f"cel.bind(l0, [1], {source})".replace("x == y", "l40 == [l39, l39]")
    with pytest.raises(CelCostExceeded):
        compile_expression(source, DECLARED).evaluate(GIVEN)
