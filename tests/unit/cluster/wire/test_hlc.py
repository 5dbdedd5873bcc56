"""The hybrid logical clock."""

from hypothesis import given
from hypothesis import strategies as st

from cluster.wire.hlc import AHEAD_SECONDS_MAX, COUNTER_BITS, HybridClock

WALL = st.floats(1.7e9, 1.8e9)


@given(st.lists(st.tuples(st.booleans(), WALL, st.integers(0, 2**63)), max_size=50))
def test_times_only_grow(steps: list[tuple[bool, float, int]]) -> None:
    clock, last = HybridClock(), 0
    for observes, wall, remote in steps:
        time = clock.observe(remote, wall) if observes else clock.tick(wall)
        assert time > last
        last = time


def test_a_receipt_is_later_than_its_send() -> None:
    ahead, behind = HybridClock(), HybridClock()
    sent = ahead.tick(1000.5)
    assert behind.observe(sent, 990.0) > sent


def test_a_clock_far_ahead_is_not_followed() -> None:
    wild, sane = HybridClock(), HybridClock()
    sent = wild.tick(1000.0 + 10 * AHEAD_SECONDS_MAX)
    assert abs((sane.observe(sent, 1000.0) >> COUNTER_BITS) - 1_000_000) < 10


def test_time_follows_the_wall() -> None:
    clock = HybridClock()
    assert abs((clock.tick(1234.567) >> COUNTER_BITS) - 1_234_567) < 2
