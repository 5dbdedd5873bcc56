"""Entries that somebody here waits for, by the name (term, index) that each has in the log.

Job: the bounded table, and who is told what. Must not know: what entries mean; roles.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from cluster import limits
from cluster.errors import NotLeader, Overloaded
from cluster.state.commands import Command
from cluster.state.sessions import Outcome

Name = tuple[int, int]
Outcomes = tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """``future``: who waits here (None: another replica does, for what it applies itself).
    ``command``: decoded already, if it was proposed here. ``size``: bytes of its entry; ``since``:
    loop time."""

    future: "asyncio.Future[Outcomes] | None"
    trace: str
    size: int
    since: float
    command: Command | None = None


class Proposals:
    """``failed`` counts those whose outcome was never learnt."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.failed = 0
        self._now = now
        self._table: dict[Name, Pending] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._table)

    def check_room(self, size: int) -> None:
        """Raises Overloaded if there is none for another of ``size`` bytes."""
        full = len(self._table) >= limits.RAFT_PENDING_PROPOSALS_MAX
        if full or self._bytes + size > limits.RAFT_PENDING_BYTES_MAX:
            raise Overloaded("too many proposals wait for a quorum")

    def add(
        self, name: Name, size: int, trace: str, command: Command | None, waited_for: bool
    ) -> "asyncio.Future[Outcomes] | None":
        """Enter what was just put into the log, here or (``expect``) at the leader."""
        future = asyncio.get_running_loop().create_future() if waited_for else None
        self._table[name] = Pending(future, trace, size, self._now(), command)
        self._bytes += size
        return future

    def expect(self, name: Name) -> "asyncio.Future[Outcomes]":
        """The outcomes of an entry that the leader has put into the log for this replica."""
        future = self.add(name, 0, "", None, waited_for=True)
        assert future is not None
        return future

    def take(self, name: Name) -> Pending | None:
        """The entry is being applied: whoever waits is to be told."""
        pending = self._table.pop(name, None)
        if pending is not None:
            self._bytes -= pending.size
        return pending

    def keep_only(self, term: int) -> None:
        """Somebody leads ``term`` (0: nobody is known to): what was proposed under another may or
        may not be applied one day, and nobody should wait for it."""
        for name in [name for name in self._table if name[0] != term]:
            pending = self.take(name)
            assert pending is not None
            if pending.future is not None and not pending.future.done():
                self.failed += 1
                pending.future.set_exception(NotLeader("leadership was lost; outcome unknown"))

    def trace_of(self, name: Name) -> str:
        """Context of a proposal, so that the appends that carry it are part of its trace."""
        pending = self._table.get(name)
        return "" if pending is None else pending.trace
