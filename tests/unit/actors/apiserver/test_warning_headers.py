"""Warnings quote what clients send: whatever that is, a header comes out, and not too many."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.warning_headers import TOTAL_CHARACTERS_MAX, warning_headers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("v1 Endpoints is deprecated", '299 - "v1 Endpoints is deprecated"'),
        ('unknown field "a"', '299 - "unknown field \\"a\\""'),
        ("a\\b", '299 - "a\\\\b"'),
        ("a\x7fb\r\nc", '299 - "a\\\\u007fb\\\\u000d\\\\u000ac"'),
        ("é", '299 - "é"'),
    ],
)
def test_a_text_is_quoted(text: str, value: str) -> None:
    assert warning_headers([text, text]) == [value]


def test_many_are_cut_and_then_left_out() -> None:
    long = [f"{number}" + "x" * 1000 for number in range(100)]
    assert [len(value) for value in warning_headers(long)] == [256 + len('299 - ""')] * 16
    assert len(warning_headers(long[:4])) == 4
    assert len(warning_headers(long[:1])[0]) > 1000


@given(st.lists(st.text()))
def test_any_text(texts: list[str]) -> None:
    found = warning_headers(texts)
    assert all(value.isprintable() for value in found)
    assert sum(map(len, found)) <= 2 * TOTAL_CHARACTERS_MAX + len('299 - ""') * len(found)
