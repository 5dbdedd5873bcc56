"""A SPDY connection's server side over a pipe: streams that the client opens, pings, the end.

Bounded: while one stream's reader lags behind, nothing is read from the connection (the protocol's
windows are not used, see ``cluster.wire.spdy_frames``). Must not know: what the streams are for.
"""

import asyncio
from collections import deque
from collections.abc import Mapping

from actors.apiserver.streaming.pipes import Pipe
from cluster.errors import PeerFault
from cluster.wire import spdy_frames as spdy

# What a stream's reader may leave waiting before the connection waits for it.
STREAM_BYTES_MAX = 128 * 1024
FRAME_BYTES_MAX = 32 * 1024
# Streams of one connection: two for each connection that is forwarded.
STREAMS_MAX = 1000


class SpdyStream:
    """One stream, opened by the client. ``headers``: names in lower case."""

    def __init__(
        self, connection: "SpdyConnection", number: int, headers: Mapping[str, str]
    ) -> None:
        self.number = number
        self.headers = headers
        self._connection = connection
        self._waiting: deque[bytes] = deque()
        self._held = 0
        self._ended = False
        self._broken = False
        self._ignored = False
        self._finished = False
        self._changed = asyncio.Event()

    async def read(self) -> bytes:
        """b"" once the client has said all. Raises ConnectionError if it broke the stream off."""
        while not self._waiting:
            if self._broken:
                raise ConnectionResetError("the stream was reset")
            if self._ended:
                return b""
            await self._changed.wait()
        piece = self._waiting.popleft()
        self._held -= len(piece)
        self._wake()
        return piece

    async def write(self, data: bytes) -> None:
        """Raises ConnectionError."""
        for start in range(0, len(data), FRAME_BYTES_MAX):
            if self._broken:
                raise ConnectionResetError("the stream was reset")
            piece = data[start : start + FRAME_BYTES_MAX]
            await self._connection.send(spdy.Data(self.number, piece))

    async def finish(self) -> None:
        """Nothing more from here."""
        if not self._finished and not self._broken:
            self._finished = True
            await self._connection.send(spdy.Data(self.number, fin=True))
            self._connection.forget(self)

    async def reset(self) -> None:
        """Break it off."""
        if not self._broken:
            self.end(broken=True)
            await self._connection.send(spdy.RstStream(self.number))

    def ignore(self) -> None:
        """What the client says on it is of no interest."""
        self._ignored = True
        self._waiting.clear()
        self._held = 0
        self._wake()

    # For the connection.

    @property
    def over(self) -> bool:
        """Both sides have said all."""
        return self._broken or (self._ended and self._finished)

    async def arrive(self, data: bytes, fin: bool) -> None:
        """What the client said; waits while the reader lags behind."""
        if data and not self._ignored and not self._ended:
            self._waiting.append(data)
            self._held += len(data)
            self._wake()
        if fin:
            self.end()
        while self._held > STREAM_BYTES_MAX and not self._broken:
            await self._changed.wait()

    def end(self, broken: bool = False) -> None:
        """No more will arrive."""
        self._ended = True
        self._broken = self._broken or broken
        self._wake()
        self._connection.forget(self)

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


class SpdyConnection:
    """``run`` must run all the time: it is what reads."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._decoder = spdy.Decoder()
        self._encoder = spdy.Encoder()
        self._streams: dict[int, SpdyStream] = {}
        self._opened: asyncio.Queue[SpdyStream] = asyncio.Queue(STREAMS_MAX)
        self._last = 0
        self._sending = asyncio.Lock()

    async def run(self) -> None:
        """Returns once the client has closed it. Raises ConnectionError, PeerFault."""
        try:
            while data := await self._pipe.read():
                for frame in self._decoder.feed(data):
                    await self._take(frame)
        finally:
            for stream in list(self._streams.values()):
                stream.end(broken=True)

    async def accept(self) -> SpdyStream:
        """The next stream that the client opens."""
        return await self._opened.get()

    async def send(self, frame: spdy.Frame) -> None:
        """Frames go out in the order of the calls: header blocks share one compression."""
        async with self._sending:
            await self._pipe.write(self._encoder.encode(frame))

    async def close(self) -> None:
        """Say good-bye. Streams that are open end."""
        try:
            await self.send(spdy.GoAway(self._last))
        except ConnectionError:
            return
        finally:
            await self._pipe.close()

    def forget(self, stream: SpdyStream) -> None:
        """If it is over."""
        if stream.over:
            self._streams.pop(stream.number, None)

    async def _take(self, frame: spdy.Frame) -> None:
        match frame:
            case spdy.SynStream():
                await self._open(frame)
            case spdy.Data():
                stream = self._streams.get(frame.stream)
                if stream is not None:
                    await stream.arrive(frame.data, frame.fin)
            case spdy.RstStream():
                stream = self._streams.get(frame.stream)
                if stream is not None:
                    stream.end(broken=True)
            case spdy.Ping() if frame.id % 2:
                await self.send(frame)

    async def _open(self, frame: spdy.SynStream) -> None:
        """Streams of clients have odd numbers that grow (section 2.3.2)."""
        if frame.stream % 2 == 0 or frame.stream <= self._last:
            raise PeerFault(f"SPDY stream {frame.stream} after {self._last}")
        self._last = frame.stream
        if len(self._streams) >= STREAMS_MAX:
            await self.send(spdy.RstStream(frame.stream, spdy.REFUSED_STREAM))
            return
        stream = self._streams[frame.stream] = SpdyStream(self, frame.stream, frame.headers)
        # The client listens to nothing on a stream before this.
        await self.send(spdy.SynReply(frame.stream))
        if frame.fin:
            stream.end()
        self._opened.put_nowait(stream)
