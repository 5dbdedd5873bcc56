"""What waits for the connection to a peer, in the order it may leave. Pure.

Short envelopes leave at once, many in one write. Long ones leave in chunks, between which short
ones pass, so that a snapshot cannot delay a heartbeat. What has an order among itself (same
``lane``) keeps it. Must not know: sockets.
"""

from collections import deque
from collections.abc import Iterator

from cluster.errors import Overloaded
from cluster.limits import PEER_QUEUE_BYTES_MAX, PEER_QUEUE_MESSAGES_MAX
from cluster.wire.frame import CHUNK_BYTES, ENVELOPE, chunks, encode_frame, frame_header


class Outbox:
    """A bounded queue of encoded envelopes for one connection."""

    def __init__(
        self,
        bytes_max: int = PEER_QUEUE_BYTES_MAX,
        messages_max: int = PEER_QUEUE_MESSAGES_MAX,
    ) -> None:
        self._bytes_max = bytes_max
        self._messages_max = messages_max
        # Header and body by turns: they are copied once, when all are joined.
        self._short: deque[bytes] = deque()
        self._short_bytes = 0
        self._long: deque[tuple[str, bytes]] = deque()
        # Lanes with an envelope among the long ones: what follows must not overtake it.
        self._lanes: dict[str, int] = {}
        self._chunks: Iterator[bytes] | None = None
        self._next = b""
        self._bytes = 0
        # Messages that were put in, ever: counted by whoever knows what is one.
        self.count = 0

    def __len__(self) -> int:
        return len(self._short) // 2 + len(self._long)

    def put(self, lane: str, envelope: bytes, routine: bool) -> None:
        """Queue one. ``routine`` ones may overtake their lane. Raises Overloaded."""
        size = len(envelope)
        waiting = len(self._short) // 2 + len(self._long)
        full = self._bytes + size > self._bytes_max and self._bytes > 0
        if full or waiting >= self._messages_max:
            raise Overloaded(f"{waiting} messages, {self._bytes} bytes wait for the peer")
        self._bytes += size
        if size <= CHUNK_BYTES and (routine or lane not in self._lanes):
            self._short.append(frame_header(ENVELOPE, size))
            self._short.append(envelope)
            self._short_bytes += size
        else:
            self._long.append((lane, envelope))
            self._lanes[lane] = self._lanes.get(lane, 0) + 1

    def take_short(self, bytes_max: int = PEER_QUEUE_BYTES_MAX) -> bytes:
        """Short envelopes as frames, of so many bytes or a little more; b'' if there are none."""
        short = self._short
        if self._short_bytes <= bytes_max:
            data = b"".join(short)
            short.clear()
            taken = self._short_bytes
        else:
            taken, gathered = 0, []
            while taken < bytes_max:
                gathered.append(short.popleft())
                body = short.popleft()
                gathered.append(body)
                taken += len(body)
            data = b"".join(gathered)
        self._short_bytes -= taken
        self._bytes -= taken
        return data

    @property
    def short(self) -> bool:
        """Whether a short envelope waits: none of the long ones may leave before it."""
        return bool(self._short)

    def take_chunks(self, bytes_max: int) -> bytes:
        """Frames of the long envelopes, in order, of so many bytes or a little more; b'' if there
        is none."""
        gathered: list[bytes] = []
        size = 0
        while size < bytes_max and (frame := self.take_chunk()):
            gathered.append(frame)
            size += len(frame)
        return gathered[0] if len(gathered) == 1 else b"".join(gathered)

    def take_chunk(self) -> bytes:
        """The next frame of the long envelopes, b'' if there is none."""
        if self._chunks is None:
            if not self._long:
                return b""
            envelope = self._long[0][1]
            whole = len(envelope) <= CHUNK_BYTES
            self._chunks = (
                iter((encode_frame(ENVELOPE, envelope),)) if whole else chunks(envelope, 0)
            )
            self._next = next(self._chunks)
        frame, self._next = self._next, next(self._chunks, b"")
        if not self._next:
            self._finish_first()
        return frame

    def remaining(self) -> Iterator[bytes]:
        """The envelopes that have not left, or not whole, the short ones first."""
        for position, item in enumerate(self._short):
            if position % 2:
                yield item
        for _, envelope in self._long:
            yield envelope

    def _finish_first(self) -> None:
        lane, envelope = self._long.popleft()
        self._chunks = None
        self._bytes -= len(envelope)
        self._lanes[lane] -= 1
        if not self._lanes[lane]:
            del self._lanes[lane]
