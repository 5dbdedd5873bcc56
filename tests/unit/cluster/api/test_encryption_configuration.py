"""What an EncryptionConfiguration says, and what is wrong with one that is refused."""

import base64

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.encryption_configuration import (
    BadEncryptionConfiguration,
    Key,
    fresh,
    parse,
)

SECRET = base64.b64encode(b"k" * 32).decode()


def document(*rules: object, **more: object) -> bytes:
    base = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": list(rules),
    }
    return yaml.safe_dump({**base, **more}).encode()


def aesgcm(*names: str, provider: str = "aesgcm") -> dict[str, object]:
    return {provider: {"keys": [{"name": name, "secret": SECRET} for name in names]}}


def rule(resources: list[str], *providers: object) -> dict[str, object]:
    return {"resources": resources, "providers": list(providers)}


def test_a_new_cluster_encrypts_secrets_and_reads_what_is_in_clear() -> None:
    found = parse(fresh(b"s" * 32))
    secrets = found.rule("", "secrets")
    assert secrets is not None and secrets.clear
    assert secrets.writer == Key("key1", b"s" * 32)
    assert found.rule("", "configmaps") is None


def test_the_first_rule_that_covers_a_resource_counts() -> None:
    found = parse(
        document(
            rule(["secrets", "deployments.apps"], aesgcm("one")),
            rule(["*.apps"], aesgcm("two")),
            rule(["*."], {"identity": {}}, aesgcm("three")),
            rule(["*.*"], aesgcm("four")),
        )
    )

    def writer(group: str, plural: str) -> str:
        chosen = found.rule(group, plural)
        assert chosen is not None
        return chosen.writer.name if chosen.writer else ""

    assert writer("", "secrets") == "one"
    assert writer("apps", "deployments") == "one"
    assert writer("apps", "replicasets") == "two"
    assert writer("", "configmaps") == ""
    assert writer("batch", "jobs") == "four"


def test_the_first_key_writes_and_all_read() -> None:
    [found] = parse(document(rule(["secrets"], aesgcm("new", "old"), aesgcm("older")))).rules
    assert found.writer is not None and found.writer.name == "new"
    assert [key.name for key in found.keys] == ["new", "old", "older"]
    assert not found.clear


def test_a_key_belongs_to_its_provider() -> None:
    """One name may stand under two: a stored value names both."""
    providers = aesgcm("one", provider="aescbc"), aesgcm("one")
    [found] = parse(document(rule(["secrets"], *providers, {"identity": {}}))).rules
    keys = [(key.provider, key.name) for key in found.keys]
    assert keys == [("aescbc", "one"), ("aesgcm", "one")]
    assert found.writer == found.keys[0] and found.clear


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"{", "it is not YAML"),
        (b"[]", "Expected `object`"),
        (document(kind="Secret"), "it is no EncryptionConfiguration"),
        (document(), "at least one rule"),
        (document(rule([], aesgcm("a"))), "resources[0].resources: at least one"),
        (document(rule(["*"], aesgcm("a"))), "'*': a resource is given as"),
        (document(rule(["Secrets"], aesgcm("a"))), "'Secrets'"),
        (document(rule(["secrets"])), "resources[0].providers: at least one"),
        (document(rule(["secrets"], {})), "exactly one provider"),
        (
            document(rule(["secrets"], {"kms": {}})),
            "'kms' is a provider that is not here",
        ),
        (document(rule(["secrets"], {"secretbox": {}})), "'secretbox' is a provider that is not"),
        (document(rule(["secrets"], {"rot13": {}})), "'rot13' is no provider"),
        (document(rule(["secrets"], {"aescbc": {"keys": []}})), "aescbc.keys: at least one"),
        (document(rule(["secrets"], aesgcm())), "aesgcm.keys: at least one"),
        (document(rule(["secrets"], aesgcm("a", "a"))), "a name of its own"),
        (document(rule(["secrets"], aesgcm("a:b"))), "without a colon"),
        (document(rule(["secrets"], aesgcm("a")), typo=1), "unknown field `typo`"),
    ],
)
def test_what_is_wrong_is_said(text: bytes, problem: str) -> None:
    with pytest.raises(BadEncryptionConfiguration) as caught:
        parse(text)
    assert problem in str(caught.value)


@pytest.mark.parametrize(("secret", "problem"), [("%%", "base64"), ("YWJj", "3 bytes")])
def test_a_bad_key_is_refused_and_not_shown(secret: str, problem: str) -> None:
    provider = {"aesgcm": {"keys": [{"name": "a", "secret": secret}]}}
    with pytest.raises(BadEncryptionConfiguration) as caught:
        parse(document(rule(["secrets"], provider)))
    assert problem in str(caught.value)
    assert secret not in str(caught.value)


def test_a_key_is_not_shown() -> None:
    [found] = parse(document(rule(["secrets"], aesgcm("a")))).rules
    assert "kkkk" not in repr(found)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        parse(text)
    except BadEncryptionConfiguration:
        pass
