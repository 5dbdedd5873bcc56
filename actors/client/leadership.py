"""The leader gate: run something only while this replica leads, with the term as its fence.

Job: follow ``WatchLeadership`` of the replica's own store and start or stop what must run on the
leader only. A lost stream counts as lost leadership: stopping early is safe, the fence makes
stopping late safe too. Must not know: what it starts.
"""

import asyncio
from collections.abc import Awaitable, Callable

from actors.kit.context import Context
from cluster.errors import SteersmanError
from cluster.messages.store import Leadership, WatchLeadership
from cluster.names import STORE, address

RETRY_SECONDS = 0.1


class LeaderGate:
    """``run`` forever as an owned task; ``start(term)`` and ``stop()`` are called in turns."""

    def __init__(
        self,
        ctx: Context,
        replica: str,
        start: Callable[[int], Awaitable[None]],
        stop: Callable[[], Awaitable[None]],
    ) -> None:
        self._ctx = ctx
        self._store = address(STORE, replica)
        self._start = start
        self._stop = stop
        # The term of what runs now; 0: nothing runs.
        self.term = 0

    async def run(self) -> None:
        """Follow the leadership until cancelled."""
        while True:
            try:
                async with self._ctx.ref(self._store).stream(WatchLeadership()) as stream:
                    async for item in stream:
                        assert isinstance(item, Leadership), item
                        await self._become(item.term if item.leading else 0)
            except SteersmanError as error:
                self._ctx.log.debug("leadership.unknown", error=str(error))
            await self._become(0)
            await asyncio.sleep(RETRY_SECONDS)

    async def _become(self, term: int) -> None:
        if term == self.term:
            return
        if self.term:
            self._ctx.note("leadership.lost", self._store, term=self.term)
            self.term = 0
            await self._stop()
        if term:
            self.term = term
            self._ctx.note("leadership.gained", self._store, term=term)
            await self._start(term)
