"""Amounts as people write them."""

import pytest

from cluster.chaos import amounts


@pytest.mark.parametrize(
    ("text", "value"),
    [("40ms", 0.04), ("1.5s", 1.5), ("2m", 120.0), ("1h", 3600.0), ("-3h", -10800.0), ("7", 7.0)],
)
def test_durations(text: str, value: float) -> None:
    assert amounts.seconds(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "s", "4 0ms", "1d", "--1s", "1e3", "nan", "٣s"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        amounts.seconds(text)


def test_shares() -> None:
    assert amounts.share("10%") == pytest.approx(0.1)
    assert amounts.share("0.25") == 0.25
    assert amounts.share("100%") == 1.0
    for wrong in ("101%", "-1%", "x", "1.5"):
        with pytest.raises(ValueError, match="no share"):
            amounts.share(wrong)


def test_bandwidths() -> None:
    assert amounts.bytes_per_second("500kB/s") == 500_000
    assert amounts.bytes_per_second("2MB/s") == 2_000_000
    assert amounts.bytes_per_second("1MiB") == 1 << 20
    assert amounts.bytes_per_second("1200") == 1200
    for wrong in ("0", "0.4", "1GB/s", "fast", "1 MB/s"):
        with pytest.raises(ValueError, match="no bandwidth"):
            amounts.bytes_per_second(wrong)
