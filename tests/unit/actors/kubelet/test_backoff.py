"""Waits between tries."""

from hypothesis import given
from hypothesis import strategies as st

from actors.kubelet import backoff
from actors.kubelet.backoff import Backoff


def test_first_restart_is_immediate_then_it_doubles_to_a_bound() -> None:
    state, now, waits = None, 1000.0, []
    for _ in range(8):
        failed_at = now + 1
        wait = backoff.remaining(state, failed_at, failed_at)
        waits.append(wait)
        now = failed_at + wait
        state = backoff.advance(state, now)
    assert waits == [0, 10, 20, 40, 80, 160, 300, 300]


def test_a_try_that_held_starts_over() -> None:
    old = Backoff(300, 1000)
    assert backoff.remaining(old, 1601, 1601) == 0
    assert backoff.advance(old, 1601).delay == 10
    assert backoff.advance(old, 1599).delay == 300


def test_steps_have_their_own_first_delay() -> None:
    assert backoff.advance(None, 5, 0.5) == Backoff(0.5, 5)


def test_words() -> None:
    assert [backoff.words(s) for s in (10, 80, 300)] == ["10s", "1m20s", "5m0s"]


@given(st.floats(0, 1e4), st.floats(0, 1e4))
def test_remaining_is_never_negative(delay: float, later: float) -> None:
    assert 0 <= backoff.remaining(Backoff(delay, 100), 100, 100 + later) <= delay + 1e-6
