"""Restart decisions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kit.supervisor import RestartPolicy, RestartWindow


def test_backoff_doubles_up_to_the_maximum() -> None:
    window = RestartWindow(RestartPolicy(backoff_first=1, backoff_max=5, intensity=9, period=100))
    assert [window.next_delay(n, 0.5) for n in range(5)] == [1, 2, 4, 5, 5]


def test_backoff_starts_anew_after_a_long_run() -> None:
    window = RestartWindow(RestartPolicy(backoff_first=1, intensity=9, period=10))
    assert window.next_delay(0, 0) == 1
    assert window.next_delay(1, 0) == 2
    assert window.next_delay(100, 98) == 1


def test_more_restarts_than_intensity_escalate() -> None:
    window = RestartWindow(RestartPolicy(intensity=2, period=10))
    assert window.next_delay(0, 0) is not None
    assert window.next_delay(1, 0) is not None
    assert window.next_delay(2, 0) is None


def test_restarts_outside_the_period_do_not_count() -> None:
    window = RestartWindow(RestartPolicy(intensity=1, period=10))
    assert window.next_delay(0, 0) is not None
    assert window.next_delay(11, 0) is not None


@pytest.mark.parametrize(
    ("restart", "crashed", "wanted"),
    [
        ("permanent", False, True),
        ("permanent", True, True),
        ("transient", False, False),
        ("transient", True, True),
        ("temporary", True, False),
    ],
)
def test_which_ends_are_followed_by_a_restart(restart: str, crashed: bool, wanted: bool) -> None:
    assert RestartPolicy(restart=restart).wants_restart(crashed) is wanted  # type: ignore[arg-type]


@given(st.lists(st.floats(0, 5), max_size=60))
def test_never_more_than_intensity_within_a_period(gaps: list[float]) -> None:
    policy = RestartPolicy(intensity=3, period=10)
    window, now, granted = RestartWindow(policy), 0.0, []
    for gap in gaps:
        now += gap
        delay = window.next_delay(now, gap)
        if delay is None:
            break
        assert 0 < delay <= policy.backoff_max
        granted.append(now)
        assert sum(1 for time in granted if now - time <= policy.period) <= policy.intensity


def test_what_passes_by_itself_is_waited_for_without_end() -> None:
    policy = RestartPolicy(
        backoff_first=1, backoff_max=4, intensity=2, period=100, passing=(TimeoutError,)
    )
    window = RestartWindow(policy)
    assert [window.next_delay(n, 0.0, passing=True) for n in range(6)] == [1, 2, 4, 4, 4, 4]
    # Other crashes count as ever.
    assert window.next_delay(6, 0.0) is not None
    assert window.next_delay(7, 0.0) is not None
    assert window.next_delay(8, 0.0) is None


def test_the_cause_of_a_crash_counts_as_its_kind() -> None:
    policy = RestartPolicy(passing=(TimeoutError,))
    later = RuntimeError("failed before")
    later.__cause__ = TimeoutError("first")
    assert policy.waits_for(TimeoutError())
    assert policy.waits_for(later)
    assert not policy.waits_for(RuntimeError())
    assert not policy.waits_for(None)
    assert not RestartPolicy().waits_for(TimeoutError())
