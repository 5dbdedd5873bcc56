"""The input of one session, between the mailbox that it arrives in and the process that reads it.

Must not know: where the input comes from, who reads.
"""

import asyncio
from collections import deque

from cluster.errors import PeerFault
from cluster.messages.streams import INPUT_WINDOW_BYTES, StreamInput, StreamResize

# Resizes that wait; only the newest counts, so a peer that sends more has lost its mind.
RESIZES_MAX = 1024


class SessionInput:
    """A bounded queue with one reader. ``opener``: the process whose tells are taken."""

    def __init__(self, opener: str) -> None:
        self.opener = opener
        self._items: deque[StreamInput | StreamResize] = deque()
        self._held = 0
        self._expected = 0
        self._fault: PeerFault | None = None
        self._changed = asyncio.Event()

    def put(self, item: StreamInput | StreamResize) -> None:
        """What arrived. A gap, or more than the window, ends the session with PeerFault at its
        reader."""
        if item.sequence != self._expected:
            self._fail(f"input {self._expected} of the session was lost")
        self._expected += 1
        if isinstance(item, StreamInput):
            self._held += len(item.data)
        if self._held > INPUT_WINDOW_BYTES or len(self._items) > RESIZES_MAX:
            self._fail("more input than there was credit for")
        if self._fault is None:
            self._items.append(item)
        self._changed.set()

    async def get(self) -> StreamInput | StreamResize:
        """The next. Raises PeerFault."""
        while True:
            if self._fault is not None:
                raise self._fault
            if self._items:
                return self._items.popleft()
            self._changed.clear()
            await self._changed.wait()

    def taken(self, size: int) -> None:
        """So much of it has been written on."""
        self._held -= size

    def _fail(self, text: str) -> None:
        self._fault = self._fault or PeerFault(text)
        self._items.clear()
