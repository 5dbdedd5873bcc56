"""The leader's side of leases: the log's time, and the end of leases that are due.

Job: stamp commands with the log's time, propose an expiry when one is due (one timer, none if there
is no lease). Must not know: what hangs on leases. The log's time passes while a leader leads and
stands still between two leaders, so a lease never lasts shorter than its TTL.
"""

import asyncio
from collections.abc import Callable

from cluster.errors import NotLeader, Overloaded
from cluster.state.commands import Command, LeaseExpireCommand
from cluster.state.mvcc import StateMachine

# After a refusal (a leader that is handing over), look again so much later.
AGAIN_SECONDS = 0.25


class LeaseKeeper:
    """``machine`` gives the present state; ``propose`` puts a command into the log and may raise
    NotLeader, Overloaded."""

    def __init__(
        self, machine: Callable[[], StateMachine], propose: Callable[[Command], object]
    ) -> None:
        self._machine = machine
        self._propose = propose
        self._leading = False
        self._began = 0.0
        self._base = 0
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0
        self._proposed = 0

    def lead(self, leading: bool) -> None:
        """This replica has begun, or ceased, to lead."""
        self._leading = leading
        self._cancel()
        if leading:
            self._began = asyncio.get_running_loop().time()
            self._base = self._machine().time
            self._proposed = 0
            self.look()

    def now(self) -> int:
        """The log's time in milliseconds, if this replica leads."""
        if not self._leading:
            return self._machine().time
        passed = asyncio.get_running_loop().time() - self._began
        return max(self._machine().time, self._base + int(passed * 1000))

    def look(self) -> None:
        """State was applied: set the timer for the lease that ends first."""
        if not self._leading:
            return
        due = self._machine().next_expiry()
        if due is None:
            self._cancel()
        elif self._timer is None or due != self._due:
            self._cancel()
            self._due = due
            # A millisecond later than due: the log's time is in whole ones.
            seconds = max(0.0, (due - self.now() + 1) / 1000)
            if due <= self._proposed:
                # The expiry of that one is in the log already.
                seconds = max(seconds, AGAIN_SECONDS)
            self._timer = asyncio.get_running_loop().call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = self.now()
        if now >= self._due:
            try:
                self._propose(LeaseExpireCommand(now))
                self._proposed = now
            except (NotLeader, Overloaded):
                self._proposed = self._due
        self.look()

    def close(self) -> None:
        """Stop the timer."""
        self._leading = False
        self._cancel()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
