"""A stream on which nothing happens for very long is ended. Must not know: what kind of stream.

Source: kubelet's streamingConnectionIdleTimeout, 4 h by default.
"""

import asyncio

IDLE_SECONDS = 4 * 3600.0


class Idle:
    """``seconds``: how long nothing may happen."""

    def __init__(self, seconds: float = IDLE_SECONDS) -> None:
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._last = self._loop.time()

    def stir(self) -> None:
        """Something happens."""
        self._last = self._loop.time()

    async def over(self) -> None:
        """Returns once nothing has happened for that long."""
        left = self._seconds
        while left > 0:
            await asyncio.sleep(left)
            left = self._last + self._seconds - self._loop.time()
