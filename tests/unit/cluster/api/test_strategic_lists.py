"""List merging by itself: orders and identities."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.strategic_lists import apply_order, delete_scalars, identity, merge_scalars
from cluster.errors import StatusError

scalars = st.lists(st.integers(0, 6), unique=True)


@given(scalars, scalars)
def test_a_merged_set_has_all_and_keeps_the_new_order(old: list[int], change: list[int]) -> None:
    merged = merge_scalars(old, change)
    assert sorted(merged) == sorted({*old, *change})
    assert [item for item in merged if item in change] == change
    assert [item for item in merged if item not in change] == [i for i in old if i not in change]


@given(scalars, scalars)
def test_an_order_moves_only_what_it_names(items: list[int], order: list[int]) -> None:
    result = apply_order(items, order, items, "")
    assert sorted(result) == sorted(items)
    assert [i for i in result if i in order] == [i for i in order if i in items]


def test_others_stay_before_what_they_stood_before() -> None:
    assert apply_order([1, 2, 3], [3, 1], [1, 2, 3], "") == [2, 3, 1]
    assert apply_order([9, 1, 2], [1, 2], [9, 1, 2], "") == [9, 1, 2]


def test_numbers_and_booleans_differ() -> None:
    assert delete_scalars([1, True, "1"], [1]) == [True, "1"]


@pytest.mark.parametrize(("item", "key"), [({}, "name"), (1, "name"), ([], ""), ({"n": {}}, "n")])
def test_what_has_no_identity_is_a_bad_request(item: Any, key: str) -> None:
    with pytest.raises(StatusError):
        identity(item, key)
