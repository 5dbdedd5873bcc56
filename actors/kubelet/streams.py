"""Exec, attach and connections into this node's pods, for API servers and nobody else.

One session per stream that is opened; it ends when its process or connection ends, when its reader
goes away, or when either side breaks the rules of ``cluster.messages.streams``, and leaves no
process behind. Must not know: HTTP, which protocol the client speaks.
"""

import asyncio
from collections.abc import Awaitable, Callable

from actors.kit.actor import Actor, Delivery, Sink
from actors.kit.together import until_first
from actors.kit.world.containers import Container, ContainerRuntime, ProcessStreams, RuntimeFault
from actors.kubelet import labels, pod_spec
from actors.kubelet.container_logs import refuse
from actors.kubelet.pod_network import Connection, PodNetwork
from actors.kubelet.pod_view import PodView
from actors.kubelet.stream_input import SessionInput
from cluster.api.types import Object
from cluster.errors import Overloaded, PeerFault, StatusError
from cluster.messages.base import Message
from cluster.messages.streams import (
    CHUNK_BYTES_MAX,
    STDERR,
    STDOUT,
    InputTaken,
    OpenAttach,
    OpenDial,
    OpenExec,
    ProcessExited,
    StreamEnded,
    StreamInput,
    StreamOpened,
    StreamOutput,
    StreamResize,
)

# Sessions of one node: each is a process or a socket, and a few buffers.
SESSIONS_MAX = 500
DIAL_SECONDS = 30.0
LOOPBACK = "127.0.0.1"

# (namespace, name) → the pod and its containers. Raises StatusError 404, RuntimeFault.
FindPod = Callable[[str, str], Awaitable[tuple[Object, PodView]]]


class StreamsActor(Actor):
    """``node_address``: where a hostNetwork pod, and the node itself, is dialled."""

    def __init__(
        self,
        find_pod: FindPod,
        runtime: ContainerRuntime,
        network: PodNetwork,
        node_address: str,
    ) -> None:
        self._find_pod = find_pod
        self._runtime = runtime
        self._network = network
        self._node_address = node_address
        self._sessions: dict[str, SessionInput] = {}

    async def handle(self, message: Message, delivery: Delivery) -> None:
        if not isinstance(message, StreamInput | StreamResize):
            await super().handle(message, delivery)
            return
        _check(delivery)
        session = self._sessions.get(message.session)
        # One that is unknown has just ended.
        if session is not None and session.opener == delivery.principal.process:
            session.put(message)

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        _check(delivery)
        if not isinstance(message, OpenExec | OpenAttach | OpenDial):
            await super().serve(message, sink, delivery)
            return
        if len(self._sessions) >= SESSIONS_MAX:
            raise Overloaded(f"the node serves {SESSIONS_MAX} streams already")
        if message.session in self._sessions:
            raise PeerFault("the session's name is taken")
        waiting = self._sessions[message.session] = SessionInput(delivery.principal.process)
        try:
            await self._session(message, waiting, sink)
        except RuntimeFault as fault:
            raise refuse(500, "InternalError", f"container runtime: {fault}") from fault
        finally:
            self._sessions.pop(message.session, None)

    async def _session(
        self, message: OpenExec | OpenAttach | OpenDial, waiting: SessionInput, sink: Sink
    ) -> None:
        if isinstance(message, OpenDial):
            connection = await self._dial(message)
            try:
                await sink.send(StreamOpened())
                await _relay(connection, waiting, sink)
            finally:
                await connection.close()
            return
        process = await self._process(message)
        try:
            await sink.send(StreamOpened())
            await until_first(
                _feed(process, waiting, sink, message.stdin), _drain(process, message, sink)
            )
            if isinstance(message, OpenExec):
                await sink.send(ProcessExited(await process.exit_code()))
        finally:
            await process.close()

    async def _process(self, message: OpenExec | OpenAttach) -> ProcessStreams:
        _, view = await self._find_pod(message.namespace, message.pod)
        target = _running(view, message.container)
        try:
            if isinstance(message, OpenAttach):
                return await self._runtime.open_attach(target.id, message.stdin)
            return await self._runtime.open_exec(
                target.id, message.command, message.stdin, message.tty
            )
        except RuntimeFault as fault:
            if fault.status in (404, 409):
                raise _not_found(message.container) from fault
            raise

    async def _dial(self, message: OpenDial) -> Connection:
        pid, address = 0, self._node_address
        if message.pod:
            pod, view = await self._find_pod(message.namespace, message.pod)
            sandbox = view.sandbox
            if sandbox is None or sandbox.state != "running":
                raise refuse(400, "BadRequest", f"pod {message.pod} is not running")
            own = not pod_spec.is_host_network(pod)
            if message.inside:
                pid, address = sandbox.pid if own else 0, LOOPBACK
            elif own:
                address = sandbox.labels.get(labels.ADDRESS, "")
        try:
            return await self._network.dial(pid, address, message.port, DIAL_SECONDS)
        except OSError as error:
            why = f"dial tcp {address}:{message.port}: {_reason(error)}"
            raise refuse(503, "ServiceUnavailable", why) from error


async def _feed(process: ProcessStreams, waiting: SessionInput, sink: Sink, stdin: bool) -> None:
    """Input to the process, for ever: its end is not this one's."""
    while True:
        item = await waiting.get()
        if isinstance(item, StreamResize):
            await process.resize(item.width, item.height)
            continue
        if item.data and stdin:
            await process.write(item.data)
        if item.data:
            waiting.taken(len(item.data))
            await sink.send(InputTaken(len(item.data)))
        if item.last and stdin:
            await process.write_eof()


async def _drain(process: ProcessStreams, message: OpenExec | OpenAttach, sink: Sink) -> None:
    """Output of the process, until it has closed it."""
    wanted = {STDOUT: message.stdout, STDERR: message.stderr}
    while (piece := await process.read()) is not None:
        channel, data = piece
        if wanted.get(channel):
            for start in range(0, len(data), CHUNK_BYTES_MAX):
                await sink.send(StreamOutput(channel, data[start : start + CHUNK_BYTES_MAX]))


async def _relay(connection: Connection, waiting: SessionInput, sink: Sink) -> None:
    """Both ways until both ends have said all, or the connection breaks."""
    said_all = asyncio.Event()

    async def there() -> None:
        while True:
            item = await waiting.get()
            if isinstance(item, StreamResize):
                continue
            if item.data:
                await connection.write(item.data)
                waiting.taken(len(item.data))
                await sink.send(InputTaken(len(item.data)))
            if item.last:
                await connection.write_eof()
                await said_all.wait()
                return

    async def back() -> None:
        while data := await connection.read():
            for start in range(0, len(data), CHUNK_BYTES_MAX):
                await sink.send(StreamOutput(STDOUT, data[start : start + CHUNK_BYTES_MAX]))
        await sink.send(StreamEnded())
        said_all.set()
        await asyncio.Event().wait()

    try:
        await until_first(there(), back())
    except OSError as error:
        raise refuse(503, "ServiceUnavailable", f"the connection broke: {error}") from error


def _running(view: PodView, name: str) -> Container:
    found = view.latest(name)
    if found is None or found.state != "running":
        raise _not_found(name)
    return found


def _not_found(container: str) -> StatusError:
    text = f'unable to upgrade connection: container not found ("{container}")'
    return refuse(500, "InternalError", f"Internal error occurred: {text}")


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "i/o timeout"
    if isinstance(error, ConnectionRefusedError):
        return "connect: connection refused"
    return error.strerror or str(error)


def _check(delivery: Delivery) -> None:
    if not delivery.principal.is_trusted:
        raise PeerFault(f"{delivery.principal.user} may not reach into pods past the API server")
