"""Addresses of one node's pods, out of its pod CIDR. Pure; must not know where they are used."""

import ipaddress


class AddressesExhausted(Exception):
    """Every address of the range is taken."""


class AddressPool:
    """Hands addresses out in turn, so that a freed one is not reused at once.

    The network, first (by custom the gateway) and broadcast addresses are never given.
    """

    def __init__(self, cidr: str) -> None:
        network = ipaddress.ip_network(cidr)
        self._first = int(network.network_address) + 2
        self._count = network.num_addresses - 3
        if self._count < 1:
            raise ValueError(f"pod CIDR {cidr} is too small")
        self._taken: set[int] = set()
        self._next = 0

    def allocate(self) -> str:
        """A free address. Raises AddressesExhausted."""
        for step in range(self._count):
            offset = (self._next + step) % self._count
            if offset not in self._taken:
                self._taken.add(offset)
                self._next = offset + 1
                return str(ipaddress.ip_address(self._first + offset))
        raise AddressesExhausted(f"all {self._count} pod addresses of the node are taken")

    def reserve(self, address: str) -> None:
        """Mark as taken (after a restart). An address outside the range is ignored."""
        offset = int(ipaddress.ip_address(address)) - self._first
        if 0 <= offset < self._count:
            self._taken.add(offset)
            self._next = max(self._next, offset + 1) % self._count

    def release(self, address: str) -> None:
        """Free it. No error if it was free."""
        if address:
            self._taken.discard(int(ipaddress.ip_address(address)) - self._first)
