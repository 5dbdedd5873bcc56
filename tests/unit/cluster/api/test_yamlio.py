"""YAML as Kubernetes' clients mean it, and bombs."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.yamlio import DUPLICATES_MAX, decode_yaml
from cluster.limits import NESTING_MAX


@pytest.mark.parametrize(
    ("text", "value"),
    [("a: 1", 1), ("a: yes", True), ("a: Off", False), ("a: 'yes'", "yes"), ("a: ~", None),
     ("a:", None), ("a: 0644", 420), ("a: 0o644", 420), ("a: 0x1F", 31), ("a: 0b11", 3),
     ("a: 1_000", 1000), ("a: 1e3", 1000.0), ("a: .5", 0.5), ("a: -1.5", -1.5),
     ("a: 22:22", "22:22"), ("a: 2024-01-01", "2024-01-01"), ("a: 1.2.3", "1.2.3"),
     ("a: 08", 8.0), ("a: |\n  x\n", "x\n"), ("a: !!str 1", "1"), ("a: y", "y"),
     ("a: 18446744073709551616", 2.0**64), ("a: [x, 1]", ["x", 1]), ("a: <<", "<<"),
     ("a: {b: {}}", {"b": {}})],
)  # fmt: skip
def test_scalars(text: str, value: Any) -> None:
    assert decode_yaml(text.encode()) == ({"a": value}, ())


@pytest.mark.parametrize(
    "text",
    ["a: .inf", "a: .nan", "a: 1e999", "a: !!binary aGk=", "a: !custom 1", "[x]: 1", "{[x]: 1}",
     "a: 1\n---\nb: 2", "\t", "a: &a [*a]", "a: *b", "a: {<<: 1}", "a: " + "9" * 5000 + "e1",
     "a: " + "9" * 400, "a: '"],
)  # fmt: skip
def test_what_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="yaml"):
        decode_yaml(text.encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ValueError, match="yaml"):
        decode_yaml(b"a: \xff")


def test_empty_documents() -> None:
    assert decode_yaml(b"") == (None, ()) and decode_yaml(b"# only this") == (None, ())


def test_duplicates_are_told_as_by_go_and_the_last_wins() -> None:
    value, duplicates = decode_yaml(b"a: 1\nb:\n- c: 1\n  c: 2\na: 3")
    assert value == {"a": 3, "b": [{"c": 2}]}
    assert duplicates == (
        'line 4: key "c" already set in map', 'line 5: key "a" already set in map',
    )  # fmt: skip
    text = (
        'a: 1\nb:\n  c: 1\n  c:\n    d: 1\n    d: 2\na: 3\n"a":\n1: x\n1: y\n\u00e9: 1\n\u00e9: 1'
    )
    assert [line.partition(" already")[0] for line in decode_yaml(text.encode())[1]] == [
        'line 6: key "d"', 'line 5: key "c"', 'line 7: key "a"', 'line 8: key "a"',
        "line 10: key 1", 'line 12: key "\u00e9"',
    ]  # fmt: skip
    assert len(decode_yaml(b"a: 1\n" * 1000)[1]) == DUPLICATES_MAX


def test_what_is_no_yaml_is_told_as_by_go() -> None:
    for text, told in (
        (b"a: [1", "yaml: line 1: did not find expected ',' or ']'"),
        (b"a: 1\n b: 2", "yaml: line 2: mapping values are not allowed in this context"),
    ):
        with pytest.raises(ValueError, match=r"^yaml: line") as caught:
            decode_yaml(text)
        assert str(caught.value) == told


def test_merge_keys_and_aliases_are_copies() -> None:
    value, duplicates = decode_yaml(b"x: &x {b: 1, c: 1}\ny:\n  <<: *x\n  c: 2\nz: *x")
    assert value["y"] == {"b": 1, "c": 2}
    assert duplicates == ('line 4: key "c" already set in map',)
    assert value["z"] == value["x"] and value["z"] is not value["x"]


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- "])
def test_deep_documents_are_refused_without_recursion(opening: bytes) -> None:
    with pytest.raises(ValueError, match=r"max(imum nesting)? depth"):
        decode_yaml(opening * 50_000)
    closed = b"[" * NESTING_MAX + b"]" * NESTING_MAX
    decode_yaml(closed)


def test_alias_bombs_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for number in range(1, 12):
        items = ", ".join([f"*a{number - 1}"] * 10)
        lines.append(f"a{number}: &a{number} [{items}]")
    with pytest.raises(ValueError, match="excessive aliasing"):
        decode_yaml("\n".join(lines).encode())


@given(
    st.recursive(
        st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text("abc:#-'\" ,[]{}\n01")),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text("abc"), inner, max_size=3)
        ),
        max_leaves=10,
    )
)
def test_what_pyyaml_writes_is_read_back(value: Any) -> None:
    text = yaml.safe_dump(value)
    assert decode_yaml(text.encode())[0] == value
