"""cluster.wire.traceparent: W3C Trace Context, section 3.2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.wire.traceparent import Parent, parse, render

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GOOD = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    "value",
    [
        GOOD,
        f"00-{TRACE}-{SPAN}-00",
        f" {GOOD}\t",
        f"cc-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01-what-the-future-brings",
        f"00-{TRACE}-{SPAN}-ff",
    ],
)
def test_a_context_is_read(value: str) -> None:
    assert parse([value]) == Parent(TRACE, SPAN)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "nonsense",
        f"ff-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-0x",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01-",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"00_{TRACE}_{SPAN}_01",
    ],
)
def test_what_is_malformed_is_ignored(value: str) -> None:
    assert parse([value]) is None


def test_several_headers_are_none() -> None:
    assert parse([]) is None
    assert parse([GOOD, GOOD]) is None


@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1))
def test_what_is_written_is_read(trace: int, span: int) -> None:
    written = Parent(f"{trace:032x}", f"{span:016x}")
    assert parse([render("-".join(written))]) == written


@given(st.text())
def test_any_text_is_survived(value: str) -> None:
    parse([value])
