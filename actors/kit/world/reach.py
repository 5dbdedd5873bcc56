"""Whether somebody accepts connections at an address. Must not know: who, or why it is asked."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

# (address, port, seconds) → whether it was accepted in time.
Reaches = Callable[[str, int, float], Awaitable[bool]]


async def reaches(address: str, port: int, seconds: float) -> bool:
    """Connect and hang up at once (RST, so that nothing of it stays). ``address``: numeric."""
    dial = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        dial.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(dial, (address, port))
    except (OSError, TimeoutError):
        return False
    finally:
        dial.close()
    return True
