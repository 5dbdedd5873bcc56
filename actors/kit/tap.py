"""A look at a process's trace records as they are made: filtered, bounded, never in the way.

The recorder offers each record to each tap; what finds no room is counted. With no tap there is no
cost. Must not know: who reads, or how records travel.
"""

import asyncio
from collections import deque
from collections.abc import Iterable

from actors.kit.tracing import Kept, Step

BUFFERED_MAX = 2_000
BATCH_MAX = 500
# Records gather this long, so that a busy process sends few batches.
GATHER_SECONDS = 0.1
# What is known of addresses is forgotten beyond this many: sessions' actors come and go.
KNOWN_MAX = 10_000
# Messages that carry records: a tap that told of them would never fall silent.
OWN = ("TraceBatch",)


class Tap:
    """Parameters: see ``cluster.messages.tracing.WatchTrace``. One reader."""

    def __init__(
        self,
        actors: Iterable[str] = (),
        traces: Iterable[str] = (),
        routine: bool = False,
        rate: int = 0,
        buffered_max: int = BUFFERED_MAX,
    ) -> None:
        self._actors = tuple(actors)
        self._traces = frozenset(traces)
        self._routine = routine
        self._rate = rate
        self._buffered_max = buffered_max
        self._records: deque[Kept] = deque()
        self._missed = 0
        self._second = 0
        self._within = 0
        self._known: dict[str, bool] = {}
        self._waiter: asyncio.Future[None] | None = None

    def offer(self, record: Kept, routine: bool) -> None:
        """Keep the record if it is wanted and there is room."""
        if (routine and not self._routine) or not self._wants(record):
            return
        if len(self._records) >= self._buffered_max or not self._within_rate(record):
            self._missed += 1
            return
        self._records.append(record)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def take(self) -> tuple[list[Kept], int]:
        """Wait for records: those that gathered, and how many were missed since the last time."""
        if not self._records:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        await asyncio.sleep(GATHER_SECONDS)
        count = min(BATCH_MAX, len(self._records))
        missed, self._missed = self._missed, 0
        return [self._records.popleft() for _ in range(count)], missed

    def _wants(self, record: Kept) -> bool:
        if isinstance(record, Step):
            name, trace, places = record.msg, record.trace, (record.sender, record.to, "")
        else:
            name, trace = record.get("msg", ""), record.get("trace", "")
            places = (record.get("from", ""), record.get("to", ""), record.get("actor", ""))
        if name in OWN or (self._traces and trace not in self._traces):
            return False
        return not self._actors or any(self._concerns(place) for place in places if place)

    def _concerns(self, address: str) -> bool:
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            known = self._known[address] = any(is_of(address, actor) for actor in self._actors)
        return known

    def _within_rate(self, record: Kept) -> bool:
        if not self._rate:
            return True
        second = int(record.ts if isinstance(record, Step) else record.get("ts", 0.0))
        if second != self._second:
            self._second, self._within = second, 0
        self._within += 1
        return self._within <= self._rate


def is_of(address: str, actor: str) -> bool:
    """Whether an address is the actor's or its child's. ``actor``: an address, or a name that is
    meant on every process."""
    name, _, process = address.partition("@")
    wanted, _, where = actor.partition("@")
    same = name == wanted or name.startswith(wanted + "/")
    return same and (not where or where == process)
