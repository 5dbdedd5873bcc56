"""A thread that does blocking work in order, and tells the loop: leaner than an executor, whose
cost is a good part of a quick disk's sync. Must not know: what the work is.
"""

import asyncio
import queue
import threading
from collections.abc import Callable

Work = Callable[[], None]
Job = tuple[Work, asyncio.AbstractEventLoop, "asyncio.Future[None]"]


class FileThread:
    """Begins with the first work. ``end`` ends it once all that was asked before is done."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._started = False

    def do(self, work: Work) -> "asyncio.Future[None]":
        """Ask for work. It is done also if the future is cancelled; what it raises is the future's
        exception."""
        if not self._started:
            self._started = True
            # A process that ends does not wait for a disk that stands still.
            threading.Thread(target=self._run, name=self._name, daemon=True).start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._jobs.put((work, loop, future))
        return future

    def end(self) -> None:
        """No work is asked for any more."""
        self._jobs.put(None)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            work, loop, future = job
            error: Exception | None = None
            try:
                work()
            except Exception as raised:
                error = raised
            try:
                loop.call_soon_threadsafe(_resolve, future, error)
            except RuntimeError:
                # The loop is closed: nobody waits.
                continue


def _resolve(future: "asyncio.Future[None]", error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
