"""Which level a request has by an audit policy."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.audit_policy import Asked, BadAuditPolicy, parse

POD = Asked("ann", ("devs",), "get", "", "", "pods", "", "web", "one")


def policy(*rules: dict[str, object], **more: object) -> bytes:
    base = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": list(rules)}
    return yaml.safe_dump({**base, **more}).encode()


def level(asked: Asked, *rules: dict[str, object]) -> str:
    found = parse(policy(*rules)).decide(asked)
    return found.level if found is not None else "None"


def resource(name: str, sub: str = "", group: str = "", verb: str = "get") -> Asked:
    return Asked("ann", (), verb, "", group, name, sub, "web", "one")


def test_the_first_rule_that_matches_counts() -> None:
    rules = ({"level": "None", "users": ["ann"]}, {"level": "Metadata"})
    assert level(POD, *rules) == "None"
    assert level(Asked("bob", (), "get", "", "", "pods"), *rules) == "Metadata"


def test_what_no_rule_matches_is_not_logged() -> None:
    assert level(POD, {"level": "Request", "verbs": ["delete"]}) == "None"


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ({"userGroups": ["devs", "ops"]}, True),
        ({"userGroups": ["ops"]}, False),
        ({"namespaces": ["web"]}, True),
        ({"namespaces": ["db"]}, False),
        ({"verbs": ["list", "get"]}, True),
        ({"resources": [{"group": ""}]}, True),
        ({"resources": [{"group": "apps"}]}, False),
        ({"resources": [{"group": "*"}]}, True),
        ({"resources": [{"group": "", "resources": ["pods"]}]}, True),
        ({"resources": [{"group": "", "resources": ["pods/log"]}]}, False),
        ({"resources": [{"group": "", "resources": ["*"], "resourceNames": ["two"]}]}, False),
        ({"resources": [{"group": "", "resources": ["pods"], "resourceNames": ["one"]}]}, True),
        ({"nonResourceURLs": ["*"]}, False),
    ],
)
def test_what_a_rule_is_for(rule: dict[str, object], matches: bool) -> None:
    assert level(POD, {"level": "Metadata", **rule}) == ("Metadata" if matches else "None")


@pytest.mark.parametrize(
    ("pattern", "asked", "matches"),
    [
        ("pods", resource("pods", "log"), False),
        ("pods/log", resource("pods", "log"), True),
        ("pods/*", resource("pods", "log"), True),
        ("pods/*", resource("pods"), False),
        ("*/scale", resource("deployments", "scale"), True),
        ("*", resource("pods", "log"), True),
    ],
)
def test_subresources(pattern: str, asked: Asked, matches: bool) -> None:
    rule = {"level": "Request", "resources": [{"group": "", "resources": [pattern]}]}
    assert (level(asked, rule) == "Request") is matches


def test_paths_that_are_no_resource() -> None:
    version, metrics = Asked("a", (), "get", "/version"), Asked("a", (), "get", "/metrics/x")
    rule = {"level": "Metadata", "nonResourceURLs": ["/version", "/metrics*"]}
    assert level(version, rule) == level(metrics, rule) == "Metadata"
    assert level(Asked("a", (), "get", "/healthz"), rule) == "None"
    assert level(version, {"level": "Metadata", "resources": [{"group": ""}]}) == "None"
    assert level(version, {"level": "Metadata"}) == "Metadata"


def test_stages_and_managed_fields() -> None:
    rule = {"level": "Request", "omitStages": ["RequestReceived"], "omitManagedFields": False}
    found = parse(policy(rule, omitStages=["ResponseStarted"], omitManagedFields=True)).decide(POD)
    assert found is not None
    assert found.omit_stages == {"RequestReceived", "ResponseStarted"}
    assert not found.omit_managed_fields


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"{", "while parsing"),
        (policy(), "at least one"),
        (policy({"level": "Metadata"}, kind="Rule"), "no Policy of audit.k8s.io/v1"),
        (policy({"level": "All"}), "Invalid enum value 'All'"),
        (policy({"level": "Metadata", "verb": ["get"]}), "unknown field `verb`"),
        (policy({"level": "Metadata", "nonResourceURLs": ["a"]}), "rules[0].nonResourceURLs: 'a'"),
        (policy({"level": "Metadata", "nonResourceURLs": ["/a*b"]}), "'/a*b'"),
        (
            policy({"level": "Metadata", "nonResourceURLs": ["/a"], "namespaces": ["b"]}),
            "cannot be together",
        ),
    ],
)
def test_what_is_wrong_is_said(text: bytes, problem: str) -> None:
    with pytest.raises(BadAuditPolicy) as caught:
        parse(text)
    assert problem in str(caught.value)


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        parse(text)
    except BadAuditPolicy:
        pass
