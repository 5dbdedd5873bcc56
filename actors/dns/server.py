"""DNS over UDP and TCP on one address (RFC 1035 section 4.2, RFC 7766).

Must not know: what is answered; ``answer(packet, size)`` gives the bytes, None for silence.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from actors.dns.reply import TCP_BYTES_MAX

# (packet, transport is TCP) → answer.
Responder = Callable[[bytes, bool], bytes | None]

TCP_IDLE_SECONDS = 10
TCP_CONNECTIONS_MAX = 256
BACKLOG = 128


class DnsServer:
    """Listens once ``open`` returned."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._datagrams: asyncio.DatagramTransport | None = None
        self._listener: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    async def open(self, host: str, port: int) -> int:
        """Bind both transports to one port (``port`` 0: any); returns it. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._listener = await asyncio.start_server(
            self._serve, host, port, backlog=BACKLOG, limit=TCP_BYTES_MAX + 2
        )
        bound = int(self._listener.sockets[0].getsockname()[1])
        try:
            self._datagrams, _ = await loop.create_datagram_endpoint(
                lambda: Datagrams(self._responder), local_addr=(host, bound)
            )
        except OSError:
            await self.close()
            raise
        return bound

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._datagrams is not None:
            self._datagrams.close()
        if self._listener is not None:
            self._listener.close()
        for writer in tuple(self._connections):
            writer.close()
        if self._listener is not None:
            await self._listener.wait_closed()
        self._datagrams = self._listener = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Questions of one connection, one after the other, until it idles."""
        if len(self._connections) >= TCP_CONNECTIONS_MAX:
            writer.close()
            return
        self._connections.add(writer)
        try:
            while True:
                async with asyncio.timeout(TCP_IDLE_SECONDS):
                    length = int.from_bytes(await reader.readexactly(2), "big")
                    packet = await reader.readexactly(length)
                    found = self._responder(packet, True)
                    if found is None:
                        return
                    writer.write(len(found).to_bytes(2, "big") + found)
                    await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the client went away, or idles
        finally:
            self._connections.discard(writer)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class Datagrams(asyncio.DatagramProtocol):
    """One packet, one answer."""

    def __init__(self, responder: Responder) -> None:
        self._responder = responder
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        found = self._responder(data, False)
        if found is not None and self._transport is not None:
            self._transport.sendto(found, addr)

    def error_received(self, exc: Exception) -> None:
        """An ICMP error about an earlier answer: its client is gone."""
