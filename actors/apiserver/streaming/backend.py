"""A connection to where a proxied request goes: a socket, whoever dialled.

Through a kubelet's session the socket is one end of a pair, and what passes through its other end
is the session's. Must not know: HTTP.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from actors.apiserver.environment import Environment
from actors.apiserver.streaming.proxy_target import Target, check_address
from actors.apiserver.streaming.session import Session, new_name
from actors.kit.together import Together, until_first
from cluster.api import status
from cluster.errors import StatusError
from cluster.messages.streams import CHUNK_BYTES_MAX, OpenDial, StreamEnded, StreamOutput

DIAL_SECONDS = 30.0


@asynccontextmanager
async def dialled(environment: Environment, target: Target) -> AsyncIterator[socket.socket]:
    """The socket, as long as the block lasts. Raises StatusError 503, in Kubernetes' words."""
    if not target.node:
        yield await _direct(target)
        return
    namespace, pod = target.pod or ("", "")
    opening = OpenDial(new_name(environment), namespace, pod, target.port)
    session = Session(environment, target.node, opening)
    try:
        await session.__aenter__()
    except StatusError as error:
        raise unreachable(error) from error
    try:
        near, far = socket.socketpair()
        near.setblocking(False)
        async with Together() as group:
            group.start(_carry(session, far))
            yield near
    finally:
        await session.__aexit__(None, None, None)


def unreachable(error: Exception) -> StatusError:
    """For the client."""
    return status.service_unavailable(f"error trying to reach service: {error}")


async def _direct(target: Target) -> socket.socket:
    refused = check_address(target.address)
    if refused is not None:
        raise refused
    made = socket.socket()
    made.setblocking(False)
    connected = False
    try:
        async with asyncio.timeout(DIAL_SECONDS):
            await asyncio.get_running_loop().sock_connect(made, (target.address, target.port))
        connected = True
    except OSError as error:
        raise unreachable(error) from error
    finally:
        if not connected:
            made.close()
    return made


async def _carry(session: Session, far: socket.socket) -> None:
    """Both ways, until the session is over."""
    reader, writer = await asyncio.open_unix_connection(sock=far)

    async def there() -> None:
        while data := await reader.read(CHUNK_BYTES_MAX):
            await session.write(data)
        session.write_eof()
        await asyncio.Event().wait()

    async def back() -> None:
        while (item := await session.read()) is not None:
            if isinstance(item, StreamOutput):
                writer.write(item.data)
                await writer.drain()
            elif isinstance(item, StreamEnded):
                writer.write_eof()

    try:
        # Either end may break it: whoever reads the near end finds out.
        with suppress(ConnectionError, StatusError):
            await until_first(there(), back(), session.idle.over())
    finally:
        writer.close()
