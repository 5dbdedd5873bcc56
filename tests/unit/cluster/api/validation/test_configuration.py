"""Rules of ConfigMaps and Secrets."""

import base64

from cluster.api.validation.configuration import decoded_size
from tests.unit.cluster.api.validation.helpers import created, updated


def test_config_maps() -> None:
    assert created("", "configmaps", {"data": {"a.b": "x"}, "binaryData": {"c": "eA=="}}) == []
    both = {"data": {"a": "x"}, "binaryData": {"a": "eA=="}}
    assert "duplicate of key present in binaryData" in created("", "configmaps", both)[0]
    assert "a valid config key" in created("", "configmaps", {"data": {"a/b": "x"}})[0]
    (text,) = created("", "configmaps", {"data": {"a": "ä" * 524_289}})
    assert text == "Too long: may not be more than 1048576 bytes"


def test_immutable_ones() -> None:
    old = {"immutable": True, "data": {"a": "x"}}
    (text,) = updated("", "configmaps", old, {"immutable": True, "data": {"a": "y"}})
    assert text == "data: Forbidden: field is immutable when `immutable` is set"
    (text,) = updated("", "configmaps", old, {"data": {"a": "x"}})
    assert text.startswith("immutable: Forbidden")
    secret = {"immutable": True, "data": {"a": "eA=="}}
    assert updated("", "secrets", secret, {"immutable": True}) != []
    assert updated("", "secrets", secret, dict(secret)) == []


def test_types_of_secrets() -> None:
    tls = {"type": "kubernetes.io/tls", "data": {"tls.crt": ""}}
    assert created("", "secrets", tls) == ["data[tls.key]: Required value"]
    basic = {"type": "kubernetes.io/basic-auth"}
    assert len(created("", "secrets", basic)) == 2
    config = base64.b64encode(b"{").decode()
    docker = {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": config}}
    (text,) = created("", "secrets", docker)
    assert "<secret contents redacted>" in text and config not in text
    token = {"type": "kubernetes.io/service-account-token"}
    assert "kubernetes.io/service-account.name" in created("", "secrets", token)[0]
    (text,) = updated("", "secrets", {"type": "a"}, {"type": "b"})
    assert text == 'type: Invalid value: "b": field is immutable'


def test_decoded_size() -> None:
    for size in range(7):
        assert decoded_size(base64.b64encode(b"x" * size).decode()) == size
