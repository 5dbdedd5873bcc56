"""Indexes of Jobs as text."""

import pytest

from cluster.api.validation.job_indexes import count_indexes, first_shared


def test_indexes_are_counted() -> None:
    assert count_indexes("0,2-4,7", 8) == 5
    assert count_indexes("", 5) == 0
    for text in ("a", "3-1", "1,1", "8", "1-1", "1-8", "1-2-3", ","):
        with pytest.raises(ValueError):
            count_indexes(text, 8)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [("0-3,6", "4-5,7", None), ("0-3,6", "2", 2), ("1,5-8", "0,3,7-9", 7), ("", "1", None),
     ("x,4", "4", 4), ("4", "x,1,4", 4), ("3-4", "0-9", 3)],
)  # fmt: skip
def test_what_two_share(one: str, other: str, shared: int | None) -> None:
    assert first_shared(one, other, 10) == shared


def test_long_ones_are_compared_in_one_go() -> None:
    even = ",".join(str(number) for number in range(0, 100_000, 2))
    odd = ",".join(str(number) for number in range(1, 100_000, 2))
    assert first_shared(even, odd, 100_000) is None
