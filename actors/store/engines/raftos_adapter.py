"""raftos 0.2.6 made to run on today's Python: compatibility repaired, nothing else.

Job: load the package, repair what the language and its libraries no longer have, run one node. Must
not know: stores. What raftos does wrong stays as it is (docs/decisions/0021-raftos-engine.md).

Repairs, each with what was lost: (a) raftos' own JSON serializer instead of its msgpack one
(``encoding=`` went in msgpack 1.0; and its log splits at newlines, which msgpack may contain);
(b) ``asyncio.Queue(loop=)`` went in 3.10; (c) its ``register`` names the node class that (b)
replaces; (d) ``asyncio.futures.InvalidStateError`` went in 3.8.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import raftos
from raftos import cryptors, serializers, server, state

from cluster.errors import NotLeader

Apply = Callable[[dict[str, str]], None]


class RepairedNode(server.Node):  # type: ignore[misc]  # raftos has no types
    """(b): the same, but for the queue's argument."""

    def __init__(self, address: tuple[str, int], loop: asyncio.AbstractEventLoop) -> None:
        self.host, self.port = address
        self.cluster: set[tuple[str, int]] = set()
        self.loop = loop
        self.state = state.State(self)
        self.requests: asyncio.Queue[Any] = asyncio.Queue()
        server.Node.nodes.append(self)


class Applied:
    """Stands where raftos' own state machine, a dict in a file, would: commands go to ``apply``."""

    def __init__(self, apply: Apply) -> None:
        self._apply = apply

    def apply(self, command: dict[str, str]) -> None:
        """As raftos calls it, once per committed entry, in order."""
        self._apply(command)


class RaftosNode:
    """One node. ``address`` and ``peers``: "host:port", UDP. ``changed``: called when this node
    begins or ends to lead."""

    def __init__(
        self,
        address: str,
        peers: Sequence[str],
        folder: str,
        secret: bytes,
        apply: Apply,
        changed: Callable[[], None],
    ) -> None:
        # (d)
        asyncio.futures.InvalidStateError = asyncio.InvalidStateError  # type: ignore[attr-defined]  # gone
        raftos.configure(
            {
                "log_path": folder + "/",
                "serializer": serializers.JSONSerializer,  # (a)
                "secret_key": secret,
                # Made anew: the one made at import has the public sample key.
                "cryptor": cryptors.default_cryptor,
                "on_leader": changed,
                "on_follower": changed,
            }
        )
        self._node = RepairedNode(_pair(address), asyncio.get_running_loop())
        applied = Applied(apply)
        self._node.state.state_machine = self._node.state.state.state_machine = applied
        self._peers = [_pair(peer) for peer in peers]

    async def start(self) -> None:
        """(c): as ``raftos.register`` does it."""
        await self._node.start()
        for peer in self._peers:
            self._node.update_cluster(peer)

    def stop(self) -> None:
        """Close the socket, stop the timers."""
        self._node.stop()
        server.Node.nodes.remove(self._node)
        state.State.leader = None

    @property
    def leader(self) -> str:
        """The leader's address, '' if none is known."""
        return raftos.get_leader() or ""

    @property
    def leading(self) -> bool:
        """Whether this node believes that it leads."""
        return isinstance(self._node.state.state, state.Leader)

    @property
    def term(self) -> int:
        """The node's term."""
        return int(self._node.state.storage.term)

    @property
    def commit_index(self) -> int:
        """Of its log."""
        return int(self._node.state.log.commit_index)

    @property
    def last_index(self) -> int:
        """Of its log."""
        return int(self._node.state.log.last_log_index)

    async def execute(self, command: dict[str, str]) -> None:
        """Append a command; returns when raftos says that something was applied. Raises
        NotLeader."""
        if not self.leading:
            raise NotLeader("another node leads")
        await self._node.state.state.execute_command(command)


def _pair(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)
