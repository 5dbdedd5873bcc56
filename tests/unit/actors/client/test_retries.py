"""Which failures may be tried again."""

import pytest

from actors.client import retries
from cluster.errors import (
    ActorDown,
    AskTimeout,
    Fenced,
    NotLeader,
    Overloaded,
    StatusError,
    SteersmanError,
)


def status(code: int) -> StatusError:
    return StatusError({"code": code, "details": {"retryAfterSeconds": 3}})


@pytest.mark.parametrize(
    ("error", "safe", "unsafe", "switch"),
    [
        (ActorDown("x"), True, False, True),
        (AskTimeout("x"), True, False, True),
        (NotLeader("x"), True, False, True),
        (Overloaded("x"), True, True, False),
        (Fenced("x"), False, False, False),
        (status(404), False, False, False),
        (status(409), False, False, False),
        (status(429), True, True, False),
        (status(503), True, False, True),
        (status(500), False, False, False),
    ],
)
def test_rules(error: SteersmanError, safe: bool, unsafe: bool, switch: bool) -> None:
    assert retries.may_repeat(error, "safe") is safe
    assert retries.may_repeat(error, "unsafe") is unsafe
    assert retries.should_switch(error) is switch


def test_backoff_doubles_up_to_a_bound() -> None:
    steps = [retries.backoff(attempt, 0.999) for attempt in range(50)]
    assert steps == sorted(steps) and steps[-1] <= retries.BACKOFF_MAX_SECONDS
    assert retries.backoff(3, 0.0) == pytest.approx(retries.backoff(3, 1.0) / 2)


def test_retry_after() -> None:
    assert retries.retry_after(status(429)) == 3.0
    assert retries.retry_after(ActorDown("x")) == 0.0
