"""The users of a kubeconfig file, and which of them a server is for."""

import base64
from typing import Any

import pytest
import yaml

from cluster.api.admission_configuration import BadAdmissionConfiguration
from cluster.security.server_credentials import ServerCredentials, parse_kube_config

SECRET = "hunter2-not-for-logs"


def parsed(*users: tuple[str, Any], **more: Any) -> ServerCredentials:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "users": [{"name": name, "user": user} for name, user in users],
        **more,
    }
    files = {"crt": b"CERT", "key": b"KEY", "token": b"from-a-file\n", "binary": b"\xff"}
    return parse_kube_config(yaml.safe_dump(document).encode(), lambda name: files[name])


NAMED = parsed(
    *(
        (name, {"token": name.replace("*", "star")})
        for name in (
            "hook.ns.svc", "hook.ns.svc:8443", "www.example.com", "own.example.com:443",
            "*.example.com", "*.deep.example.com", "*.svc:8443", "*",
        )
    )
)  # fmt: skip


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("hook.ns.svc:443", "hook.ns.svc"),
        ("hook.ns.svc:8443", "hook.ns.svc:8443"),
        ("other.ns.svc:8443", "star.svc:8443"),
        ("other.ns.svc:443", "star"),
        ("hook.ns.svc:9443", "star"),
        ("www.example.com", "www.example.com"),
        ("www.example.com:443", "www.example.com"),
        ("www.example.com:8443", "star"),
        ("own.example.com:443", "own.example.com:443"),
        ("own.example.com", "star.example.com"),
        ("a.example.com", "star.example.com"),
        ("a.b.example.com:443", "star.example.com"),
        ("a.deep.example.com", "star.deep.example.com"),
        ("deep.example.com", "star.example.com"),
        ("example.com", "star"),
    ],
)
def test_the_name_of_a_server(host: str, name: str) -> None:
    assert NAMED.of(host).authorization == f"Bearer {name}"


def test_without_a_name_for_all_it_is_the_current_user_or_nothing() -> None:
    users = (("me", {"token": "mine"}), ("hook.ns.svc", {"token": "its"}))
    contexts = [{"name": "c", "context": {"user": "me", "cluster": "x"}}]
    found = parsed(*users, **{"contexts": contexts, "current-context": "c"})
    assert found.of("elsewhere:443").authorization == "Bearer mine"
    assert found.of("hook.ns.svc:443").authorization == "Bearer its"
    for more in ({}, {"contexts": contexts}, {"contexts": contexts, "current-context": "d"}):
        assert parsed(*users, **more).of("elsewhere:443").authorization == ""
    assert ServerCredentials().of("any").authorization == ""


def test_what_can_be_shown() -> None:
    data = base64.b64encode(b"PEM").decode()
    found = parsed(
        ("basic", {"username": "me", "password": "p:w"}),
        ("file", {"tokenFile": "token", "token": "old"}),
        ("crt", {"client-certificate": "crt", "client-key": "key"}),
        ("data", {"client-certificate-data": data, "client-certificate": "crt",
                  "client-key-data": data, "token": "both"}),
        ("none", {}),
    ).users  # fmt: skip
    pair = base64.b64encode(b"me:p:w").decode()
    assert found["basic"].authorization == f"Basic {pair}"
    assert found["file"].authorization == "Bearer from-a-file"
    assert (found["crt"].certificate, found["crt"].key) == (b"CERT", b"KEY")
    assert (found["data"].certificate, found["data"].key) == (b"PEM", b"PEM")
    assert (found["data"].authorization, found["none"].authorization) == ("Bearer both", "")


@pytest.mark.parametrize(
    ("user", "why"),
    [
        ({"token": SECRET, "username": "me"}, "may be set, but not both"),
        ({"token": f"{SECRET}\nX-Evil: 1"}, "cannot be sent in a header"),
        ({"token": 7}, "token must be a string"),
        ({"password": [SECRET]}, "password must be a string"),
        ({"tokenFile": "binary"}, "tokenFile holds no token"),
        ({"client-certificate": "crt", "password": SECRET}, "needs its key"),
        ({"client-key-data": "!", "token": SECRET}, "client-key-data is no base64"),
        ({"exec": {"command": SECRET}}, "exec is not supported here"),
        ({"auth-provider": {"name": SECRET}}, "auth-provider is not supported here"),
        ({"as": SECRET}, "as is not supported here"),
        ({SECRET: "x"}, "a field is not known"),
        (SECRET, "a name and a user are needed"),
    ],
)
def test_what_is_refused_is_told_without_the_secret(user: Any, why: str) -> None:
    with pytest.raises(BadAdmissionConfiguration) as refused:
        parsed(("first", {}), ("hook.ns.svc", user))
    assert why in str(refused.value) and "users[1]" in str(refused.value)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        f"users: [{{token: {SECRET}",
        f"users: {SECRET}",
        f"kind: {SECRET}",
        f"- {SECRET}",
        f"users: [{SECRET}]",
        f"a: &{SECRET} [*{SECRET}x]",
        f"contexts: {SECRET}",
    ],
)
def test_what_is_no_kubeconfig(text: str) -> None:
    with pytest.raises(BadAdmissionConfiguration) as refused:
        parse_kube_config(text.encode(), lambda name: b"")
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None, "a stack would show it"


def test_nothing_of_it_is_shown_by_chance() -> None:
    found = parsed(("*", {"username": "me", "password": SECRET}))
    encoded = base64.b64encode(f"me:{SECRET}".encode()).decode()
    for text in (repr(found), str(found.of("x")), repr(found.users)):
        assert SECRET not in text and encoded not in text
