"""Where streams come in by HTTP: which protocol the client speaks, and who serves it.

Must not know: bytes of any protocol, kubelets.
"""

from contextlib import suppress

from aiohttp import web

from actors.apiserver.call import Call, Caller
from actors.apiserver.environment import Environment
from actors.apiserver.front_desk import FrontDesk
from actors.apiserver.rest_path import ResourcePath
from actors.apiserver.streaming import connect, pipes
from actors.apiserver.streaming.connect import ConnectOptions
from actors.apiserver.streaming.exec_client import ExecClient, WebSocketClient
from actors.apiserver.streaming.exec_relay import relay
from actors.apiserver.streaming.idle import Idle
from actors.apiserver.streaming.session import Session, new_name
from cluster.api import status
from cluster.api.encoding import decode
from cluster.errors import PeerFault
from cluster.messages.streams import OpenAttach, OpenExec
from cluster.wire import channels

SPDY = "SPDY/3.1"
STREAM_VERSION = "X-Stream-Protocol-Version"
ACCEPTED_VERSIONS = "X-Accepted-Stream-Protocol-Versions"


class StreamDoor:
    """One per API server."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    @property
    def _environment(self) -> Environment:
        return self._desk.environment

    async def serve(
        self, http: web.BaseRequest, path: ResourcePath, raw_query: str, caller: Caller
    ) -> web.StreamResponse:
        """exec, attach or portforward. Raises StatusError before the upgrade."""
        if http.method not in ("GET", "POST"):
            raise status.method_not_allowed(None, http.method.lower())
        options = connect.parse_options(path.subresource, raw_query)
        request = connect.connect_request(http.method, path, {})
        verbs = ["get", "create"] if request.verb == "get" else ["create"]
        call = await self._desk.chain.admit_connect(
            request, caller, verbs, options.as_object(path.subresource)
        )
        objects = self._environment.objects
        pod = decode((await objects.get(call.kind, call.namespace, path.name, None)).value)
        node, container = connect.target(call, pod, options)
        if not is_websocket(http):
            raise status.bad_request("Upgrade request required")
        with suppress(ConnectionError, PeerFault):  # the client is gone, or is to be dropped
            return await self._run(http, call, node, container, options)
        return pipes.Upgraded()

    async def _run(
        self, http: web.BaseRequest, call: Call, node: str, container: str, options: ConnectOptions
    ) -> web.StreamResponse:
        protocol = websocket_protocol(http, channels.ALL)
        opening = opening_of(new_name(self._environment), call, container, options)
        async with Session(self._environment, node, opening) as session:
            socket = await pipes.open_websocket(http, protocol.name)
            client = WebSocketClient(socket, protocol)
            # Empty, and yet it tells the client that the stream is there.
            await client.send(_first_output(options), b"")
            await _serve(client, session)
        return socket


async def _serve(client: ExecClient, session: Session) -> None:
    try:
        await relay(client, session, Idle())
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
