"""Addresses and ranges in unusual forms."""

from cluster.api.warnings.addresses import address_warnings, range_warnings


def test_addresses() -> None:
    for usual in ("10.0.0.1", "2001:db8::1", "::", "no address", "", "fe80::1%eth0"):
        assert address_warnings("a", usual) == []
    assert address_warnings("a", "2001:DB8::1") == [
        'a: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")'
    ]
    assert address_warnings("a", "::ffff:1.2.3.4") == [
        'a: non-standard IP address "::ffff:1.2.3.4" will be considered invalid in a future '
        'Kubernetes release: use "1.2.3.4"'
    ]


def test_ranges() -> None:
    for usual in ("10.0.0.0/8", "2001:db8::/64", "no range", "10.0.0.1", ""):
        assert range_warnings("a", usual) == []
    assert range_warnings("a", "2001:DB8::/64") == [
        'a: IPv6 CIDR value "2001:DB8::/64" should be in RFC 5952 canonical format '
        '("2001:db8::/64")'
    ]
    assert range_warnings("a", "10.1.2.3/8") == [
        'a: CIDR value "10.1.2.3/8" is ambiguous in this context (should be "10.0.0.0/8" or '
        '"10.1.2.3/32"?)'
    ]
    assert range_warnings("a", "::ffff:1.2.3.0/120") == [
        'a: non-standard CIDR value "::ffff:1.2.3.0/120" will be considered invalid in a future '
        'Kubernetes release: use "1.2.3.0/24"'
    ]
