"""Connections between real processes: TCP, with mutual TLS, one per pair of processes.

Must not know: messages, actors.
"""

import asyncio
import ssl
from typing import Any

from msgspec.structs import replace

from actors.kit.transports.hello import Hello
from actors.kit.transports.link import HANDSHAKE_SECONDS, Link
from actors.kit.transports.peer import Peer
from actors.kit.transports.transport import Receiver
from actors.kit.transports.ways import Way, Ways
from actors.kit.world.entropy import Entropy
from cluster import names
from cluster.errors import ActorDown, Overloaded, PeerFault
from cluster.wire.codec import decode_envelope, encode_envelope
from cluster.wire.envelope import MESSAGE_KINDS, Envelope

CLOSE_SECONDS_MAX = 2.0
CONNECTION_NAME_LENGTH = 16
# Certificates of these are for processes that the settings name. (Nodes come in before replicas
# have read of them, and what a node may do is the API server's to judge.)
MEMBERS = frozenset({names.GROUP_REPLICAS})


class TcpTransport:
    """``listen``: "host:port" (port 0: any, see ``port``). ``server_ssl`` and ``client_ssl``: from
    ``tls``; both None is for tests only, and then peers believe ``user`` and ``groups``."""

    def __init__(
        self,
        cluster: str,
        listen: str,
        entropy: Entropy,
        server_ssl: ssl.SSLContext | None,
        client_ssl: ssl.SSLContext | None,
        user: str = "",
        groups: tuple[str, ...] = (),
        ways: Ways | None = None,
    ) -> None:
        self.port = 0
        self.ways = ways or Ways(entropy)
        self._listen = listen
        self._entropy = entropy
        self._server_ssl = server_ssl
        self._client_ssl = client_ssl
        self._own = Hello("", cluster, user, groups)
        self._server: asyncio.Server | None = None
        self._receiver: Receiver | None = None
        # The same, also while the process stops: what is lost then is told too.
        self._recorded: Receiver | None = None
        self._peers: dict[str, Peer] = {}
        self._addresses: dict[str, str] = {}
        self._links: dict[Link, None] = {}
        self._unreachable: dict[str, None] = {}

    async def start(self, process: str, receiver: Receiver) -> None:
        """Listen. Raises OSError if the address is taken."""
        own = self._own
        self._own = Hello(process, own.cluster, own.user, own.groups)
        self._receiver = self._recorded = receiver
        host, port = _split(self._listen)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: self._link(""), host, port, **_tls(self._server_ssl)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        for name, address in self._addresses.items():
            self.add_peer(name, address)

    async def stop(self) -> None:
        """Listen no more; write what is queued, then close all connections."""
        self._receiver = None
        if self._server is not None:
            self._server.close()
        for peer in self._peers.values():
            peer.stop()
        links = list(self._links)
        for link in links:
            link.finish()
        try:
            async with asyncio.timeout(CLOSE_SECONDS_MAX):
                for link in links:
                    await link.gone()
        except TimeoutError:
            for link in list(self._links):
                link.abort("this process stops")
        if self._server is not None:
            await self._server.wait_closed()

    def add_peer(self, process: str, address: str) -> None:
        """Learn where a process listens: "host:port" ('': it is no part of the cluster any more,
        dialled no more and let in no more)."""
        self._addresses[process] = address
        if self._receiver is not None:
            peer = self._peer(process)
            peer.address = address
            peer.keep(peer.kept)
            link = peer.link
            if link is not None and (reason := self._stranger(link)):
                link.abort(reason)

    def send(self, process: str, envelope: Envelope, routine: bool) -> int:
        """See ``Transport``."""
        if self._receiver is None:
            raise ActorDown("this process has no network")
        data = encode_envelope(envelope)
        peer = self._peers.get(process) or self._peer(process)
        if envelope.kind == "tell" and (way := self.ways.to(process)).unreliable:
            self._send_by(way, peer, envelope, data, routine)
        else:
            peer.send(_lane(envelope), data, routine, envelope.kind in MESSAGE_KINDS)
        return len(data)

    def keep(self, process: str, wanted: bool) -> None:
        """See ``Transport``."""
        if self._receiver is not None:
            self._peer(process).keep(wanted)

    def why(self, process: str) -> str:
        """See ``Transport``."""
        return self.ways.why(process)

    def drop(self, process: str) -> None:
        """See ``Transport``."""
        peer = self._peers.get(process)
        if peer is not None and peer.link is not None:
            peer.link.abort("a queue is full")

    def _send_by(
        self, way: Way, peer: Peer, envelope: Envelope, data: bytes, routine: bool
    ) -> None:
        """Tell on a way that loses, doubles or disorders messages."""
        assert self._receiver is not None
        if fault := way.loses():
            self._receiver.struck(peer.process, envelope, "dropped", f"fault:{fault}")
            return
        if late := way.holds_back():
            loop = asyncio.get_running_loop()
            loop.call_later(late, self._send_late, peer, envelope, data, routine)
        else:
            peer.send(_lane(envelope), data, routine, envelope.kind in MESSAGE_KINDS)
        if fault := way.doubles():
            self._receiver.struck(peer.process, envelope, "sent", f"fault:{fault}")
            self._send_late(peer, envelope, data, routine)

    def _send_late(self, peer: Peer, envelope: Envelope, data: bytes, routine: bool) -> None:
        if self._receiver is None:
            return
        try:
            peer.send(_lane(envelope), data, routine, envelope.kind in MESSAGE_KINDS)
        except (ActorDown, Overloaded) as error:
            reason = "unreachable" if isinstance(error, ActorDown) else "overloaded"
            self._receiver.struck(peer.process, envelope, "dropped", reason)

    # Owner: what links tell.

    def way(self, process: str) -> Way:
        """See ``Owner``."""
        return self.ways.to(process)

    def connected(self, link: Link) -> None:
        """A socket is up."""
        self._links[link] = None

    def greeted(self, link: Link) -> str:
        """An accepted link's peer is known."""
        if self._receiver is None:
            return "this process stops"
        return self._stranger(link) or self._peer(link.process).greeted(link)

    def opened(self, link: Link) -> None:
        """A handshake is through."""
        self._peer(link.process).opened(link)
        if self._receiver is not None and self._peer(link.process).link is link:
            self._unreachable.pop(link.process, None)
            how = "dialled" if link.expected else "accepted"
            self._receiver.report(link.process, "connected", how)

    def refused(self, link: Link, reason: str) -> None:
        """A dialled peer does not want the connection."""
        self._peer(link.process).refused(link, reason)

    def arrived(self, link: Link, envelope: Envelope, size: int) -> None:
        """An envelope came; of a connection that was replaced it does not count."""
        principal = link.principal
        if principal is None:
            raise PeerFault("an envelope from nobody")
        peer = self._peers.get(principal.process)
        if self._receiver is not None and peer is not None and peer.link is link:
            link.received += envelope.kind in MESSAGE_KINDS
            self._receiver.receive(principal, envelope, size)

    def closed(self, link: Link, reason: str) -> None:
        """A connection is gone."""
        self._links.pop(link, None)
        if self._recorded is not None and (link.sent or link.received):
            why = self.ways.why(link.process) or reason
            self._recorded.closed(link.process, link.name, link.sent, link.received, why)
        if link.process:
            self._peer(link.process).closed(link, reason)
        elif self._receiver is not None:
            self._receiver.report("", "a stranger was turned away", reason)

    # Within.

    def _stranger(self, link: Link) -> str:
        """Why a replica is not let in, '' if it is: the certificate of one that was removed
        stays valid, its place in the cluster does not. Others are clients, whom actors judge."""
        principal = link.principal
        if principal is None or not MEMBERS & set(principal.groups):
            return ""
        if self._addresses.get(principal.process):
            return ""
        return f"{principal.process} is no part of this cluster"

    def _link(self, expected: str) -> Link:
        name = self._entropy.hex(CONNECTION_NAME_LENGTH) if expected else ""
        return Link(self, replace(self._own, connection=name), expected)

    def _peer(self, process: str) -> Peer:
        peer = self._peers.get(process)
        if peer is None:
            peer = self._peers[process] = Peer(
                self._own.process,
                process,
                self._entropy,
                self._link,
                self._connect,
                self._lost,
                self._dropped,
            )
            peer.address = self._addresses.get(process, "")
        return peer

    async def _connect(self, link: Link, address: str) -> None:
        host, port = _split(address)
        loop = asyncio.get_running_loop()
        tls = _tls(self._client_ssl)
        name = "" if tls else None
        await loop.create_connection(lambda: link, host, port, server_hostname=name, **tls)

    def _lost(self, process: str, reason: str) -> None:
        if self._receiver is not None:
            self._report_loss(process, reason)
            self._receiver.connection_lost(process)

    def _dropped(self, process: str, envelope: bytes, fate: str) -> None:
        if self._recorded is not None:
            reason = self.ways.why(process) or fate
            self._recorded.struck(process, decode_envelope(envelope), "dropped", reason)

    def _report_loss(self, process: str, reason: str) -> None:
        """Once per loss: failed redials until the next connection are no news."""
        if process not in self._unreachable and self._receiver is not None:
            self._unreachable[process] = None
            self._receiver.report(process, "unreachable", reason)


def _tls(context: ssl.SSLContext | None) -> dict[str, Any]:
    """Arguments for a server or a connection."""
    return {"ssl": context, "ssl_handshake_timeout": HANDSHAKE_SECONDS} if context else {}


def _lane(envelope: Envelope) -> str:
    """What keeps an order among itself: an exchange, or the tells from one actor to another."""
    if envelope.kind in ("tell", "ask", "open", "monitor", "down"):
        return f"{envelope.sender} {envelope.to}"
    return str(envelope.id)


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
