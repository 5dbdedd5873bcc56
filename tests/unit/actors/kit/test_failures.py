"""Errors on the wire."""

import pytest

from actors.kit.failures import from_failed, to_failed
from cluster.errors import BY_NAME, StatusError, SteersmanError, StoreError
from cluster.messages.base import Failed


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_known_errors_survive_the_round_trip(name: str) -> None:
    error = from_failed(to_failed(BY_NAME[name]("why")))
    assert type(error) is BY_NAME[name]
    assert str(error) == "why"


def test_a_status_survives_whole() -> None:
    status = {"kind": "Status", "code": 409, "reason": "Conflict", "message": "m", "details": {}}
    error = from_failed(to_failed(StatusError(status)))
    assert isinstance(error, StatusError)
    assert error.status == status


def test_an_unknown_subclass_goes_as_its_base() -> None:
    class Special(StoreError):
        pass

    assert type(from_failed(to_failed(Special("x")))) is StoreError


@pytest.mark.parametrize("status", [b"", b"{", b"[]"])
def test_what_is_unknown_or_malformed_is_a_plain_error(status: bytes) -> None:
    assert type(from_failed(Failed("StatusError", "x", status))) is SteersmanError
    assert type(from_failed(Failed("Wild", "x"))) is SteersmanError
