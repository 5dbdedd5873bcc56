"""Seats by what a request takes."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.api.work_estimates import (
    LIST_SEATS_MAX,
    ONE,
    Stored,
    Work,
    most,
    of_list,
    of_write,
)


def test_lists_by_what_they_look_at() -> None:
    pods = Stored(1000, 4000.0)
    assert of_list(Stored(0, 0.0), 0, False, 600) is ONE
    assert of_list(Stored(25, 4000.0), 0, False, 600) is ONE
    assert of_list(Stored(26, 4000.0), 0, False, 600) == Work(2)
    assert of_list(pods, 0, False, 600) == Work(40)
    assert of_list(pods, 50, False, 600) == Work(2), "a page"
    assert of_list(pods, 50, True, 600) == Work(20), "a page of what is chosen"
    assert of_list(pods, 900, True, 600) == Work(36)
    assert of_list(pods, 0, True, 600) == Work(40)
    assert of_list(pods, 2000, True, 600) == Work(40)


def test_no_more_than_a_part_of_the_level() -> None:
    assert [most(seats, 100) for seats in (1, 6, 7, 49, 245, 600, 5000)] == [
        1,
        1,
        2,
        8,
        37,
        90,
        100,
    ]
    assert of_list(Stored(10**9, 1.5e6), 0, False, 49) == Work(8)
    assert of_list(Stored(10**9, 1.5e6), 0, False, 5000) == Work(LIST_SEATS_MAX)


def test_writes_by_who_is_woken() -> None:
    assert of_write(9, 600) is ONE
    assert of_write(10, 600) == Work(1, 1, 0.005)
    assert of_write(31, 600) == Work(1, 4, 0.005)
    assert of_write(1000, 600) == Work(1, 10, 0.05)
    assert of_write(1000, 600).width == 10 and ONE.width == 1


@given(st.integers(0, 10**6), st.integers(1, 2000))
def test_the_work_of_a_write_is_the_same_however_narrow(watchers: int, seats: int) -> None:
    work = of_write(watchers, seats)
    assert work.width <= most(seats, 10)
    wanted = -(-watchers // 10) * 0.005 if watchers >= 10 else 0.0
    assert abs(work.final * work.extra - wanted) < 1e-6 * (1 + wanted)


@given(
    st.integers(0, 10**7), st.floats(0, 1.5e6), st.integers(0, 10**5), st.booleans(),
    st.integers(1, 5000),
)  # fmt: skip
def test_a_list_takes_a_seat_and_never_all(
    objects: int, size: float, limit: int, selective: bool, seats: int
) -> None:
    work = of_list(Stored(objects, size), limit, selective, seats)
    assert 1 <= work.seats <= most(seats, LIST_SEATS_MAX) and not work.final
    assert of_list(Stored(objects, size), limit, True, seats).seats >= work.seats
