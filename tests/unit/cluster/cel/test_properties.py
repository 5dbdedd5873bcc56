"""Any text compiles or is refused; any expression has a value or an error; budgets bound it."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.cel.program import (
    Budget,
    CelCompileError,
    CelCostExceeded,
    CelError,
    Declarations,
    Program,
    compile_expression,
)
from cluster.cel.types import DYN, INT, STRING, list_of, map_of

DECLARED = Declarations(
    {"x": DYN, "i": INT, "s": STRING, "l": list_of(INT), "m": map_of(STRING, DYN)}
)
LIMIT = 20_000

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abk"), inner),
    max_leaves=6,
)
_BINDINGS = st.fixed_dictionaries(
    {
        "x": _JSON,
        "i": st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1),
        "s": st.text(max_size=12) | st.sampled_from(("", "10", "1h", "a.b", "1.2.3", "10.0.0.0/8")),
        "l": st.lists(st.integers(-3, 3), max_size=4),
        "m": st.dictionaries(st.sampled_from("abk"), _JSON, max_size=3),
    }
)
_ATOMS = st.sampled_from(
    (
        "x", "i", "s", "l", "m", "v", "w", "null", "true", "false", "0", "1", "-1", "2u", "1.5",
        "9223372036854775807", "-9223372036854775808", "1e300", "'a'", "'ü'", "''", "b'a'", "[]",
        "{}", "int", "duration('1h')", "timestamp('2026-01-02T03:04:05Z')", "optional.none()",
        "quantity('1Gi')", "semver('1.2.3')", "ip('10.0.0.1')", "cidr('10.0.0.0/8')",
        "url('https://a.example/b?c=d')", "format.dns1123Label()",
    )
)  # fmt: skip
_BINARY = st.sampled_from(
    ("+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in")
)
_NAMES = sorted(name for name in DECLARED.functions if name.isidentifier())
_MACROS = st.sampled_from(
    (
        "all(v, {})", "exists(v, {})", "exists_one(v, {})", "filter(v, {})", "map(v, {})",
        "map(v, v == v, {})", "all(v, w, {})", "exists(v, w, {})", "existsOne(v, w, {})",
        "transformList(v, w, {})", "transformMap(v, w, {})", "transformMapEntry(v, w, {{v: {}}})",
        "optMap(v, {})", "optFlatMap(v, {})", "sortBy(v, {})",
    )
)  # fmt: skip


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    args = st.lists(inner, max_size=3).map(", ".join)
    name = st.sampled_from(_NAMES)
    return st.one_of(
        st.tuples(inner, _BINARY, inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        st.tuples(st.sampled_from("!-"), inner).map("".join),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} ? {p[1]} : {p[2]})"),
        st.tuples(inner, st.sampled_from((".", ".?")), st.sampled_from("abk")).map("".join),
        st.tuples(inner, st.sampled_from(("", "?")), inner).map(lambda p: f"{p[0]}[{p[1]}{p[2]}]"),
        inner.map("has({}.a)".format),
        args.map("[{}]".format),
        st.tuples(inner, inner).map(lambda p: f"{{{p[0]}: {p[1]}}}"),
        inner.map("dyn({})".format),
        st.tuples(name, args).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(inner, name, args).map(lambda p: f"{p[0]}.{p[1]}({p[2]})"),
        st.tuples(inner, _MACROS, inner).map(lambda p: f"{p[0]}." + p[1].format(p[2])),
        st.tuples(inner, inner).map(lambda p: f"cel.bind(v, {p[0]}, {p[1]})"),
    )


_EXPRESSIONS = st.recursive(_ATOMS, _grown, max_leaves=12)
_SOUP = st.lists(
    _ATOMS | _BINARY | st.sampled_from((
        "(", ")", "[", "]", "{", "}", ".", "?", ":", ",", "!", "'", '"', "'''", "r'", "b'", "\\",
        "`a-b`", "//", "\n", "0x", "1.", ".5", "1e", "has(", "all(v,", "cel.bind(", "é", "\x00",
        "while", "Object{",
    )),
    max_size=20,
).map("".join)  # fmt: skip


def compiled(source: str) -> Program | None:
    """None where it is refused."""
    try:
        return compile_expression(source, DECLARED)
    except CelCompileError as error:
        assert str(error).startswith("compilation failed: ")
        return None


@given(st.text(max_size=40) | _SOUP)
def test_any_text_compiles_or_is_refused(source: str) -> None:
    compiled(source)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(_EXPRESSIONS, _BINDINGS)
def test_any_expression_has_a_value_or_an_error_and_the_same_again(
    source: str, bindings: dict[str, Any]
) -> None:
    program = compiled(source)
    if program is None:
        return
    told: list[str] = []
    spent: list[int] = []
    for _ in range(2):
        budget = Budget(LIMIT)
        try:
            told.append(repr(program.evaluate(bindings, budget)))
        except CelError as error:
            told.append(str(error))
        spent.append(LIMIT - budget.left)
    assert told[0] == told[1]
    assert spent[0] == spent[1] >= 0


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(_EXPRESSIONS, _BINDINGS, st.integers(0, 60))
def test_a_smaller_budget_changes_nothing_but_that_it_may_run_out(
    source: str, bindings: dict[str, Any], limit: int
) -> None:
    program = compiled(source)
    if program is None:
        return
    whole = Budget(LIMIT)
    try:
        expected = repr(program.evaluate(bindings, whole))
    except CelError as error:
        expected = str(error)
    cost = LIMIT - whole.left
    part = Budget(limit)
    try:
        found = repr(program.evaluate(bindings, part))
    except CelCostExceeded:
        assert cost > limit
        return
    except CelError as error:
        found = str(error)
    assert (found, limit - part.left) == (expected, cost)
