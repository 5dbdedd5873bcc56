"""Pod addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kubelet.ipam import AddressesExhausted, AddressPool


def test_addresses_are_given_in_turn() -> None:
    pool = AddressPool("10.244.1.0/24")
    assert [pool.allocate(), pool.allocate()] == ["10.244.1.2", "10.244.1.3"]
    pool.release("10.244.1.2")
    assert pool.allocate() == "10.244.1.4", "a freed address rests"


def test_reserved_addresses_are_not_given() -> None:
    pool = AddressPool("10.244.1.0/29")
    for address in ("10.244.1.3", "10.244.1.4", "192.0.2.1"):
        pool.reserve(address)
    given_out = [pool.allocate() for _ in range(3)]
    assert sorted(given_out) == ["10.244.1.2", "10.244.1.5", "10.244.1.6"]
    with pytest.raises(AddressesExhausted):
        pool.allocate()


def test_too_small() -> None:
    with pytest.raises(ValueError, match="too small"):
        AddressPool("10.0.0.0/31")


@given(st.lists(st.booleans(), max_size=80))
def test_no_address_is_given_twice(steps: list[bool]) -> None:
    pool = AddressPool("10.0.0.0/27")
    held: list[str] = []
    for take in steps:
        if take and len(held) < 29:
            address = pool.allocate()
            assert address not in held
            held.append(address)
        elif held:
            pool.release(held.pop(0))
