"""The launcher's door for faults: the unix socket of ``steersman chaos serve``.

One request a connection, a JSON line; answers are JSON lines, the last with ``done``. Must not
know: who may ask, what a fault does.
"""

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import orjson

from cluster.errors import ActorDown

LINE_BYTES_MAX = 256 * 1024
# Before the first line of an answer, and between two.
SILENT_SECONDS = 120.0
STATUS_SECONDS = 2.0
MISSING = "no launcher listens: `steersman chaos serve` lets this page break things"


def socket_path(data_dir: str) -> Path:
    """Where it is, if somebody serves."""
    return Path(data_dir) / "run" / "chaos.sock"


async def order(
    data_dir: str, user: str, command: tuple[str, ...], seconds: float = SILENT_SECONDS
) -> AsyncGenerator[dict[str, Any], None]:
    """``{"asked": True}`` at once, then the lines of its answer, the last with ``done``. Raises
    ActorDown if nobody serves there."""
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await _connect(socket_path(data_dir))
    except (OSError, TimeoutError) as error:
        raise ActorDown(MISSING) from error
    try:
        writer.write(orjson.dumps({"user": user, "command": command}) + b"\n")
        yield {"asked": True}
        while True:
            async with asyncio.timeout(seconds):
                line = await reader.readline()
            if not line:
                raise ActorDown("the launcher hung up")
            answer = orjson.loads(line)
            yield answer
            if answer.get("done"):
                return
    except (OSError, TimeoutError, ValueError) as error:
        raise ActorDown(f"the launcher does not answer: {error}") from error
    finally:
        writer.close()


async def _connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A socket's path has at most 107 bytes (unix(7)); a folder's own may have more."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        short = f"/proc/self/fd/{folder}/{path.name}"
        return await asyncio.open_unix_connection(short, limit=LINE_BYTES_MAX)
    finally:
        os.close(folder)


async def faults(data_dir: str) -> list[dict[str, Any]]:
    """Those that are active. Raises ActorDown."""
    if not socket_path(data_dir).exists():
        raise ActorDown(MISSING)
    async with aclosing(order(data_dir, "", ("status",), STATUS_SECONDS)) as answers:
        async for answer in answers:
            if answer.get("done"):
                return list(answer.get("faults") or ())
    return []
