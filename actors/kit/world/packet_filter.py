"""The packet filter seen as tables of forwards: what a Service address turns into on a machine.

A table is a pure value; an implementation makes the machine (or its memory) equal to it. Both the
service proxy (one table per node) and load balancer providers (one table per machine) speak so.

Must not know: Services, nft's grammar, where it runs.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple, Protocol

TransportProtocol = Literal["tcp", "udp", "sctp"]
# (address, protocol, port); address "" stands for every address of the machine itself (NodePort).
Front = tuple[str, TransportProtocol, int]


class Backend(NamedTuple):
    """Where a connection ends: IPv4 address and port."""

    address: str
    port: int


class Forward(NamedTuple):
    """One front and its backends, a new connection goes to one of them at random.

    ``inner``: used instead of ``backends`` by connections that start on a pod or on this machine
    (they short-cut a Local traffic policy). ``sticky``: the source address chooses the backend.
    ``masquerade``: the connection gets this machine's address as its source. ``empty``: what
    becomes of a connection when there are no backends.
    """

    backends: tuple[Backend, ...] = ()
    inner: tuple[Backend, ...] = ()
    sticky: bool = False
    masquerade: bool = False
    empty: Literal["reject", "drop"] = "reject"


class ForwardTable(NamedTuple):
    """Everything one owner wants of the packet filter. Ranges are IPv4 CIDRs.

    ``refused_ranges``: a new connection to an address in them that no front takes is rejected at
    once, so that none leaves by the default route. ``inner_sources``: where pods live.
    ``outsider_ranges``: a connection to these from outside ``inner_sources`` is masqueraded, so
    that the answer comes back the same way. ``return_ranges``: a forwarded connection from one of
    these to one of these is masqueraded (client and backend share a wire and would else talk past
    this machine). ``hairpins``: addresses that may be forwarded to themselves.
    """

    name: str
    forwards: Mapping[Front, Forward]
    refused_ranges: tuple[str, ...] = ()
    inner_sources: tuple[str, ...] = ()
    outsider_ranges: tuple[str, ...] = ()
    return_ranges: tuple[str, ...] = ()
    hairpins: frozenset[str] = frozenset()


class PacketFilterFault(Exception):
    """The machine refused the rules (no permission, no kernel support). The old rules stand."""


class PacketFilter(Protocol):
    """One network namespace's packet filter. Calls are serialised by the implementation."""

    async def apply(self, table: ForwardTable, whole: bool = False) -> None:
        """Make the table of that name equal to ``table``, in one transaction: a packet sees the
        old rules or the new ones. UDP flows to backends that are gone are cut loose. ``whole``:
        replace it in full, since another process may have written it meanwhile.

        Raises PacketFilterFault; then the old rules stand."""

    async def remove(self, names: Iterable[str]) -> None:
        """Delete tables; those that do not exist are no error. Raises PacketFilterFault."""

    async def close(self) -> None:
        """Let go of resources. The rules stay: the data plane outlives its programmer."""
