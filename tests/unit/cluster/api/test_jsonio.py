"""Bodies: strict JSON, duplicate keys by path, bounded nesting."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.jsonio import (
    decode_json,
    decode_object,
    duplicate_paths,
    strict_findings,
    too_deep,
    warnings_of,
)
from cluster.errors import StatusError
from cluster.limits import NESTING_MAX

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False,
    allow_infinity=False), st.text(st.characters(exclude_categories=["Cs"])),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"NaN", b'{"a":NaN}', b'{"a":Infinity}', b'{"a":1e999}', b'{"a":"\\ud800"}',
     b'{"a":"\xff"}', b"{'a':1}", b'{"a":1,}', b'{"a":1} x', b'{"a":01}', b"\xef\xbb\xbf{}"],
)  # fmt: skip
def test_what_is_no_strict_json(body: bytes) -> None:
    with pytest.raises(StatusError) as caught:
        decode_object(body, "application/json")
    assert caught.value.code == 400


@pytest.mark.parametrize("body", [b"[1]", b'"a"', b"1", b"null", b"true"])
def test_what_is_no_object(body: bytes) -> None:
    with pytest.raises(StatusError, match="cannot unmarshal"):
        decode_object(body, "application/json")


@given(VALUES, st.booleans())
def test_json_without_duplicates_reports_none(value: Any, spaced: bool) -> None:
    separators = (", ", " : ") if spaced else (",", ":")
    text = json.dumps(value, separators=separators, ensure_ascii=spaced).encode()
    assert duplicate_paths(text, decode_json(text)) == ()


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), SCALARS,
       min_size=1, max_size=4), st.data())  # fmt: skip
def test_a_key_twice_is_always_found(obj: dict[str, Any], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(obj)))
    compact = data.draw(st.booleans())
    text = json.dumps(obj, separators=(",", ":") if compact else (", ", " : "))
    again = json.dumps(key, ensure_ascii=data.draw(st.booleans()))
    doubled = f'{{{again}:"\\":",{text[1:]}'.encode()
    assert duplicate_paths(doubled, decode_json(doubled)) == (key,)


def test_paths_of_duplicates() -> None:
    body = b'{"spec":{"a":[{"b":1,"b":2}],"c":1,"c":{"d":1}},"spec":{"a":[{"b":1,"b":2}]}}'
    _, duplicates = decode_object(body, "application/json")
    assert duplicates == ('duplicate field "spec"', 'duplicate field "spec.a[0].b"')


def test_duplicates_in_yaml_are_one_error_and_a_warning_each() -> None:
    told = "yaml: unmarshal errors:"
    lines = ('line 1: key "a" already set in map', 'line 1: key "b" already set in map')
    for body in (b'{"a":1,"a":2,"b":1,"b":1}', b"{a: 1, a: 2, b: 1, b: 1}"):
        value, duplicates = decode_object(body, "application/apply-patch+yaml")
        assert value == {"a": 2, "b": 1}
        assert duplicates == (f"{told}\n  {lines[0]}\n  {lines[1]}",)
        found = strict_findings(["unknown"], duplicates)
        assert found == [*duplicates, "unknown"]
        assert warnings_of(found) == [*lines, "unknown"]
    assert warnings_of(strict_findings(["unknown"], ("twice",))) == ["unknown", "twice"]


def test_nesting_is_bounded() -> None:
    right = b"[" * (NESTING_MAX - 1) + b"]" * (NESTING_MAX - 1)
    decode_object(b'{"a":' + right + b"}", "application/json")
    with pytest.raises(StatusError, match="max depth"):
        decode_object(b'{"a":[' + right + b"]}", "application/json")
    with pytest.raises(StatusError):
        decode_json(b"[" * 100_000)
    assert not too_deep([1], 1) and too_deep([[]], 1)


def test_content_types() -> None:
    assert decode_object(b"a: 1", "application/yaml; charset=utf-8")[0] == {"a": 1}
    assert decode_object(b'{"a":1}', "application/json;charset=utf-8")[0] == {"a": 1}
    assert decode_object(b"{a: 1}", "application/yaml")[0] == {"a": 1}
    with pytest.raises(StatusError) as caught:
        decode_object(b"{}", "text/plain")
    assert caught.value.code == 415
    with pytest.raises(StatusError) as caught:
        decode_object(b"a: [", "application/yaml")
    assert caught.value.code == 400
