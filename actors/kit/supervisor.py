"""Restart decisions, as Erlang/OTP's supervisor makes them. Pure: time is an argument.

Must not know: what is restarted.
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal


class Unrecoverable(Exception):
    """A restart cannot help: a person must act. Ends the process at once, and the text tells that
    person what is wrong and what to do."""


@dataclass(frozen=True)
class RestartPolicy:
    """When and how quickly an actor that ended comes back. Times are seconds.

    ``restart``: permanent (always), transient (only after a crash) or temporary (never). The wait
    before a restart doubles from ``backoff_first`` to ``backoff_max`` and starts anew once the
    actor has run for ``period``. More than ``intensity`` restarts within ``period`` escalate: the
    parent crashes with the child's error (OTP design principles, "Maximum Restart Intensity").
    Crashes of a ``passing`` kind (as of a full disk: room comes back) do not count for that, once
    the actor has started well.
    """

    restart: Literal["permanent", "transient", "temporary"] = "permanent"
    backoff_first: float = 0.1
    backoff_max: float = 10.0
    intensity: int = 5
    period: float = 30.0
    passing: tuple[type[BaseException], ...] = ()

    def waits_for(self, failure: BaseException | None) -> bool:
        """Whether what it crashed of, or the cause of that, passes by itself."""
        while failure is not None:
            if isinstance(failure, self.passing):
                return True
            failure = failure.__cause__
        return False

    def wants_restart(self, crashed: bool) -> bool:
        """Whether an actor that ended, by a crash or not, is to run again."""
        return self.restart == "permanent" or (self.restart == "transient" and crashed)


class RestartWindow:
    """Counts one actor's restarts."""

    def __init__(self, policy: RestartPolicy) -> None:
        self._policy = policy
        self._times: deque[float] = deque()
        self._streak = 0

    def next_delay(self, now: float, ran: float, passing: bool = False) -> float | None:
        """Seconds to wait before the restart decided at ``now``, after the actor had run for
        ``ran`` seconds. None: escalate. ``passing``: it crashed of something that passes."""
        policy = self._policy
        if ran >= policy.period:
            self._streak = 0
        while self._times and now - self._times[0] > policy.period:
            self._times.popleft()
        if not passing:
            if len(self._times) >= policy.intensity:
                return None
            self._times.append(now)
        delay = min(policy.backoff_max, policy.backoff_first * 2.0**self._streak)
        self._streak = min(self._streak + 1, 64)
        return delay
