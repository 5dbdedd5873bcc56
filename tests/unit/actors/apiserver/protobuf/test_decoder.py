"""Protobuf bodies as client-go writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.protobuf import fields_admission
from actors.apiserver.protobuf.decoder import ProtobufError, decode, message_name
from actors.apiserver.schema_files import load_definitions


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def body(api_version: str, kind: str, raw: bytes) -> bytes:
    return b"k8s\x00" + field(1, field(1, api_version) + field(2, kind)) + field(2, raw)


def test_a_deployment() -> None:
    probe = field(1, field(2, field(1, "/healthz") + field(2, field(1, 0) + field(2, 8080))))
    port = field(1, "http") + field(2, 0) + field(3, 80) + field(4, "TCP")
    limits = field(1, field(1, "cpu") + field(2, field(1, "100m")))
    container = (
        field(1, "web")
        + field(2, "nginx")
        + field(6, port)
        + field(8, limits)
        + field(10, probe + field(2, 0) + field(3, 5))
    )
    volume = field(1, "v") + field(2, field(19, field(1, field(1, "settings"))))
    template = field(2, field(1, volume) + field(2, container) + field(4, 0))
    labels = field(1, "app") + field(2, "web")
    spec = (
        field(1, 0)
        + field(2, field(1, labels))
        + field(3, template)
        + field(4, field(1, "") + field(2, field(2, field(1, 1) + field(2, 0) + field(3, "25%"))))
        + field(5, 0)
    )
    metadata = field(1, "web") + field(2, "") + field(8, b"") + field(11, labels)
    assert decode(body("apps/v1", "Deployment", field(1, metadata) + field(2, spec))) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app": "web"}},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "spec": {
                    "volumes": [{"name": "v", "configMap": {"name": "settings"}}],
                    "containers": [
                        {
                            "name": "web",
                            "image": "nginx",
                            "ports": [{"name": "http", "containerPort": 80, "protocol": "TCP"}],
                            "resources": {"limits": {"cpu": "100m"}},
                            "livenessProbe": {
                                "httpGet": {"path": "/healthz", "port": 8080},
                                "timeoutSeconds": 5,
                            },
                        }
                    ],
                    "terminationGracePeriodSeconds": 0,
                }
            },
            "strategy": {"rollingUpdate": {"maxSurge": "25%"}},
        },
    }


def test_negative_numbers_bytes_and_times() -> None:
    secret = decode(
        body(
            "v1",
            "Secret",
            field(1, field(1, "s") + field(8, field(1, 1_700_000_000) + field(2, 0)))
            + field(2, field(1, "key") + field(2, b"\x00\x01")),
        )
    )
    assert secret["metadata"]["creationTimestamp"] == "2023-11-14T22:13:20Z"
    assert secret["data"] == {"key": "AAE="}
    priority = decode(body("scheduling.k8s.io/v1", "PriorityClass", field(2, -5)))
    assert priority["value"] == -5


def test_names_of_messages() -> None:
    assert message_name("rbac.authorization.k8s.io/v1", "Role") == "rbac.v1.Role"
    assert message_name("v1", "Pod") == "core.v1.Pod"
    assert message_name("apps/v1", "DeleteOptions") == "meta.DeleteOptions"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"k8s\x00\xff",
        body("v1", "Nonsense", b""),
        body("v1", "Pod", b"\x0a\xff\xff\xff\xff\x0f"),
        body("v1", "Pod", field(1, 7)),
        body("v1", "Pod", field(1, field(1, b"\xff\xfe"))),
        body("v1", "Pod", b"\x0b"),
        # metadata.managedFields[0].fieldsV1: deeper than JSON can be written again.
        body(
            "v1", "Pod", field(1, field(17, field(7, field(1, b'{"a":' * 300 + b"1" + b"}" * 300))))
        ),
    ],
)
def test_malformed_bodies_are_refused(raw: bytes) -> None:
    with pytest.raises(ProtobufError):
        decode(raw)


@given(st.binary(max_size=300))
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    for raw in (b"k8s\x00" + data, body("v1", "Pod", data)):
        try:
            decode(raw)
        except ProtobufError:
            pass


def test_an_api_service() -> None:
    service = field(1, "ns") + field(2, "api") + field(3, 8443)
    spec = field(1, service) + field(2, "x.io") + field(3, "v1") + field(4, 1) + field(5, b"pem")
    raw = field(1, field(1, "v1.x.io")) + field(2, spec + field(7, 100) + field(8, 15))
    assert decode(body("apiregistration.k8s.io/v1", "APIService", raw))["spec"] == {
        "service": {"namespace": "ns", "name": "api", "port": 8443},
        "group": "x.io",
        "version": "v1",
        "insecureSkipTLSVerify": True,
        "caBundle": "cGVt",
        "groupPriorityMinimum": 100,
        "versionPriority": 15,
    }


def test_policies_and_webhooks() -> None:
    rule = field(1, "CREATE") + field(2, field(1, "") + field(2, "v1") + field(3, "pods"))
    named = field(1, "one") + field(2, rule)
    constraints = field(1, b"") + field(2, b"") + field(3, named) + field(7, "Exact")
    validation = field(1, "object.x") + field(2, "") + field(3, "Forbidden") + field(4, "'m'")
    raw = field(1, field(1, "p")) + field(2, field(2, constraints) + field(3, validation))
    found = decode(body("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", raw))
    assert found["spec"] == {
        "matchConstraints": {
            "namespaceSelector": {},
            "objectSelector": {},
            "resourceRules": [
                {
                    "resourceNames": ["one"],
                    "operations": ["CREATE"],
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "resources": ["pods"],
                }
            ],
            "matchPolicy": "Exact",
        },
        "validations": [
            {"expression": "object.x", "reason": "Forbidden", "messageExpression": "'m'"}
        ],
    }
    client = field(1, field(1, "ns") + field(2, "s") + field(4, 8443)) + field(2, b"pem")
    hook = field(1, "a.b.c") + field(2, client) + field(3, rule) + field(6, "None") + field(8, "v1")
    raw = field(2, hook + field(11, field(1, "c") + field(2, "true")))
    [found] = decode(
        body("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", raw)
    )["webhooks"]
    assert found["clientConfig"] == {
        "service": {"namespace": "ns", "name": "s", "port": 8443},
        "caBundle": "cGVt",
    }
    assert found["rules"][0]["resources"] == ["pods"]
    assert found["matchConditions"] == [{"name": "c", "expression": "true"}]


def test_every_message_of_admission_is_in_the_schema() -> None:
    definitions = load_definitions()
    for row in fields_admission.FIELDS.replace("\n  ", " ").splitlines():
        name, *items = row.split()
        # What is only ever part of another struct has no schema of its own.
        known = "RuleWithOperations" if name.endswith(".Rule") else name.rpartition(".")[2]
        fields = definitions.raw[f"io.k8s.api.admissionregistration.v1.{known}"]["properties"]
        for item in items:
            told = item.rpartition("=")[2].partition(":")[0]
            assert told == "^" or told in fields, (name, told)
