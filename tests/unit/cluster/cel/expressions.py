"""Expressions of a wanted type made by chance, from every function of the standard table: most
compile, unlike what is put together from any parts."""

from collections import defaultdict
from random import Random
from typing import Any

from cluster.cel.functions import Overload
from cluster.cel.program import STANDARD, Declarations
from cluster.cel.types import (
    BYTES,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    list_of,
    map_of,
    optional_of,
)
from cluster.cel.values import NONE, Duration, Optional, Timestamp

DECLARED = Declarations(
    {"x": DYN, "i": INT, "s": STRING, "l": list_of(INT), "ls": list_of(STRING), "d": DOUBLE,
     "m": map_of(STRING, DYN), "t": TIMESTAMP, "u": DURATION, "o": optional_of(INT), "by": BYTES}
)  # fmt: skip
# By the name of a type: how an expression of it may begin.
_ATOMS: dict[str, tuple[str, ...]] = {
    "int": ("0", "1", "-1", "9223372036854775807", "-9223372036854775808", "i", "size(s)"),
    "uint": ("0u", "7u", "18446744073709551615u"),
    "double": ("0.0", "1.5", "-1e308", "double('NaN')", "double('Infinity')", "d"),
    "string": ("''", "'a'", "'1h'", "'10.0.0.1'", "'%s %d %.3e %x %b %q'", "'(a|b)*'", "'('", "s",
               "'2026-01-02T03:04:05Z'", "'Europe/Berlin'", "'1.2.3'", "'\\ud7ff'"),
    "bool": ("true", "false", "has(x.a)", "has(m.k)", "has(x.a.b)"),
    "bytes": ("b'a'", "b'\\xff'", "by"),
    "null": ("null",),
    "dyn": ("x", "x.a", "m.k", "x[0]", "dyn(1)"),
    "google.protobuf.Duration": ("u", "duration('1h')", "duration('2540400h')"),
    "google.protobuf.Timestamp": ("t", "timestamp(0)", "timestamp('9999-12-31T23:59:59Z')"),
    "list": ("l", "ls", "[]", "[1, 2, 3]", "['a', 'b']", "[[1], [2]]", "[x]"),
    "map": ("m", "{}", "{'a': 1}", "{1: 2}", "x"),
    "optional_type": ("o", "optional.none()", "x.?a", "m[?'k']", "optional.of(1)"),
    "type": ("int", "type(x)"),
    "kubernetes.Quantity": ("quantity('1Gi')", "quantity('100m')"),
    "kubernetes.Semver": ("semver('1.2.3-a.1+b')",),
    "net.IP": ("ip('::1')", "ip('10.1.1.1')"),
    "net.CIDR": ("cidr('10.0.0.0/8')", "cidr('::/0')"),
    "kubernetes.URL": ("url('https://a:80/b?c=d&c')",),
    "kubernetes.NamedFormat": ("format.uuid()",),
}  # fmt: skip
_TYPES = tuple(_ATOMS)
_LOOPS = {
    "bool": ("({l}).all(e, {b})", "({l}).exists(e, dyn(e) > 0)", "({l}).exists_one(e, e == e)",
             "({m}).all(k, w, {b})", "({b} && {b})", "({b} || {b})"),
    "list": ("({l}).map(e, [e, e])", "({l}).map(e, {b}, {i})", "({l}).filter(e, {b})",
             "({m}).transformList(k, w, w)", "[{d}, {d}]", "({l}).sortBy(e, e)"),
    "map": ("({m}).transformMap(k, w, {d})", "({l}).transformMapEntry(k, w, {{k: w}})"),
}  # fmt: skip
_BY_RESULT: dict[str, list[tuple[str, Overload]]] = defaultdict(list)
for _name, _overloads in STANDARD.items():
    for _overload in _overloads:
        _made = _overload.result
        _BY_RESULT["dyn" if _made.variable else _made.name].append((_name, _overload))


def expression(random: Random) -> str:
    """Of any type."""
    return _made_of(random, random.choice(_TYPES), random.randint(1, 5))


def _made_of(random: Random, kind: str, depth: int) -> str:
    chance = random.random()
    if depth <= 0 or chance < 0.25:
        return random.choice(_ATOMS.get(kind, ("x",)))
    if chance < 0.35:
        test, yes, no = (_made_of(random, name, depth - 1) for name in ("bool", kind, kind))
        return f"({test} ? {yes} : {no})"
    if chance < 0.6 and kind in _LOOPS:
        parts = {name[0]: _made_of(random, name, depth - 1) for name in ("bool", "list", "map")}
        parts |= {name[0]: _made_of(random, name, depth - 1) for name in ("int", "dyn")}
        return random.choice(_LOOPS[kind]).format_map(parts)
    name, overload = random.choice(_BY_RESULT.get(kind) or _BY_RESULT["dyn"])
    kinds = (random.choice(_TYPES) if item.variable else item.name for item in overload.params)
    return _call(name, overload, [_made_of(random, item, depth - 1) for item in kinds])


def _call(name: str, overload: Overload, args: list[str]) -> str:
    if name in ("-_", "!_"):
        return f"{name[0]}({args[0]})"
    if name == "@in" or name.startswith("_"):
        return f"({args[0]} {name.strip('@_')} {args[1]})"
    if overload.member:
        return f"({args[0]}).{name}({', '.join(args[1:])})"
    return f"{name}({', '.join(args)})"


def bindings(random: Random) -> dict[str, Any]:
    """A value for each declared variable."""
    pick = random.choice
    return {
        "x": _json(random, 3),
        "i": pick((0, 1, -1, 2**63 - 1, -(2**63), 5)),
        "s": pick(("", "abc", "\x00", "é" * 40, "1.5", "\ud800")),
        "l": [random.randint(-3, 3) for _ in range(random.randrange(20))],
        "ls": ["a", "b", "c"][: random.randrange(4)],
        "m": {name: _json(random, 2) for name in "abk"[: random.randrange(4)]},
        "d": pick((0.0, -0.0, 1e308, float("nan"))),
        "t": Timestamp(pick((0, 10**18, -62_135_596_800 * 10**9))),
        "u": Duration(pick((0, -1, 2**63 - 1, -(2**63)))),
        "o": pick((NONE, Optional(1))),
        "by": pick((b"", b"\xff\x00", b"abc")),
    }


def _json(random: Random, depth: int) -> Any:
    chance = random.random()
    if depth and chance < 0.2:
        return [_json(random, depth - 1) for _ in range(random.randrange(4))]
    if depth and chance < 0.45:
        return {random.choice("abk"): _json(random, depth - 1) for _ in range(random.randrange(4))}
    return random.choice((None, True, 0, -5, 2**63 - 1, 1.5, float("inf"), "", "a", "x" * 500))
