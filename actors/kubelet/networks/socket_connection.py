"""A ``Connection`` on a real TCP socket. Must not know: who dialled."""

import asyncio
from contextlib import suppress

READ_BYTES = 32 * 1024


class SocketConnection:
    """Over asyncio's streams, which bound what waits both ways."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        return await self._reader.read(READ_BYTES)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def write_eof(self) -> None:
        with suppress(OSError, RuntimeError):  # it may be closed already
            self._writer.write_eof()

    async def close(self) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()
