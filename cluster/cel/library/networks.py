"""IP addresses and networks. Source: docs "Common Expression Language in Kubernetes", IP and CIDR.

Not accepted, as in Kubernetes: zones, leading zeros, IPv4 addresses in IPv6 form.
"""

import ipaddress
import math
from dataclasses import dataclass
from typing import Any

from cluster.cel.errors import CelError
from cluster.cel.functions import TRAVERSAL, Functions, function, method, traversal
from cluster.cel.types import BOOL, INT, STRING, Type

IP = Type("net.IP")
CIDR = Type("net.CIDR")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class IpValue:
    """An address."""

    address: Address

    @property
    def type_name(self) -> str:
        """Of the language."""
        return IP.name

    @property
    def cost_size(self) -> int:
        """In bytes."""
        return len(self.address.packed)


@dataclass(frozen=True, slots=True)
class CidrValue:
    """``address``: as it was given, with bits beyond ``prefix``."""

    address: Address
    prefix: int

    @property
    def type_name(self) -> str:
        """Of the language."""
        return CIDR.name

    @property
    def cost_size(self) -> int:
        """In bytes of the prefix."""
        return math.ceil(self.prefix / 8)

    @property
    def network(self) -> Network:
        """Without the bits beyond the prefix."""
        return ipaddress.ip_network((self.address, self.prefix), strict=False)


def _address(text: str, what: str) -> Address:
    try:
        found = ipaddress.ip_address(text)
    except ValueError as error:
        raise CelError(f'{what} "{text}" parse error during conversion from string: {error}') from (
            error
        )
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id:
            raise CelError(f"{what} Address with zone value is not allowed")
        if found.ipv4_mapped is not None:
            raise CelError(f"IPv4-mapped IPv6 {what.lower()} is not allowed")
    return found


def _ip(text: str) -> IpValue:
    return IpValue(_address(text, "IP"))


def _cidr(text: str) -> CidrValue:
    host, slash, length = text.partition("/")
    address = _address(host, "CIDR")
    digits = length.isascii() and length.isdigit() and (length == "0" or length[0] != "0")
    if not slash or not digits or int(length[:4]) > address.max_prefixlen:
        raise CelError(
            f'network address parse error during conversion from string: "{text}": '
            "bad prefix length"
        )
    return CidrValue(address, int(length))


def _is_ip(text: str) -> bool:
    return _works(_ip, text)


def _is_cidr(text: str) -> bool:
    return _works(_cidr, text)


def _works(call: Any, text: str) -> bool:
    try:
        call(text)
    except CelError:
        return False
    return True


def _is_canonical(text: str) -> bool:
    return str(_ip(text).address) == text


def _contains_ip(value: CidrValue, other: IpValue) -> bool:
    network = value.network
    return other.address.version == network.version and other.address in network


def _contains_cidr(value: CidrValue, other: CidrValue) -> bool:
    same = value.address.version == other.address.version
    return same and other.prefix >= value.prefix and other.network.network_address in value.network


def _masked(value: CidrValue) -> CidrValue:
    return CidrValue(value.network.network_address, value.prefix)


def _cidr_text(value: CidrValue) -> str:
    return f"{value.address}/{value.prefix}"


def _is_global(value: IpValue) -> bool:
    address = value.address
    if isinstance(address, ipaddress.IPv4Address) and int(address) == 0xFFFFFFFF:
        return False
    odd = address.is_unspecified or address.is_loopback or address.is_multicast
    return not odd and not address.is_link_local


def _is_link_local_multicast(value: IpValue) -> bool:
    address = value.address
    if isinstance(address, ipaddress.IPv4Address):
        return address in ipaddress.ip_network("224.0.0.0/24")
    return address.is_multicast and address.packed[1] & 0x0F == 2


def _is_link_local_unicast(value: IpValue) -> bool:
    return value.address.is_link_local and not value.address.is_multicast


def _contained(parsed: bool) -> Any:
    def cost(args: tuple[Any, ...], result: Any) -> int:
        found: int = math.ceil(2 * args[0].cost_size * TRAVERSAL)
        return found + math.ceil(len(args[1]) * TRAVERSAL) if parsed else found

    return cost


NETWORKS: Functions = {
    "ip": (
        function("string_to_ip", (STRING,), IP, _ip, traversal()),
        method("cidr_ip", (CIDR,), IP, lambda value: IpValue(value.address)),
    ),
    "isIP": (function("is_ip", (STRING,), BOOL, _is_ip, traversal()),),
    "ip.isCanonical": (
        function("ip_is_canonical", (STRING,), BOOL, _is_canonical, traversal(times=2)),
    ),
    "family": (method("ip_family", (IP,), INT, lambda value: value.address.version),),
    "isUnspecified": (
        method("ip_is_unspecified", (IP,), BOOL, lambda value: value.address.is_unspecified),
    ),
    "isLoopback": (method("ip_is_loopback", (IP,), BOOL, lambda value: value.address.is_loopback),),
    "isLinkLocalMulticast": (
        method("ip_is_link_local_multicast", (IP,), BOOL, _is_link_local_multicast),
    ),
    "isLinkLocalUnicast": (
        method("ip_is_link_local_unicast", (IP,), BOOL, _is_link_local_unicast),
    ),
    "isGlobalUnicast": (method("ip_is_global_unicast", (IP,), BOOL, _is_global),),
    "cidr": (function("string_to_cidr", (STRING,), CIDR, _cidr, traversal()),),
    "isCIDR": (function("is_cidr", (STRING,), BOOL, _is_cidr, traversal()),),
    "containsIP": (
        method(
            "cidr_contains_ip_string", (CIDR, STRING), BOOL,
            lambda value, text: _contains_ip(value, _ip(text)), _contained(True),
        ),
        method("cidr_contains_ip_ip", (CIDR, IP), BOOL, _contains_ip, _contained(False)),
    ),
    "containsCIDR": (
        method(
            "cidr_contains_cidr_string", (CIDR, STRING), BOOL,
            lambda value, text: _contains_cidr(value, _cidr(text)), _contained(True),
        ),
        method("cidr_contains_cidr", (CIDR, CIDR), BOOL, _contains_cidr, _contained(False)),
    ),
    "masked": (method("cidr_masked", (CIDR,), CIDR, _masked),),
    "prefixLength": (method("cidr_prefix_length", (CIDR,), INT, lambda value: value.prefix),),
    "string": (
        function("ip_to_string", (IP,), STRING, lambda value: str(value.address)),
        function("cidr_to_string", (CIDR,), STRING, _cidr_text),
    ),
}  # fmt: skip
