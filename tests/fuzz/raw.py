"""Bytes that are hardly an object: cut, nested, repeated, cyclic, huge, in no encoding."""

from typing import Any

import orjson
from hypothesis import strategies as st

from tests.fuzz.shapes import ANYTHING

_HEAD = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"thing"},"data":'


def _nested(depth: int, opening: bytes, closing: bytes) -> bytes:
    return _HEAD + opening * depth + b"1" + closing * depth + b"}"


def _bomb(levels: int, width: int) -> bytes:
    """Lists of lists of aliases: ``width ** levels`` scalars in a few lines."""
    lines = [b"a0: &a0 [x]"]
    for level in range(1, levels):
        below = b",".join([b"*a%d" % (level - 1)] * width)
        lines.append(b"a%d: &a%d [%b]" % (level, level, below))
    return b"\n".join(lines)


CASES: tuple[bytes, ...] = (
    b"",
    b" ",
    b"\x00",
    b"{",
    b"[]",
    b"null",
    b"1",
    b'"a"',
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"\xed\xa0\x80",
    b'{"a": NaN}',
    b'{"a": -Infinity}',
    b'{"a": 1e999}',
    b'{"a": ' + b"9" * 5000 + b"}",
    b'{"a": 0.' + b"9" * 5000 + b"}",
    b'{"a": -' + b"0" * 50 + b"}",
    b"a: " + b"9" * 5000,
    b"a: 0x" + b"f" * 5000,
    b"a: 0b" + b"1" * 5000,
    b"a: 1e999",
    b"a: .inf",
    b"a: 1_0_",
    b"a: -9223372036854775808",
    b'{"metadata":{"name":"\\ud800"}}',
    b'{"\\ud800":1}',
    b'{"\\u0000":1, "":2}',
    b'a: "\\ud800"',
    b'a: "\\uD83D\\uDE00"',
    b'{"a":1,"a":2,"\\u0061":3}',
    b'{"metadata":{"name":"x","name":"y"},"kind" :"ConfigMap"}',
    b"a: &a [*a]",
    b"a: &a {b: *a}",
    b"&a [*a, *b]",
    b"*a",
    b"<<: 1",
    b"<<: [1]",
    b"a: &x {b: 1}\n<<: [*x, *x]",
    b"? [a]\n: b",
    b"? {a: b}\n: c",
    b"a: b\n---\nc: d",
    b"---\n...",
    b"%YAML 9.9\n---\na: 1",
    b"%TAG ! tag:example.com,2000:\n---\na: !x 1",
    b"a: !!python/object/apply:os.system [id]",
    b"a: !!binary AA==",
    b"a: !!set {b, c}",
    b"a: !!int x",
    b"a: !!float 1",
    b"!!map []",
    b"a: 2026-01-01",
    b"a: 12:30:45",
    b"~: 1\ntrue: 2\n1.0: 3",
    b"\t: 1",
    b"- a\n- b",
    b"|\n a",
    _nested(99, b'{"a":', b"}"),
    _nested(2000, b'{"a":', b"}"),
    _nested(100_000, b"[", b"]"),
    b"[" * 100_000,
    b"a: " + b"[" * 3000 + b"]" * 3000,
    b"? " * 3000 + b"a",
    b"- " * 3000 + b"a",
    _bomb(9, 9),
    _bomb(40, 2),
    b"a: &a [" + b"x," * 20_000 + b"]\nb: [" + b"*a," * 20_000 + b"]",
    b"a: &a " + b"x" * 100_000 + b"\nb: [" + b"*a," * 50_000 + b"]",
    _HEAD + b'{"a":"' + b"x" * (2 << 20) + b'"}}',
    _HEAD + b'{"a":"' + b"x" * (4 << 20) + b'"}}',
    _HEAD + b"{" + b",".join(b'"k%d":"v"' % n for n in range(50_000)) + b"}}",
    b'{"metadata":{"labels":{' + b",".join(b'"k%d":"v"' % n for n in range(60_000)) + b"}}}",
    b'{"metadata":{"finalizers":[' + b",".join([b'"a.b/c"'] * 50_000) + b"]}}",
    b"k8s\x00" + b"\xff" * 40,
)  # fmt: skip


def _cut(body: bytes, at: float, extra: bytes) -> bytes:
    place = int(len(body) * at)
    return body[:place] + extra + body[place + len(extra) :]


def raw_bodies() -> st.SearchStrategy[bytes]:
    """The known evils, any bytes, and JSON with some bytes damaged or any value at all."""
    values: st.SearchStrategy[Any] = ANYTHING
    whole = values.map(orjson_or_empty)
    damaged = st.builds(_cut, whole, st.floats(0, 1), st.binary(max_size=4))
    patches = st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "op": st.sampled_from(("add", "remove", "replace", "move", "copy", "test", "x", 1)),
                "path": st.sampled_from(("", "/", "/metadata/name", "/a~2", "/-", "a", "/a/-1", 5)),
                "from": st.sampled_from(("", "/", "/metadata", "/metadata/name", "/x", None)),
                "value": values,
            },
        ),
        max_size=3,
    ).map(orjson_or_empty)
    return st.sampled_from(CASES) | st.binary(max_size=40) | whole | damaged | patches


def orjson_or_empty(value: Any) -> bytes:
    """JSON of a value, if it has any (an integer may have too many bits)."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return b""
