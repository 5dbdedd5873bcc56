"""Formats of strings."""

import pytest

from cluster.api.custom.formats import matches

RIGHT = {
    "date": "2026-01-31", "date-time": "2026-01-31T10:00:00Z", "duration": "1h30m", "byte": "YQ==",
    "uri": "https://example.com/a", "email": "a@example.com", "hostname": "a.example.com",
    "ipv4": "10.0.0.1", "ipv6": "fe80::1", "cidr": "10.0.0.0/8", "mac": "00:1b:44:11:3a:b7",
    "uuid": "a7e9bb2e-2a7c-4d0e-8e2f-0f5e0f5e0f5e", "isbn": "978-3-16-148410-0",
    "isbn10": "0-306-40615-2", "creditcard": "4111 1111 1111 1111", "hexcolor": "#fff",
    "rgbcolor": "rgb(1, 2, 3)", "ssn": "123-45-6789", "password": "anything", "unknown": "x",
    "bsonobjectid": "507f1f77bcf86cd799439011", "uuid4": "a7e9bb2e-2a7c-4d0e-8e2f-0f5e0f5e0f5e",
}  # fmt: skip
FREE = ("password", "unknown")


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_formats(name: str) -> None:
    assert matches(name, RIGHT[name])
    assert matches(name, "?!") is (name in FREE)
