"""Quantities: known texts, and what holds of all of them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.quantity import (
    NANO,
    QuantityError,
    canonical,
    int_value,
    milli_value,
    parse,
    total,
)

SUFFIXES = ["", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E2", "e-2"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", "0"), ("0.0", "0"), ("1000m", "1"), ("0.5", "500m"), ("1.5Gi", "1536Mi"),
     ("1024Mi", "1Gi"), ("1000Ki", "1000Ki"), ("1000Mi", "1000Mi"), ("100k", "100k"),
     ("1000k", "1M"), ("1e3", "1e3"), ("12e-1", "1200e-3"), (".5", "500m"), ("5.", "5"),
     ("+3", "3"), ("-1.5Gi", "-1536Mi"), ("0.1n", "1n"), ("-0.1n", "-1n"), ("1.1Ki", "1126400m"),
     ("512Ki", "512Ki"), ("0.5Ki", "512"), ("1E", "1E"), ("2E2", "200")],
)  # fmt: skip
def test_canonical(text: str, expected: str) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize(
    "text", ["", "a", "1x", "1KI", "1 ", " 1", "--1", "1..2", "1mm", ".", "1e", "٣", "1" * 65]
)
def test_no_quantity(text: str) -> None:
    with pytest.raises(QuantityError):
        parse(text)


def test_huge_and_tiny_exponents_cost_nothing() -> None:
    assert parse("1e999999999").value == 2**63 - 1
    assert parse("1e-999999999").nano == 1
    assert parse("0e999999999").nano == 0
    assert parse("-9e20").value == -(2**63 - 1)


def test_whole_and_milli_values_round_away_from_zero() -> None:
    assert int_value("1.1") == 2 and int_value("-1.1") == -2
    assert milli_value("0.0001") == 1 and milli_value("1.5") == 1500
    assert int_value("1Ki") == 1024


def test_total_keeps_the_format_of_the_first() -> None:
    assert total([]) == "0"
    assert total(["512Mi", "512Mi"]) == "1Gi"
    assert total(["1500m", "0.5"]) == "2"


@given(st.integers(-(10**9), 10**9), st.integers(0, 999), st.sampled_from(SUFFIXES))
def test_the_canonical_text_means_the_same_and_stays(whole: int, part: int, suffix: str) -> None:
    quantity = parse(f"{whole}.{part:03d}{suffix}")
    text = str(quantity)
    assert parse(text).nano == quantity.nano
    assert canonical(text) == text
    assert "." not in text


@given(st.integers(-(10**6), 10**6), st.integers(1, 6))
def test_values_are_exact(number: int, power: int) -> None:
    suffix = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][power - 1]
    expected = Fraction(number) * 1024**power
    bound = 2**63 - 1
    assert Fraction(parse(f"{number}{suffix}").nano, NANO) == max(-bound, min(bound, expected))
