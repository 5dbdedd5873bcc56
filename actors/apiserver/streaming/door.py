"""Where streams come in by HTTP: which protocol the client speaks, and who serves it.

Must not know: bytes of any protocol, kubelets.
"""

from contextlib import suppress

from aiohttp import web

from actors.apiserver.call import Call, Caller
from actors.apiserver.environment import Environment
from actors.apiserver.front_desk import FrontDesk, Visit
from actors.apiserver.rest_path import ResourcePath
from actors.apiserver.streaming import connect, forward, pipes, spdy_client
from actors.apiserver.streaming.connect import ConnectOptions
from actors.apiserver.streaming.exec_client import ExecClient, WebSocketClient
from actors.apiserver.streaming.exec_relay import relay
from actors.apiserver.streaming.forward import ChannelForward, PairedForward
from actors.apiserver.streaming.session import Session, new_name
from actors.apiserver.streaming.spdy import SpdyConnection
from actors.apiserver.streaming.spdy_client import SpdyClient
from actors.kit.together import until_first
from cluster.api import status
from cluster.api.encoding import decode
from cluster.errors import PeerFault
from cluster.messages.streams import OpenAttach, OpenDial, OpenExec
from cluster.wire import channels

SPDY = "SPDY/3.1"
STREAM_VERSION = "X-Stream-Protocol-Version"


class StreamDoor:
    """One per API server."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    @property
    def _environment(self) -> Environment:
        return self._desk.environment

    async def serve(
        self,
        http: web.BaseRequest,
        path: ResourcePath,
        raw_query: str,
        caller: Caller,
        visit: Visit,
    ) -> web.StreamResponse:
        """exec, attach or portforward. Raises StatusError before the upgrade."""
        if http.method not in ("GET", "POST"):
            raise status.method_not_allowed(None, http.method.lower())
        options = connect.parse_options(path.subresource, raw_query)
        request = connect.connect_request(http.method, path, {})
        verbs = ["get", "create"] if request.verb == "get" else ["create"]
        call = await self._desk.chain.admit_connect(
            request, caller, verbs, options.as_object(path.subresource), visit.told
        )
        objects = self._environment.objects
        pod = decode((await objects.get(call.kind, call.namespace, path.name, None)).value)
        node, container = connect.target(call, pod, options)
        if not is_websocket(http) and not is_spdy(http):
            raise status.bad_request("Upgrade request required")
        with suppress(ConnectionError, PeerFault):  # the client is gone, or is to be dropped
            if path.subresource == "portforward":
                return await self._forward(http, call, node, options, visit)
            return await self._run(http, call, node, container, options, visit)
        return pipes.Upgraded()

    async def _run(
        self,
        http: web.BaseRequest,
        call: Call,
        node: str,
        container: str,
        options: ConnectOptions,
        visit: Visit,
    ) -> web.StreamResponse:
        if is_websocket(http):
            protocol, version = websocket_protocol(http, channels.ALL), ""
        else:
            version = spdy_version(http, spdy_client.VERSIONS)
        opening = opening_of(new_name(self._environment), call, container, options)
        async with Session(self._environment, node, opening) as session:
            if not is_websocket(http):
                return await _by_spdy(http, version, options, session, visit)
            socket = await pipes.open_websocket(http, protocol.name)
            visit.started(101)
            client = WebSocketClient(socket, protocol)
            # Empty, and yet it tells the client that the stream is there.
            await client.send(_first_output(options), b"")
            await _serve(client, session)
        return socket

    async def _forward(
        self,
        http: web.BaseRequest,
        call: Call,
        node: str,
        options: ConnectOptions,
        visit: Visit,
    ) -> web.StreamResponse:
        environment, namespace, pod = self._environment, call.namespace, call.request.name

        def dial(port: int) -> Session:
            opening = OpenDial(new_name(environment), namespace, pod, port, inside=True)
            return Session(environment, node, opening)

        if is_websocket(http):
            known = (forward.TUNNEL, *forward.CHANNELS)
            protocol = websocket_protocol(http, known)
            if protocol != forward.TUNNEL:
                if not options.ports:
                    raise status.bad_request("query parameter 'port' is required")
                socket = await pipes.open_websocket(http, protocol.name)
                visit.started(101)
                try:
                    await ChannelForward(socket, protocol, options.ports, pod, dial).run()
                finally:
                    await socket.close()
                return socket
            pipe: pipes.Pipe = pipes.WebSocketPipe(await pipes.open_websocket(http, protocol.name))
        else:
            version = spdy_version(http, (forward.PROTOCOL,))
            pipe = pipes.take(http, pipes.switching(SPDY, {STREAM_VERSION: version}))
        visit.started(101)
        connection = SpdyConnection(pipe)
        try:
            await until_first(connection.run(), PairedForward(connection, pod, dial).run())
        finally:
            await connection.close()
        return pipes.Upgraded()


async def _by_spdy(
    http: web.BaseRequest, version: str, options: ConnectOptions, session: Session, visit: Visit
) -> web.StreamResponse:
    pipe = pipes.take(http, pipes.switching(SPDY, {STREAM_VERSION: version}))
    visit.started(101)
    connection = SpdyConnection(pipe)
    client = SpdyClient(connection, version, options)

    async def work() -> None:
        await client.open()
        await _serve(client, session)

    try:
        await until_first(connection.run(), work())
    finally:
        await connection.close()
    return pipes.Upgraded()


async def _serve(client: ExecClient, session: Session) -> None:
    try:
        await relay(client, session)
    finally:
        await client.close()


def opening_of(
    session: str, call: Call, container: str, options: ConnectOptions
) -> OpenExec | OpenAttach:
    """What the kubelet is asked."""
    namespace, pod = call.namespace, call.request.name
    flags = (options.stdin, options.stdout, options.stderr, options.tty)
    if call.request.subresource == "attach":
        return OpenAttach(session, namespace, pod, container, *flags)
    return OpenExec(session, namespace, pod, container, options.command, *flags)


def is_websocket(http: web.BaseRequest) -> bool:
    """Whether the client asks for one (RFC 6455 section 4.2.1)."""
    return http.headers.get("Upgrade", "").strip().lower() == "websocket"


def is_spdy(http: web.BaseRequest) -> bool:
    """Whether the client asks for it."""
    return http.headers.get("Upgrade", "").strip().lower() == SPDY.lower()


def spdy_version(http: web.BaseRequest, known: tuple[str, ...]) -> str:
    """The first of the client's that is known; of a client that says none, the oldest. Raises
    StatusError 403."""
    lines = ",".join(http.headers.getall(STREAM_VERSION, []))
    offered = [name.strip() for name in lines.split(",") if name.strip()]
    if not offered:
        return known[-1]
    chosen = next((name for name in offered if name in known), None)
    if chosen is None:
        text = f"unable to upgrade: unable to negotiate protocol: client supports {offered}, "
        raise status.status_error(403, "Forbidden", text + f"server accepts {list(known)}")
    return chosen


def websocket_protocol(
    http: web.BaseRequest, known: tuple[channels.Subprotocol, ...]
) -> channels.Subprotocol:
    """Raises StatusError 400 if the client offers none that is known."""
    lines = ",".join(http.headers.getall("Sec-WebSocket-Protocol", []))
    offered = [name.strip() for name in lines.split(",") if name.strip()]
    chosen = channels.choose(offered, known)
    if chosen is None:
        raise status.bad_request(f"unable to upgrade: no known subprotocol in {offered}")
    return chosen


def _first_output(options: ConnectOptions) -> int:
    if options.stdout:
        return channels.STDOUT
    return channels.STDERR if options.stderr else channels.ERROR
