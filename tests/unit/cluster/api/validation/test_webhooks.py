"""Rules of webhook configurations."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import created

KINDS = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
RULE = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
GONE = object()


def hook(**more: Any) -> dict[str, Any]:
    made = {
        "name": "a.b.c",
        "clientConfig": {"url": "https://x.y/z"},
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
        "rules": [RULE],
        **more,
    }
    return {key: value for key, value in made.items() if value is not GONE}


def wrong(*hooks: dict[str, Any], kind: str = KINDS[1]) -> list[str]:
    obj = {"metadata": {"name": "x"}, "webhooks": list(hooks)}
    return list(created("admissionregistration.k8s.io", kind, obj))


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_one(kind: str) -> None:
    service = {"name": "s", "namespace": "n", "path": "/a/b/", "port": 8443}
    assert wrong(hook(), hook(name="d.e.f", clientConfig={"service": service}), kind=kind) == []
    assert created("admissionregistration.k8s.io", kind, {"metadata": {"name": "x"}}) == []


def test_names_are_domains_and_differ() -> None:
    assert wrong(hook(), hook()) == ['webhooks[1].name: Duplicate value: "a.b.c"']
    assert wrong(hook(name="a.b")) == [
        'webhooks[0].name: Invalid value: "a.b": should be a domain with at least three segments '
        "separated by dots"
    ]
    assert wrong(hook(name=GONE)) == ["webhooks[0].name: Required value"]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"sideEffects": GONE}, "sideEffects: Required value: must specify one of None, NoneOnD"),
        (
            {"sideEffects": "Some"},
            'sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
        ),
        (
            {"admissionReviewVersions": GONE},
            "admissionReviewVersions: Required value: must specify one of v1, v1beta1",
        ),
        (
            {"admissionReviewVersions": ["v3"]},
            'admissionReviewVersions: Invalid value: ["v3"]: must include at least one of v1, v1b',
        ),
        (
            {"admissionReviewVersions": ["v1", "v1"]},
            'admissionReviewVersions[1]: Duplicate value: "v1"',
        ),
        (
            {"timeoutSeconds": 31},
            "timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds",
        ),
        (
            {"failurePolicy": "Maybe"},
            'failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"',
        ),
        ({"matchPolicy": "Near"}, 'supported values: "Equivalent", "Exact"'),
        ({"reinvocationPolicy": "Always"}, "webhooks[0].reinvocationPolicy: "),
        ({"objectSelector": {"matchExpressions": [{"key": "a", "operator": "Is"}]}}, "objectSel"),
        ({"namespaceSelector": {"matchLabels": {"/": "x"}}}, "webhooks[0].namespaceSelector.match"),
        (
            {"matchConditions": [{"name": "a", "expression": "nobody.there"}]},
            'webhooks[0].matchConditions[0].expression: Invalid value: "nobody.there": compilation '
            "failed: ERROR: <input>:1:1: undeclared reference to 'nobody' (in container '')",
        ),
        ({"matchConditions": [{"name": "a", "expression": "params.x"}]}, "reference to 'params'"),
        ({"matchConditions": [{"name": "a", "expression": "1"}]}, "must evaluate to bool but got"),
        ({"matchConditions": [{"name": "a"}]}, "matchConditions[0].expression: Required value"),
        ({"matchConditions": [{"expression": "true"}]}, "matchConditions[0].name: Required value"),
        ({"matchConditions": [{"name": "a b", "expression": "true"}]}, "matchConditions[0].name: "),
        (
            {"matchConditions": [{"name": "a", "expression": "true"}] * 2},
            'webhooks[0].matchConditions[1].name: Duplicate value: "a"',
        ),
        (
            {"matchConditions": [{"name": "a", "expression": "true"}] * 65},
            "webhooks[0].matchConditions: Too many: 65: must have at most 64 items",
        ),
    ],
)
def test_fields(more: dict[str, Any], text: str) -> None:
    kind = KINDS[0]
    found = wrong(hook(**more), kind=kind)
    assert found and text in found[0], found


@pytest.mark.parametrize(
    ("client", "text"),
    [
        ({}, "clientConfig: Required value: exactly one of url or service is required"),
        ({"url": "https://x", "service": {"name": "s", "namespace": "n"}}, "exactly one of url or"),
        ({"url": "http://x"}, "'https' is the only allowed URL scheme; desired format: https://ho"),
        ({"url": "https:///p"}, "host must be specified"),
        ({"url": "https://u:p@x"}, "user information is not permitted in the URL"),
        ({"url": "https://x?y=z"}, "query parameters are not permitted in the URL"),
        ({"url": "https://x#y"}, "fragments are not permitted in the URL"),
        ({"url": "https://x:port/"}, "url must be a valid URL"),
        ({"service": {"namespace": "n"}}, "service.name: Required value: service name is required"),
        ({"service": {"name": "s"}}, "service.namespace: Required value: service namespace is re"),
        ({"service": {"name": "s", "namespace": "n", "port": 0}}, "service.port: Invalid value: 0"),
        ({"service": {"name": "s", "namespace": "n", "path": "a"}}, "must start with a '/'"),
        ({"service": {"name": "s", "namespace": "n", "path": "/a//b"}}, "segment[1] may not be em"),
        ({"service": {"name": "s", "namespace": "n", "path": "/A"}}, "segment[0]: a lowercase RFC"),
    ],
)
def test_where_it_is(client: dict[str, Any], text: str) -> None:
    found = wrong(hook(clientConfig=client))
    assert found and text in found[0], found


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"operations": []}, "rules[0].operations: Required value"),
        ({"operations": ["*", "CREATE"]}, "if '*' is present, must not specify other operations"),
        ({"operations": ["READ"]}, 'operations[0]: Unsupported value: "READ"'),
        ({"apiGroups": []}, "rules[0].apiGroups: Required value"),
        ({"apiGroups": ["*", "a"]}, "if '*' is present, must not specify other API groups"),
        ({"apiVersions": ["*", "v1"]}, "if '*' is present, must not specify other API versions"),
        ({"apiVersions": [""]}, "rules[0].apiVersions[0]: Required value"),
        ({"resources": []}, "rules[0].resources: Required value"),
        ({"resources": ["*/*", "pods"]}, "if '*/*' is present, must not specify other resources"),
        (
            {"resources": ["pods/*", "pods/log"]},
            "if 'pods/*' is present, must not specify pods/log",
        ),
        ({"resources": ["*/status", "a/status"]}, "if '*/status' is present, must not specify a/s"),
        ({"resources": ["*", "pods"]}, "must not specify other resources without subresources"),
        ({"scope": "World"}, 'scope: Unsupported value: "World"'),
    ],
)
def test_rules(more: dict[str, Any], text: str) -> None:
    found = wrong(hook(rules=[{**RULE, **more}]))
    assert found and text in found[0], found
