"""Rules of IP addresses and ranges as new fields have them: canonical, one text for one value.

Source: KEP-4858 (IP/CIDR validation). Must not know kinds.
"""

import ipaddress

from cluster.api.status import Cause
from cluster.api.validation import causes

_WRONG_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_WRONG_RANGE = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def ip_name_errors(value: str) -> tuple[str, ...]:
    """What is wrong with an IP address that is an object's name."""
    try:
        canonical = str(ipaddress.ip_address(value))
    except ValueError:
        return (_WRONG_ADDRESS,)
    return () if canonical == value else ("must be a canonical format IP address",)


def check_range(path: str, value: str, found: list[Cause]) -> Network | None:
    """A CIDR in canonical form; None if it is none."""
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        found.append(causes.invalid(path, value, _WRONG_RANGE))
        return None
    address, slash, _ = value.partition("/")
    if not slash:
        found.append(causes.invalid(path, value, _WRONG_RANGE))
        return None
    if ipaddress.ip_address(address) != network.network_address:
        detail = f'must not have bits set beyond the prefix length (should be "{network}")'
        found.append(causes.invalid(path, value, detail))
    elif str(network) != value:
        found.append(causes.invalid(path, value, f'must be in canonical form ("{network}")'))
    return network


def range_of(value: str) -> Network | None:
    """A range as a network; None if it is none."""
    try:
        return ipaddress.ip_network(value, strict=False)
    except ValueError:
        return None


def within(inner: Network, outer: Network) -> bool:
    """True if every address of ``inner`` is one of ``outer``, and not the reverse."""
    if inner.version != outer.version or inner.prefixlen <= outer.prefixlen:
        return False
    return int(outer.network_address) <= int(inner.network_address) <= int(outer.broadcast_address)
