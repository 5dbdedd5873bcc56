"""Buckets are cumulative, bounds belong to the bucket below."""

from actors.kit.histogram import Histogram


def test_buckets() -> None:
    found = Histogram((0.1, 1.0))
    for value in (0.1, 0.05, 0.5, 7.0):
        found.observe(value)
    assert found.buckets() == [("0.1", 2.0), ("1.0", 3.0), ("+Inf", 4.0)]
    assert found.sum == 7.65
