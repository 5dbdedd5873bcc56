"""A process's door: a unix socket through which its machine's owner asks it things directly.

It needs no network, no quorum and no API server, so it answers when all of those are broken. One
JSON object per line in, one per line out: ``{"op": NAME, ...}`` → ``{"ok": true, ...}`` or ``{"ok":
false, "error": TEXT}``. Only the process's own user and root are let in (SO_PEERCRED of unix(7)).
Must not know: what is asked.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson

from actors.kit.tracing import CURRENT
from cluster.limits import MIB

Ask = dict[str, Any]
# Raises ValueError for what cannot be; its text is the answer.
Op = Callable[[Ask], Awaitable[Ask] | Ask]

LINE_BYTES_MAX = 4 * MIB
CALLERS_MAX = 16


class Door:
    """Listens at ``path`` from ``open`` to ``close``. ``ops``: what can be asked, by name."""

    def __init__(self, path: Path, ops: dict[str, Op]) -> None:
        self._path = path
        self._ops = ops
        self._server: asyncio.Server | None = None
        self._closing = False
        self._callers: dict[asyncio.Task[None], None] = {}

    async def open(self) -> None:
        """Listen. Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # A socket's path has at most 107 bytes (unix(7)); a folder's own may have more.
            listener.bind(f"/proc/self/fd/{folder}/{self._path.name}")
        finally:
            os.close(folder)
        self._path.chmod(0o600)
        self._server = await asyncio.start_unix_server(
            self._greet, sock=listener, limit=LINE_BYTES_MAX
        )

    async def close(self) -> None:
        """Listen no more."""
        if self._server is None:
            return
        self._closing = True
        self._server.close()
        self._path.unlink(missing_ok=True)
        for task in list(self._callers):
            task.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._callers) >= CALLERS_MAX or not _welcome(writer):
            writer.close()
            return
        self._callers[task] = None
        try:
            while line := await reader.readline():
                writer.write(orjson.dumps(await self._answer(line), default=repr) + b"\n")
                await writer.drain()
        except (OSError, ValueError):
            # Gone, or a line without end.
            pass
        except asyncio.CancelledError:
            # By ``close``. (What asyncio runs this with logs a task that was cancelled as a fault.)
            if not self._closing:
                raise
        finally:
            self._callers.pop(task, None)
            writer.close()

    async def _answer(self, line: bytes) -> Ask:
        # What is asked here belongs to nobody's trace.
        CURRENT.set("")
        try:
            ask = orjson.loads(line)
            op = self._ops.get(ask.get("op", "")) if isinstance(ask, dict) else None
            if op is None:
                raise ValueError(f"ops are: {', '.join(sorted(self._ops))}")
            answer = op(ask)
            return {"ok": True, **(answer if isinstance(answer, dict) else await answer)}
        except ValueError as error:
            return {"ok": False, "error": str(error)}


def _welcome(writer: asyncio.StreamWriter) -> bool:
    connection = writer.get_extra_info("socket")
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", raw)
    return uid in (0, os.getuid())
