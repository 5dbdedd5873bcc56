"""Bytes on a way that is long, narrow, lossy or cut: they arrive late, in order.

It stands between a connection and its socket, and holds a bounded number of bytes: what is more
stays with the connection. Must not know: frames, what is wrong with the way.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from actors.kit.transports.ways import Way
from cluster.limits import MIB

# Under way at once: 100 ms of 40 MB/s.
PIPE_BYTES_MAX = 4 * MIB


class Pipe:
    """``write``: the socket's. ``drained``: called when there is room again."""

    def __init__(
        self, way: Way, write: Callable[[bytes], None], drained: Callable[[], None]
    ) -> None:
        self._way = way
        self._write = write
        self._drained = drained
        self._loop = asyncio.get_running_loop()
        self._queue: deque[tuple[float, bytes]] = deque()
        self._bytes = 0
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def full(self) -> bool:
        """Whether to give it nothing more for now."""
        return self._bytes >= PIPE_BYTES_MAX or (bool(self._way.cut) and bool(self._queue))

    def put(self, data: bytes) -> None:
        """Take bytes; they arrive when the way lets them."""
        if not self._queue and self._way.clear:
            self._write(data)
            return
        if self._way.cut:
            self._way.held()
        now = self._loop.time()
        self._last = max(self._last, self._way.due(now, len(data)))
        self._queue.append((self._last, data))
        self._bytes += len(data)
        self._arm()

    def turn(self) -> None:
        """The way has changed: what it no longer holds up need not wait as long as it was to."""
        limit = self._loop.time() + self._way.longest
        self._last = min(self._last, limit)
        self._queue = deque((min(due, limit), data) for due, data in self._queue)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._arm()

    def flush(self) -> None:
        """The connection is about to be closed: all that is not held leaves at once."""
        if not self._way.cut:
            while self._queue:
                self._write(self._queue.popleft()[1])
        self.close()

    def close(self) -> None:
        """What is under way is lost."""
        self._queue.clear()
        self._bytes = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._timer is None and self._queue and not self._way.cut:
            self._timer = self._loop.call_at(self._queue[0][0], self._arrive)

    def _arrive(self) -> None:
        self._timer = None
        was_full = self.full
        # A timer may fire a clock tick early.
        now = self._loop.time() + 0.0005
        while self._queue and self._queue[0][0] <= now:
            data = self._queue.popleft()[1]
            self._bytes -= len(data)
            self._write(data)
        self._arm()
        if was_full and not self.full:
            self._drained()
