"""Who a request is for, as headers."""

import pytest

from actors.apiserver.aggregation.identity import escaped, headers_of, is_claim
from actors.apiserver.call import Caller
from cluster.errors import StatusError


def test_all_of_it_is_told() -> None:
    caller = Caller("jörg", ("a", "b"), "u", {"example.com/x %": ("1", "2")})
    assert headers_of(caller) == [
        ("X-Remote-User", "jörg"),
        ("X-Remote-Uid", "u"),
        ("X-Remote-Group", "a"),
        ("X-Remote-Group", "b"),
        ("X-Remote-Extra-example.com%2Fx%20%25", "1"),
        ("X-Remote-Extra-example.com%2Fx%20%25", "2"),
    ]
    assert escaped("Ä") == "%C3%84"


@pytest.mark.parametrize(
    "name", ["a\r\nX-Remote-Group: system:masters", "a\n", " a", "a\t", "\x7f"]
)
def test_what_would_arrive_as_another_is_refused(name: str) -> None:
    for caller in (Caller(name), Caller("a", (name,)), Caller("a", extra={"k": (name,)})):
        with pytest.raises(StatusError) as refused:
            headers_of(caller)
        assert refused.value.code == 400


@pytest.mark.parametrize(
    ("name", "claims"),
    [("X-Remote-User", True), ("x_remote_extra-a", True), ("X-REMOTE-", True), ("X-Real", False)],
)
def test_claims(name: str, claims: bool) -> None:
    assert is_claim(name) is claims
