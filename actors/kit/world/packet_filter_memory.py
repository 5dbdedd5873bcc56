"""The packet filter's twin in memory: holds the tables and answers where a connection would end.

Must not know: Services, nft.
"""

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

from actors.kit.world.packet_filter import (
    Backend,
    Forward,
    ForwardTable,
    PacketFilterFault,
    TransportProtocol,
)


class Resolution(NamedTuple):
    """Fate of a new connection. ``outcome``: forward, reject, drop, or pass (no rule cares)."""

    outcome: str
    backends: tuple[Backend, ...] = ()
    masquerade: bool = False


class MemoryPacketFilter:
    """``local``: addresses of the simulated machine (NodePorts answer on them).

    ``fail_next``: the next so many ``apply`` calls raise PacketFilterFault (for fault tests)."""

    def __init__(self, local: Iterable[str] = ()) -> None:
        self.local = frozenset(local)
        self.tables: dict[str, ForwardTable] = {}
        self.applied = 0
        self.fail_next = 0

    async def apply(self, table: ForwardTable, whole: bool = False) -> None:
        if self.fail_next:
            self.fail_next -= 1
            raise PacketFilterFault("told to fail")
        self.tables[table.name] = table
        self.applied += 1

    async def remove(self, names: Iterable[str]) -> None:
        for name in names:
            self.tables.pop(name, None)

    async def close(self) -> None:
        """Nothing to let go of; the tables stay, as in a kernel."""

    def resolve(
        self, address: str, port: int, protocol: TransportProtocol = "tcp", source: str = ""
    ) -> Resolution:
        """What happens to a new connection from ``source`` ('' is this machine itself)."""
        for table in self.tables.values():
            found = _resolve(table, address, port, protocol, source, self.local)
            if found.outcome != "pass":
                return found
        return Resolution("pass")


def _resolve(
    table: ForwardTable,
    address: str,
    port: int,
    protocol: TransportProtocol,
    source: str,
    local: frozenset[str],
) -> Resolution:
    forward = table.forwards.get((address, protocol, port))
    if forward is None and address in local and not address.startswith("127."):
        forward = table.forwards.get(("", protocol, port))
    if forward is None:
        refused = within(address, table.refused_ranges)
        return Resolution("reject" if refused else "pass")
    inside = not source or source in local or within(source, table.inner_sources)
    backends = forward.inner if inside and forward.inner else forward.backends
    if not backends:
        return Resolution(forward.empty)
    return Resolution("forward", backends, _masquerades(table, forward, address, source, backends))


def _masquerades(
    table: ForwardTable,
    forward: Forward,
    address: str,
    source: str,
    backends: tuple[Backend, ...],
) -> bool:
    outsider = within(address, table.outsider_ranges) and not within(source, table.inner_sources)
    hairpin = source in table.hairpins and backends == (Backend(source, backends[0].port),)
    returning = within(source, table.return_ranges) and within(
        backends[0].address, table.return_ranges
    )
    return forward.masquerade or outsider or hairpin or returning


def within(address: str, ranges: tuple[str, ...]) -> bool:
    """True if the IPv4 address lies in one of the CIDR ranges ('' lies in none)."""
    if not address or not ranges:
        return False
    parsed = ipaddress.ip_address(address)
    return any(parsed in ipaddress.ip_network(item) for item in ranges)
