"""A client of exec or attach that speaks SPDY: a stream for each channel.

Must not know: kubelets. Source: Kubernetes' ``channel.k8s.io`` protocols v1 to v4 over SPDY: each
stream has a header ``streamType`` of error, stdin, stdout, stderr or resize.
"""

import asyncio

from actors.apiserver.streaming.connect import ConnectOptions
from actors.apiserver.streaming.exec_client import Target, error_text, parse_size
from actors.apiserver.streaming.spdy import SpdyConnection, SpdyStream
from actors.kit.together import until_first
from cluster.api.types import Object
from cluster.errors import PeerFault
from cluster.messages.streams import STDERR, STDOUT

VERSIONS = ("v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io")
WITH_RESIZE = VERSIONS[:2]
WITH_STATUS = VERSIONS[:1]
# Kubernetes' own bound on how long a client may take to open its streams.
STREAMS_SECONDS = 30.0
# How long a client may take to read the last bytes, and close.
CLOSE_SECONDS = 5.0
NAMES = {STDOUT: "stdout", STDERR: "stderr"}
# A size as JSON is some 30 bytes.
SIZE_BYTES_MAX = 1024


class SpdyClient:
    """Of one connection, which somebody else runs meanwhile."""

    def __init__(self, connection: SpdyConnection, version: str, options: ConnectOptions) -> None:
        self._connection = connection
        self._version = version
        self._wanted = ["error"]
        self._wanted += [name for name in ("stdin", "stdout", "stderr") if getattr(options, name)]
        if options.tty and version in WITH_RESIZE:
            self._wanted.append("resize")
        self._streams: dict[str, SpdyStream] = {}

    async def open(self) -> None:
        """Wait for all streams. Raises PeerFault if they do not come."""
        try:
            async with asyncio.timeout(STREAMS_SECONDS):
                while len(self._streams) < len(self._wanted):
                    stream = await self._connection.accept()
                    kind = stream.headers.get("streamtype", "")
                    if kind not in self._wanted or kind in self._streams:
                        raise PeerFault(f"a stream of type {kind!r}")
                    self._streams[kind] = stream
        except TimeoutError as error:
            raise PeerFault("the client did not open its streams") from error
        for kind in ("error", "stdout", "stderr"):
            if kind in self._streams:
                self._streams[kind].ignore()

    async def feed(self, target: Target) -> None:
        await until_first(self._feed_input(target), self._feed_sizes(target))

    async def send(self, channel: int, data: bytes) -> None:
        if NAMES[channel] in self._streams:
            await self._streams[NAMES[channel]].write(data)

    async def finish(self, outcome: Object) -> None:
        for name in ("stdout", "stderr"):
            if name in self._streams:
                await self._streams[name].finish()
        text = error_text(outcome, self._version in WITH_STATUS)
        if text:
            await self._streams["error"].write(text)
        await self._streams["error"].finish()

    async def close(self) -> None:
        """The client closes once it has read all: before that, its last bytes would be lost."""
        for stream in self._streams.values():
            await stream.finish()
        await asyncio.sleep(CLOSE_SECONDS)

    async def _feed_input(self, target: Target) -> None:
        stream = self._streams.get("stdin")
        if stream is not None:
            while data := await stream.read():
                await target.write(data)
            target.write_eof()
        await asyncio.Event().wait()

    async def _feed_sizes(self, target: Target) -> None:
        stream = self._streams.get("resize")
        if stream is not None:
            waiting = b""
            while data := await stream.read():
                *lines, waiting = (waiting + data).replace(b"}", b"}\n").split(b"\n")
                for size in filter(None, map(parse_size, lines)):
                    target.resize(size.width, size.height)
                if len(waiting) > SIZE_BYTES_MAX:
                    raise PeerFault("a terminal's size is too long")
        await asyncio.Event().wait()
