"""The ranges cluster IPs are taken from now, and the IPAddress objects written with Services.

Job: read the ServiceCIDRs, make the operations of an address. Must not know: which is chosen.
Source: KEP-1880.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from actors.apiserver.environment import Environment
from actors.apiserver.selection import Selection
from actors.apiserver.store_client import prefix_end
from actors.apiserver.strategies import service_ranges
from actors.apiserver.strategies.service_ranges import DEFAULT_NAME, address_object
from actors.apiserver.strategies.strategy import Strategy, prepare_create
from cluster.api.encoding import decode, encode_for_store
from cluster.api.index import make_index
from cluster.api.kinds import by_resource, storage_key, storage_prefix
from cluster.api.types import Object
from cluster.messages.store import Compare, KeyValue, Put, Range

GROUP = "networking.k8s.io"
RANGES = by_resource(GROUP, "v1", "servicecidrs")
ADDRESSES = by_resource(GROUP, "v1", "ipaddresses")
_PLAIN = Strategy()


@dataclass(frozen=True)
class AddressRange:
    """``guard``: holds as long as the range gives out addresses (None: the cluster's settings)."""

    network: ipaddress.IPv4Network
    guard: Compare | None = None

    def usable(self) -> tuple[int, int]:
        """The first and last address that a Service may have, as numbers."""
        first, last = int(self.network.network_address), int(self.network.broadcast_address)
        return (first + 1, last - 1) if self.network.prefixlen < 31 else (first, last)

    def offers(self, address: str) -> bool:
        """True if the address is one of those."""
        try:
            number = ipaddress.IPv4Address(address)
        except ValueError:
            return False
        first, last = self.usable()
        return first <= int(number) <= last


async def ranges(environment: Environment, fresh: bool) -> list[AddressRange]:
    """The default one first, the others by name. Until the first is there: the settings' own."""
    assert RANGES is not None
    if fresh:
        items: Iterable[KeyValue] = await everything(environment, storage_prefix(RANGES))
    else:
        items = await environment.objects.all(Selection(RANGES))
    read = [(decode(item.value), item) for item in items]
    read.sort(key=lambda pair: pair[0]["metadata"]["name"] != DEFAULT_NAME)
    found = [
        AddressRange(network, Compare(item.key, "mod", item.mod_revision))
        for obj, item in read
        if not service_ranges.terminating(obj)
        for network in service_ranges.networks(obj)
        if isinstance(network, ipaddress.IPv4Network)
    ]
    if found or read:
        return found
    return [AddressRange(ipaddress.IPv4Network(environment.settings.network.service_range))]


async def everything(environment: Environment, prefix: str) -> tuple[KeyValue, ...]:
    """All keys below a prefix, as they are now."""
    request = Range(key=prefix, end=prefix_end(prefix), linearizable=True)
    return (await environment.objects.store.range(request)).items


def address_key(address: str) -> str:
    """Where the IPAddress of that name lies."""
    assert ADDRESSES is not None
    return storage_key(ADDRESSES, "", address)


def put_address(environment: Environment, service: Object, address: str) -> Put:
    """The IPAddress of a Service's cluster IP, as it is stored."""
    assert ADDRESSES is not None
    obj = address_object(service, address)
    prepare_create(
        obj,
        _PLAIN,
        has_status=False,
        uid=environment.entropy.uuid(),
        now=environment.clock.now(),
        created=environment.timestamp(),
    )
    data, stamp = encode_for_store(obj)
    return Put(address_key(address), data, stamp, make_index(ADDRESSES, obj))
