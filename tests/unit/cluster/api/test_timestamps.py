"""Times as Kubernetes writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.timestamps import parse_time, rfc3339, rfc3339_micro, seconds_of


def test_known_values() -> None:
    assert rfc3339(1767225600.9) == "2026-01-01T00:00:00Z"
    assert rfc3339_micro(1767225600.25) == "2026-01-01T00:00:00.250000Z"
    assert parse_time("2026-01-01T00:00:00Z") == 1767225600.0
    assert parse_time("2026-01-01T01:00:00.5+01:00") == 1767225600.5
    assert parse_time(None) == parse_time("") == parse_time("soon") == 0.0
    assert seconds_of("2026-01-01T00:00:00Z") == 1767225600.0


@pytest.mark.parametrize("text", ["", "soon", "2026-01-01T00:00:00", "2026-01-01"])
def test_a_time_needs_its_offset(text: str) -> None:
    with pytest.raises(ValueError):
        seconds_of(text)
    assert parse_time(text) == 0.0


@given(st.integers(min_value=0, max_value=2**33))
def test_round_trip(seconds: int) -> None:
    assert parse_time(rfc3339(seconds)) == seconds
    assert parse_time(rfc3339_micro(seconds)) == seconds
