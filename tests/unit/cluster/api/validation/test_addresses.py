"""Rules of addresses and ranges."""

import pytest

from cluster.api.status import Cause
from cluster.api.validation.addresses import (
    check_address,
    check_range,
    check_reachable,
    ip_name_errors,
)


def wrong_address(value: str, *known: str) -> bool:
    found: list[Cause] = []
    check_address("ip", value, found, known)
    return bool(found)


def wrong_range(value: str, *known: str, canonical: bool = False) -> bool:
    found: list[Cause] = []
    check_range("cidr", value, found, canonical=canonical, known=known)
    return bool(found)


@pytest.mark.parametrize(
    "value", ["", "x", "10.0.0", "010.0.0.1", "fe80::1%eth0", "::ffff:1.2.3.4"]
)
def test_no_addresses(value: str) -> None:
    assert wrong_address(value)
    assert ip_name_errors(value)


def test_addresses() -> None:
    assert not wrong_address("10.0.0.1") and not wrong_address("2001:DB8::0")
    assert not wrong_address("::ffff:1.2.3.4", "::ffff:1.2.3.4")
    assert ip_name_errors("2001:DB8::0") and not ip_name_errors("2001:db8::")


@pytest.mark.parametrize(
    "value",
    ["", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "10.0.0.0/08", "10.0.0.1/8",
     "::ffff:1.2.3.0/120", "fe80::%1/64"],
)  # fmt: skip
def test_no_ranges(value: str) -> None:
    assert wrong_range(value)


def test_ranges() -> None:
    assert not wrong_range("10.0.0.0/8") and not wrong_range("2001:DB8::0/64")
    assert wrong_range("2001:DB8::0/64", canonical=True)
    assert not wrong_range("10.0.0.1/8", "10.0.0.1/8")


@pytest.mark.parametrize(
    ("value", "part"),
    [("0.0.0.0", "unspecified"), ("::", "unspecified"), ("127.0.0.9", "loopback"),
     ("::1", "loopback"), ("169.254.169.254", "link-local"), ("fe80::1", "link-local"),
     ("224.0.0.5", "link-local multicast"), ("ff02::1", "link-local multicast")],
)  # fmt: skip
def test_addresses_of_each_node_for_itself(value: str, part: str) -> None:
    found: list[Cause] = []
    check_reachable("ip", value, found)
    (cause,) = found
    assert part in cause.message


def test_addresses_of_one() -> None:
    found: list[Cause] = []
    for value in ("10.0.0.1", "2001:db8::1", "x"):
        check_reachable("ip", value, found)
    check_reachable("ip", "127.0.0.1", found, loopback=True)
    assert found == []
