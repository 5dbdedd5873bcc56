"""News of the commit index, held for a moment: the next append takes it along.

Job: fewer messages, where nobody at the other end waits. Must not know: roles, what is committed.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from cluster.raft.messages import AppendRequest, RaftRpc

# A closed loop of clients proposes again within this time; and a follower's watchers do not notice.
# (Loops count in milliseconds: it is one to two of them.)
HOLD_SECONDS = 0.002


class CommitNews:
    """``send`` takes what leaves."""

    def __init__(self, send: Callable[[Sequence[RaftRpc]], None]) -> None:
        self._send = send
        self._held: dict[str, RaftRpc] = {}
        # When the oldest that is held has to leave, in loop time.
        self._due = 0.0
        self._timer: asyncio.Handle | None = None

    def take(self, messages: Iterable[RaftRpc]) -> list[RaftRpc]:
        """What has to leave now of ``messages``; the rest is held."""
        now: list[RaftRpc] = []
        held = self._held
        for message in messages:
            if isinstance(message, AppendRequest):
                if message.quiet:
                    if not held:
                        self._due = asyncio.get_running_loop().time() + HOLD_SECONDS
                    held[message.to] = message
                    continue
                # It tells the commit index, too, and a newer one.
                held.pop(message.to, None)
            now.append(message)
        if held and self._timer is None:
            self._timer = asyncio.get_running_loop().call_at(self._due, self._ring)
        return now

    def hurry(self) -> None:
        """Somebody beyond waits for it: send what is held, after who waits here was told."""
        if self._held:
            self.close()
            self._timer = asyncio.get_running_loop().call_soon(self._flush)

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        """What the timer was set for may have been taken along meanwhile, and newer news come."""
        self._timer = None
        if not self._held:
            return
        loop = asyncio.get_running_loop()
        # (Less is a timer's grain.)
        if self._due - loop.time() > HOLD_SECONDS / 2:
            self._timer = loop.call_at(self._due, self._ring)
        else:
            self._flush()

    def _flush(self) -> None:
        self._timer = None
        held, self._held = self._held, {}
        if held:
            self._send(list(held.values()))
