"""IP addresses and ranges that say in an unusual way what they say.

Source: KEP-4858 (stricter IP and CIDR validation); seen at kube-apiserver. Must not know kinds.
"""

import ipaddress

from cluster.api.validation.addresses import address_of, range_of

_FUTURE = "will be considered invalid in a future Kubernetes release: use"
_CANONICAL = "should be in RFC 5952 canonical format"


def address_warnings(path: str, value: str) -> list[str]:
    """Of an address; of what is none, nothing."""
    address = address_of(value)
    if address is None:
        return []
    mapped = _mapped(address)
    if mapped is not None:
        return [f'{path}: non-standard IP address "{value}" {_FUTURE} "{mapped}"']
    if address.version == 6 and str(address) != value:
        return [f'{path}: IPv6 address "{value}" {_CANONICAL} ("{address}")']
    return []


def range_warnings(path: str, value: str) -> list[str]:
    """Of a CIDR; of what is none, nothing."""
    network = range_of(value)
    if network is None:
        return []
    address = ipaddress.ip_address(value.partition("/")[0])
    mapped, right, found = _mapped(address), str(network), []
    if mapped is not None and network.prefixlen >= 96:
        right = str(ipaddress.ip_network((mapped, network.prefixlen - 96), strict=False))
    if address != network.network_address:
        alone = f"{mapped or address}/{network.max_prefixlen}"
        text = f'is ambiguous in this context (should be "{right}" or "{alone}"?)'
        found.append(f'{path}: CIDR value "{value}" {text}')
    if mapped is not None:
        found.append(f'{path}: non-standard CIDR value "{value}" {_FUTURE} "{right}"')
    if not found and network.version == 6 and right != value:
        found.append(f'{path}: IPv6 CIDR value "{value}" {_CANONICAL} ("{right}")')
    return found


def _mapped(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | None:
    return address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
