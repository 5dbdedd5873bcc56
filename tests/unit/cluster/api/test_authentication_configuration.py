"""AuthenticationConfiguration: what is read, and what is refused with its place."""

from typing import Any

import pytest
import yaml

from cluster.api.authentication_configuration import (
    AuthenticationConfiguration,
    BadAuthenticationConfiguration,
    parse,
)

OWN = "https://kubernetes.default.svc"


def document(**changes: Any) -> dict[str, Any]:
    authenticator = {
        "issuer": {"url": "https://issuer.example.com", "audiences": ["cluster"]},
        "claimMappings": {"username": {"claim": "sub", "prefix": "oidc:"}},
    }
    for path, value in changes.pop("at", {}).items():
        place: Any = authenticator
        *parents, last = path.split(".")
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "jwt": [authenticator],
        **changes,
    }


def read(value: Any) -> AuthenticationConfiguration:
    return parse(yaml.safe_dump(value).encode(), OWN)


def test_all_of_it() -> None:
    found = read(
        document(
            at={
                "issuer.discoveryURL": "https://elsewhere.example.com/.well-known/x",
                "issuer.certificateAuthority": "PEM",
                "issuer.audiences": ["a", "b"],
                "issuer.audienceMatchPolicy": "MatchAny",
                "claimValidationRules": [{"claim": "hd", "requiredValue": "example.com"}],
                "claimMappings.groups": {"claim": "roles", "prefix": ""},
                "claimMappings.uid": {"claim": "id"},
            },
            anonymous={"enabled": True, "conditions": [{"path": "/livez"}]},
        )
    )
    [authenticator] = found.jwt
    assert authenticator.issuer.discovery_url == "https://elsewhere.example.com/.well-known/x"
    assert authenticator.issuer.audiences == ("a", "b")
    assert authenticator.claim_mappings.username.prefix == "oidc:"
    assert authenticator.claim_mappings.groups.claim == "roles"
    assert authenticator.claim_validation_rules[0].required_value == "example.com"
    assert found.anonymous.lets_in("/livez") and not found.anonymous.lets_in("/readyz")


def test_who_says_nothing_lets_the_unknown_in() -> None:
    assert AuthenticationConfiguration().anonymous.lets_in("/api")
    assert not read(document(anonymous={"enabled": False})).anonymous.lets_in("/livez")


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (
            {"issuer.url": "http://issuer.example.com"},
            "jwt[0].issuer.url: URL scheme must be https",
        ),
        ({"issuer.url": "https://u:p@x"}, "must not contain a username or password"),
        ({"issuer.url": "https://x?a=b"}, "must not contain a query"),
        ({"issuer.url": "https://x#a"}, "must not contain a fragment"),
        ({"issuer.url": OWN}, "own issuer"),
        ({"issuer.url": "https://[x"}, "jwt[0].issuer.url"),
        ({"issuer.audiences": []}, "at least one audience is required"),
        ({"issuer.audiences": [""]}, "audience must not be empty"),
        ({"issuer.audiences": ["a", "b"]}, "must be MatchAny"),
        ({"issuer.audienceMatchPolicy": "MatchAll"}, "MatchAll"),
        ({"issuer.discoveryURL": "https://issuer.example.com"}, "must be different from url"),
        ({"issuer.nonsense": "x"}, "nonsense"),
        ({"claimMappings.username": {"claim": "sub"}}, "prefix is required"),
        ({"claimMappings.username": {"prefix": ""}}, "claim is required"),
        ({"claimMappings.username": {"expression": "claims.sub"}}, "not evaluated"),
        ({"claimMappings.groups": {"claim": "g"}}, "groups.prefix: prefix is required"),
        ({"claimMappings.groups": {"prefix": "g"}}, "must not be set without a claim"),
        ({"claimMappings.extra": [{"key": "a/b", "valueExpression": "x"}]}, "not evaluated"),
        ({"claimValidationRules": [{"expression": "true"}]}, "not evaluated"),
        ({"claimValidationRules": [{"requiredValue": "x"}]}, "claim is required"),
        ({"claimValidationRules": [{"claim": "a"}, {"claim": "a"}]}, "duplicate value: a"),
        ({"userValidationRules": [{"expression": "true"}]}, "not evaluated"),
    ],
)
def test_what_is_refused(at: dict[str, Any], told: str) -> None:
    with pytest.raises(BadAuthenticationConfiguration) as refused:
        read(document(at=at))
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "EncryptionConfiguration"}, "kind"),
        ({"apiVersion": "v1"}, "apiVersion"),
        ({"more": 1}, "more"),
        ({"jwt": document()["jwt"] * 2}, "duplicate value: https://issuer.example.com"),
        ({"anonymous": {"enabled": False, "conditions": [{"path": "/"}]}}, "anonymous.conditions"),
    ],
)
def test_documents_that_are_none(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(BadAuthenticationConfiguration) as refused:
        read(document(**changes))
    assert told in str(refused.value)


@pytest.mark.parametrize("text", [b"", b"[1, 2]", b"a: &a [*a]", b"{", b"\xff"])
def test_texts_that_are_none(text: bytes) -> None:
    with pytest.raises(BadAuthenticationConfiguration):
        parse(text, OWN)
