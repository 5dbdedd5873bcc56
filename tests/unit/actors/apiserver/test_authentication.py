"""Who is calling, by certificate, by token, by message."""

import pytest

from actors.apiserver.authentication import (
    Authentication,
    caller_of_certificate,
    caller_of_message,
)
from actors.apiserver.authority import Authority, StaticToken
from actors.apiserver.call import Caller
from actors.kit.actor import Delivery, Principal
from cluster.errors import StatusError


async def nobody(token: str) -> Caller | None:
    return Caller("system:serviceaccount:a:b") if token == "good" else None


AUTHORITY = Authority(b"", b"", static_tokens={"t0ken": StaticToken("bob", ("devs",))})
AUTHENTICATION = Authentication(AUTHORITY, nobody)
ADMIN = {"subject": ((("organizationName", "system:masters"),), (("commonName", "admin"),))}


def test_a_certificate_names_user_and_groups() -> None:
    caller = caller_of_certificate(ADMIN)
    assert caller is not None
    assert (caller.user, caller.groups) == ("admin", ("system:masters", "system:authenticated"))
    assert caller_of_certificate({"subject": ()}) is None


async def test_tokens() -> None:
    caller = await AUTHENTICATION.of_http(None, "Bearer t0ken", "/api")
    assert (caller.user, caller.groups) == ("bob", ("devs", "system:authenticated"))
    account = await AUTHENTICATION.of_http(None, "bearer good", "/api")
    assert account.user == "system:serviceaccount:a:b"


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic dDpw", "nonsense"])
async def test_wrong_credentials_are_401_even_on_open_paths(header: str) -> None:
    with pytest.raises(StatusError) as refused:
        await AUTHENTICATION.of_http(ADMIN, header, "/healthz")
    assert refused.value.code == 401
    assert str(refused.value) == "Unauthorized"


async def test_without_credentials_only_health_and_version_answer() -> None:
    for path in ("/healthz", "/livez", "/readyz", "/version", "/readyz/store"):
        assert (await AUTHENTICATION.of_http(None, "", path)).user == "system:anonymous"
    for path in ("/api", "/apis", "", "/openapi/v2", "/healthzz"):
        with pytest.raises(StatusError) as refused:
            await AUTHENTICATION.of_http(None, "", path)
        assert refused.value.code == 401


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
