"""Rules of IP addresses and ranges: one text means one value, and never two.

Fields that came with KEP-4858 or later want the canonical text; elder ones take any text that
cannot be misread, and what was there before. Must not know kinds.
"""

import ipaddress
import re
from collections.abc import Collection

from cluster.api.status import Cause
from cluster.api.validation import causes

_WRONG_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_WRONG_RANGE = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_MAPPED = "must not be an IPv4-mapped IPv6 address"
_LENGTH = re.compile("0|[1-9][0-9]{0,2}", re.ASCII)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def address_of(value: str) -> Address | None:
    """An address without a zone; None if it is none."""
    try:
        return None if "%" in value else ipaddress.ip_address(value)
    except ValueError:
        return None


def address_errors(value: str) -> tuple[str, ...]:
    """What is wrong with an address in an elder field."""
    address = address_of(value)
    if address is None:
        return (_WRONG_ADDRESS,)
    return (_MAPPED,) if _mapped(address) else ()


def ip_name_errors(value: str) -> tuple[str, ...]:
    """What is wrong with an IP address that is an object's name."""
    errors = address_errors(value)
    if not errors and str(address_of(value)) != value:
        return ("must be a canonical format IP address",)
    return errors


def check_address(path: str, value: str, found: list[Cause], known: Collection[str] = ()) -> None:
    """An IPv4 or IPv6 address. ``known``: those that were there before."""
    if value not in known:
        causes.each(path, value, address_errors(value), found)


def check_reachable(path: str, value: str, found: list[Cause], *, loopback: bool = False) -> None:
    """No address that means another thing on every node. ``loopback``: those of one's own machine
    may be there."""
    address = address_of(value)
    if address is None:
        return
    details = (
        (address.is_unspecified, f"may not be unspecified ({value})"),
        (
            address.is_loopback and not loopback,
            "may not be in the loopback range (127.0.0.0/8, ::1/128)",
        ),
        (
            address.is_link_local,
            "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
        ),
        (
            _link_local_multicast(address),
            "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
        ),
    )
    for wrong, detail in details:
        if wrong:
            found.append(causes.invalid(path, value, detail))


def check_range(
    path: str,
    value: str,
    found: list[Cause],
    *,
    canonical: bool = True,
    known: Collection[str] = (),
) -> Network | None:
    """A CIDR; None if it is none. ``canonical``: as newer fields want it. ``known``: those that
    were there before."""
    network = range_of(value)
    if network is None:
        found.append(causes.invalid(path, value, _WRONG_RANGE))
        return None
    if value in known:
        return network
    address = ipaddress.ip_address(value.partition("/")[0])
    if _mapped(address):
        found.append(causes.invalid(path, value, _MAPPED))
    elif address != network.network_address:
        detail = f'must not have bits set beyond the prefix length (should be "{network}")'
        found.append(causes.invalid(path, value, detail))
    elif canonical and str(network) != value:
        found.append(causes.invalid(path, value, f'must be in canonical form ("{network}")'))
    return network


def range_of(value: str) -> Network | None:
    """A range as a network; None if it is none."""
    address, slash, length = value.partition("/")
    if not slash or not _LENGTH.fullmatch(length) or "%" in address:
        return None
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None


def within(inner: Network, outer: Network) -> bool:
    """True if every address of ``inner`` is one of ``outer``, and not the reverse."""
    if inner.version != outer.version or inner.prefixlen <= outer.prefixlen:
        return False
    return int(outer.network_address) <= int(inner.network_address) <= int(outer.broadcast_address)


def _mapped(address: Address) -> bool:
    return isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None


def _link_local_multicast(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return address in ipaddress.IPv4Network("224.0.0.0/24")
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 0x02
