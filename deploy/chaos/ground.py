"""What a scenario runs on: the few things that ``runner`` needs of a cluster, real or simulated.

Beside this it uses ``Hands`` to break the cluster, and the running loop for time: its ``time()``
and ``asyncio.sleep`` (monotonic on a real cluster, virtual in the simulation). Randomness is made
from the seed. Implementations: ``real_ground`` (HTTPS, Docker, trace files), one in the simulation.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, Protocol

from cluster.chaos.observations import Container, Forwarded, StoreSeen, Visit
from cluster.messages.apiserver import ApiRequest

Object = dict[str, Any]
# As long as a client waits for an answer, by default.
ASK_SECONDS = 4.0


class Event(NamedTuple):
    """One watch event; ``kind`` as Kubernetes names it (BOOKMARK and ERROR too)."""

    kind: str
    object: Object
    revision: int


class Api(Protocol):
    """The API servers. ``turn`` counts round and round the replicas: ``replicas[turn % n]``.

    All raise SteersmanError: StatusError if a server refused, any other if there was no answer
    (the outcome of a write is unknown then).
    """

    @property
    def replicas(self) -> Sequence[str]:
        """Their names."""

    async def ask(self, request: ApiRequest, turn: int, seconds: float = ASK_SECONDS) -> Object:
        """One request to one replica, its JSON answer."""

    def watch(
        self, request: ApiRequest, turn: int
    ) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """One watch at one replica, until the stream ends or breaks."""


class Ground(Api, Protocol):
    """All of it. What cannot be seen on this ground is None (and then not checked, and said)."""

    @property
    def nodes(self) -> Sequence[str]:
        """Their names."""

    def wall(self) -> float:
        """UNIX seconds now, of the clock that traces and faults tell."""

    async def visit(self, service: Object, turn: int) -> Visit | None:
        """One HTTP request to a Service (its object) from the turn-th place, a second at most."""

    async def stores(self) -> list[StoreSeen]:
        """What the replicas that answer say of their stores."""

    async def containers(self) -> list[Container] | None:
        """Every container of the cluster on every node whose engine answers. Raises SteersmanError
        if that cannot be told now."""

    async def forwards(self) -> list[Forwarded] | None:
        """What the packet filters of the nodes that can be asked do with Services. Raises
        SteersmanError if that cannot be told now."""

    async def chain(self, subject: str, since: float, until: float) -> list[str]:
        """Lines of the causal trees of what was written of, or happened to, an object between two
        moments (UNIX seconds), from the trace."""
