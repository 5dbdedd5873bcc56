"""One queue and the packets that wait in it: they come from the kernel, and go on in time.

Must not know: why they wait, which other queues there are.
"""

import asyncio
import random

from deploy.chaos.holding.line import Hold, Line
from deploy.chaos.holding.packet_queue import PacketQueue

# Packets in a row before anything else gets its turn.
READS_MAX = 64


class Lane:
    """Of the running loop, from now until ``close``, which closes the ``queue`` too."""

    def __init__(self, hold: Hold, queue: PacketQueue) -> None:
        self._queue = queue
        self._line = Line(hold)
        self._timer: asyncio.TimerHandle | None = None
        self._free = False
        asyncio.get_running_loop().add_reader(queue.socket, self._read)

    @property
    def number(self) -> int:
        """Of the queue."""
        return self._queue.number

    @property
    def taken(self) -> int:
        """How many packets have come so far."""
        return self._line.taken

    def release(self) -> None:
        """Everything goes on, now and from now on."""
        self._free = True
        self._queue.release(self._line.rest())
        while waiting := self._queue.read():
            self._take(waiting)
            self._queue.release(self._line.rest())

    def resume(self) -> None:
        """What comes from now on waits again."""
        self._free = False

    def close(self) -> None:
        """Everything goes on, and no more is taken."""
        asyncio.get_running_loop().remove_reader(self._queue.socket)
        self._forget()
        self.release()
        self._queue.close()

    def _read(self) -> None:
        for _ in range(READS_MAX):
            numbers = self._queue.read()
            if not numbers:
                break
            self._take(numbers)
        if self._free:
            self._queue.release(self._line.rest())
        self._wait()

    def _take(self, numbers: list[int]) -> None:
        now = asyncio.get_running_loop().time()
        for number in numbers:
            self._line.take(now, number, random.random())

    def _wait(self) -> None:
        """Until the next one may go on."""
        due = self._line.next()
        if self._timer is not None and due is not None and self._timer.when() <= due:
            return
        self._forget()
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due, self._let_go)

    def _let_go(self) -> None:
        self._forget()
        self._queue.release(self._line.due(asyncio.get_running_loop().time()))
        self._wait()

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
