"""Who is calling, by certificate, by token, by message."""

from collections.abc import Sequence

import pytest

from actors.apiserver.authentication import (
    ANONYMOUS,
    Authentication,
    bearer_token,
    caller_of_certificate,
    caller_of_message,
)
from actors.apiserver.authority import Authority, StaticToken
from actors.apiserver.call import Caller
from actors.kit.actor import Delivery, Principal
from cluster.errors import StatusError


async def nobody(token: str, audiences: Sequence[str]) -> tuple[Caller, tuple[str, ...]] | None:
    return (Caller("system:serviceaccount:a:b"), tuple(audiences)) if token == "good" else None


async def secret(name: str) -> None:
    return None


AUTHORITY = Authority(b"", b"", static_tokens={"t0ken": StaticToken("bob", ("devs",))})
AUTHENTICATION = Authentication(AUTHORITY, nobody, secret, lambda: 0.0)
ADMIN = {"subject": ((("organizationName", "system:masters"),), (("commonName", "admin"),))}


def test_a_certificate_names_user_and_groups() -> None:
    caller = caller_of_certificate(ADMIN)
    assert caller is not None
    assert (caller.user, caller.groups) == ("admin", ("system:masters", "system:authenticated"))
    assert caller.extra == {}
    assert caller_of_certificate({"subject": ()}) is None


def test_a_certificate_is_known_by_its_hash() -> None:
    caller = caller_of_certificate(ADMIN, b"der")
    assert caller is not None
    name = "X509SHA256=5050d80d22ecd471ea55df7034042c1e041341ff4066e7f6ff38e20b720df8ea"
    assert caller.extra == {"authentication.kubernetes.io/credential-id": (name,)}


async def test_tokens() -> None:
    caller = await AUTHENTICATION.of_http(None, "t0ken")
    assert (caller.user, caller.groups) == ("bob", ("devs", "system:authenticated"))
    account = await AUTHENTICATION.of_http(caller_of_certificate(ADMIN), "good")
    assert account.user == "system:serviceaccount:a:b"


@pytest.mark.parametrize("token", ["wrong", "\udcff", "a.b.c", "abcdef.0123456789abcdef"])
async def test_a_wrong_token_is_401_whatever_else_is_shown(token: str) -> None:
    with pytest.raises(StatusError) as refused:
        await AUTHENTICATION.of_http(caller_of_certificate(ADMIN), token)
    assert refused.value.code == 401
    assert str(refused.value) == "Unauthorized"


async def test_who_shows_nothing_is_anonymous() -> None:
    assert await AUTHENTICATION.of_http(None, "") == ANONYMOUS
    assert Caller("system:anonymous", ("system:unauthenticated",)) == ANONYMOUS


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer a.b", "a.b"),
        ("bEARER a", "a"),
        ("  Bearer a  ", "a"),
        ("Bearer a b", "a"),
        ("Bearer", ""),
        ("Bearer ", ""),
        ("Bearer  a", ""),
        ("Basic dDpw", ""),
        ("a", ""),
        ("", ""),
    ],
)
def test_what_the_header_holds(header: str, token: str) -> None:
    assert bearer_token(header) == token


def test_browsers_say_it_in_the_protocol_of_a_websocket() -> None:
    name = "base64url.bearer.authorization.k8s.io."
    assert bearer_token("", f"v5.channel.k8s.io, {name}YS5i") == "a.b"
    assert bearer_token("Bearer other", f"{name}YS5i") == "other"
    for wrong in (f"{name}_w", f"{name}a"):
        with pytest.raises(StatusError) as refused:
            bearer_token("", wrong)
        assert refused.value.code == 401


async def test_audiences() -> None:
    """What names no audience is for the API server."""
    own = AUTHORITY.issuer
    assert (await AUTHENTICATION.review("t0ken", ()))[1] == (own,)
    assert (await AUTHENTICATION.review("t0ken", ("x", own)))[1] == (own,)
    assert (await AUTHENTICATION.review("good", ("x",)))[1] == ("x",)
    with pytest.raises(StatusError):
        await AUTHENTICATION.review("t0ken", ("x",))


def delivery(sender: str, principal: Principal) -> Delivery:
    return Delivery(sender, principal, "", None)


def test_components_of_replicas_act_as_themselves_and_nodes_as_the_node() -> None:
    local = Principal("replica-1", "", (), True)
    peer = Principal("replica-2", "system:replica:replica-2", ("system:replicas",), False)
    node = Principal("node-1", "system:node:node-1", ("system:nodes",), False)
    for principal in (local, peer):
        caller = caller_of_message(delivery("controllers/deployment@replica-2", principal))
        assert caller.user == "system:kube-controller-manager"
    for sender in ("kubelet@node-1", "controllers@node-1", "apiserver@node-1"):
        caller = caller_of_message(delivery(sender, node))
        assert caller.user == "system:node:node-1"
        assert "system:masters" not in caller.groups
