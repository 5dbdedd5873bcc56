"""Rules of the kinds of the newer groups: right objects are right, wrong ones are told how."""

import copy
from typing import Any

import pytest

from tests.support.group_objects import group_objects, signing_request
from tests.unit.cluster.api.validation.helpers import changed, created, updated

OBJECTS = group_objects()
BY_PLURAL = {plural: (group, obj) for (group, plural), obj in OBJECTS.items()}
LABEL = "a lowercase RFC 1123 label"


@pytest.mark.parametrize("plural", BY_PLURAL)
def test_a_right_object_has_no_causes(plural: str) -> None:
    group, obj = BY_PLURAL[plural]
    assert created(group, plural, copy.deepcopy(obj)) == []
    assert updated(group, plural, copy.deepcopy(obj), copy.deepcopy(obj)) == []


# plural, path, value, the beginning of each cause
WRONG: list[tuple[str, str, Any, list[str]]] = [
    ("ipaddresses", "metadata.name", "192.0.2.300", ['metadata.name: Invalid value: "192.0.2.3']),
    ("ipaddresses", "metadata.name", "2001:DB8::1", [
        'metadata.name: Invalid value: "2001:DB8::1": must be a canonical format IP address']),
    ("ipaddresses", "spec.parentRef", None, ["spec.parentRef: Required value"]),
    ("ipaddresses", "spec.parentRef", {}, [
        "spec.parentRef.resource: Required value", "spec.parentRef.name: Required value"]),
    ("servicecidrs", "spec.cidrs", [], ["spec.cidrs: Required value: at least one CIDR required"]),
    ("servicecidrs", "spec.cidrs", ["10.200.0.1/24"], [
        'spec.cidrs[0]: Invalid value: "10.200.0.1/24": must not have bits set beyond the prefix '
        'length (should be "10.200.0.0/24")']),
    ("servicecidrs", "spec.cidrs", ["10.1.0.0/24", "10.2.0.0/24"], [
        'spec.cidrs: Invalid value: ["10.1.0.0/24","10.2.0.0/24"]: may specify no more than one '
        "IP for each IP family"]),
    ("servicecidrs", "spec.cidrs", ["10.0.0.0/24", "2001:DB8::/64"], [
        'spec.cidrs[1]: Invalid value: "2001:DB8::/64": must be in canonical form '
        '("2001:db8::/64")']),
    ("networkpolicies", "spec.policyTypes", ["Inside"], [
        'spec.policyTypes[0]: Unsupported value: "Inside": supported values: "Egress", "Ingress"']),
    ("networkpolicies", "spec.ingress", [{"from": [{}]}], [
        "spec.ingress[0].from[0]: Required value: must specify a peer"]),
    ("networkpolicies", "spec.egress", [{"ports": [{"port": 80, "endPort": 79}]}], [
        "spec.egress[0].ports[0].endPort: Invalid value: 79: must be greater than or equal to"]),
    ("networkpolicies", "spec.egress", [
        {"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/8", "11.0.0.0/9"]}}]}], [
        'spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict',
        'spec.egress[0].to[0].ipBlock.except[1]: Invalid value: "11.0.0.0/9": must be a strict']),
    ("runtimeclasses", "handler", "Run_SC", [f'handler: Invalid value: "Run_SC": {LABEL}']),
    ("runtimeclasses", "overhead.podFixed", {"cpu": "-1"}, [
        'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal']),
    ("certificatesigningrequests", "spec.request", "bm9uZQ==", [
        'spec.request: Invalid value: "bm9uZQ==": PEM block type must be CERTIFICATE REQUEST']),
    ("certificatesigningrequests", "spec.usages", ["client auth", "fishing"], [
        'spec.usages[1]: Unsupported value: "fishing": supported values: "any", ']),
    ("certificatesigningrequests", "spec.signerName", "one", [
        'spec.signerName: Invalid value: "one": must be a fully qualified domain and path']),
    ("certificatesigningrequests", "spec.expirationSeconds", 599, [
        "spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600"]),
    ("clustertrustbundles", "metadata.name", "a:b", [
        'metadata.name: Invalid value: "a:b": ClusterTrustBundle without signer name must not']),
    ("clustertrustbundles", "spec.signerName", "example.com/a", [
        'metadata.name: Invalid value: "roots": ClusterTrustBundle for signerName example.com/a '
        "must be named with prefix example.com:a:"]),
    ("clustertrustbundles", "spec.trustBundle", "none", [
        'spec.trustBundle: Invalid value: "<value omitted>": at least one trust anchor']),
    ("podcertificaterequests", "spec.maxExpirationSeconds", 60, [
        "spec.maxExpirationSeconds: Invalid value: 60: must be in the range [3600, 7862400]"]),
    ("podcertificaterequests", "spec.podUID", "", ["spec.podUID: Required value"]),
    ("podcertificaterequests", "spec.stubPKCS10Request", "AA==", [
        "spec.stubPKCS10Request: Invalid value"]),
    ("flowschemas", "spec.matchingPrecedence", 1, [
        "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have"]),
    ("flowschemas", "spec.rules", [{"subjects": []}], [
        "spec.rules[0].subjects: Required value: subjects must contain at least one value",
        "spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules"]),
    ("prioritylevelconfigurations", "spec.type", "Exempt", [
        "spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if `name` is",
        "spec.limited: Forbidden: must be nil if the type is not Limited"]),
    ("prioritylevelconfigurations", "spec.limited.limitResponse.queuing", {
        "queues": 1000, "handSize": 8, "queueLengthLimit": 1}, [
        "spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits"]),
    ("deviceclasses", "spec.selectors", [{}], ["spec.selectors[0].cel: Required value"]),
    ("devicetaintrules", "spec.taint", {"key": "a", "effect": "Sometimes"}, [
        'spec.taint.effect: Unsupported value: "Sometimes": supported values: "NoExecute"']),
    ("resourceclaims", "spec.devices.requests", [{"name": "a"}, {"name": "a"}], [
        "spec.devices.requests[0]: Required value: exactly one of `exactly`, `firstAvailable`",
        'spec.devices.requests[1].name: Duplicate value: "a"',
        "spec.devices.requests[1]: Required value: exactly one of"]),
    ("resourceclaims", "spec.devices.constraints", [
        {"requests": ["tpu"], "matchAttribute": "model"}], [
        'spec.devices.constraints[0].requests[0]: Invalid value: "tpu": must be the name of a',
        'spec.devices.constraints[0].matchAttribute: Invalid value: "model": must include a']),
    ("resourceslices", "spec.allNodes", True, [
        'spec: Invalid value: "<value omitted>": exactly one of `nodeName`, `nodeSelector`']),
    ("resourceslices", "spec.devices", [
        {"name": "a", "attributes": {"b c": {"int": 1, "version": "1"}}}], [
        'spec.devices[0].attributes[b c]: Invalid value: "b c": a valid C identifier',
        'spec.devices[0].attributes[b c]: Invalid value: {"int":1,"version":"1"}: exactly one',
        "spec.devices[0].attributes[b c].version: Invalid value: \"1\": must be a string"]),
    ("csidrivers", "spec.fsGroupPolicy", "Maybe", [
        'spec.fsGroupPolicy: Unsupported value: "Maybe": supported values: "File", "None"']),
    ("csidrivers", "spec.serviceAccountTokenInSecrets", True, [
        "spec.serviceAccountTokenInSecrets: Invalid value"]),
    ("csinodes", "spec.drivers.0.topologyKeys", ["a", "a"], ["spec.drivers[0]: Duplicate value"]),
    ("csinodes", "spec.drivers.0.nodeID", "", ["spec.drivers[0].nodeID: Required value"]),
    ("csistoragecapacities", "capacity", "-1", ['capacity: Invalid value: "-1": must be greater']),
    ("volumeattachments", "spec.source", {}, [
        "spec.source: Required value: must specify exactly one of inlineVolumeSpec and"]),
    ("volumeattributesclasses", "parameters", {}, ["parameters: Required value: must contain"]),
    ("storageversionmigrations", "spec.resource", {}, ["spec.resource.resource: Required value"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("plural", "path", "value", "expected"), WRONG, ids=[f"{row[0]} {row[1]}" for row in WRONG]
)
def test_a_wrong_object_is_told_how(
    plural: str, path: str, value: Any, expected: list[str]
) -> None:
    group, obj = BY_PLURAL[plural]
    found = created(group, plural, changed(obj, path, value))
    assert len(found) == len(expected), found
    for text, beginning in zip(found, expected, strict=True):
        assert text.startswith(beginning), text


FIXED: list[tuple[str, str, Any, str]] = [
    ("ipaddresses", "spec.parentRef.name", "b", "spec.parentRef: Invalid value"),
    ("servicecidrs", "spec.cidrs", ["10.201.0.0/24"], "spec.cidrs[0]: Invalid value"),
    ("runtimeclasses", "handler", "kata", 'handler: Invalid value: "kata": field is immutable'),
    ("podcertificaterequests", "spec.podName", "b", "spec: Invalid value"),
    ("resourceclaims", "spec.devices.requests.0.name", "b", "spec: Invalid value"),
    ("resourceclaimtemplates", "spec.spec.devices.requests.0.name", "b", "spec: Invalid value"),
    ("resourceslices", "spec.pool.name", "b", "spec.pool.name: Invalid value"),
    ("devicetaintrules", "spec.deviceSelector.pool", "b", "spec.deviceSelector: Invalid value"),
    ("csidrivers", "spec.attachRequired", False, "spec.attachedRequired: Invalid value"),
    ("csinodes", "spec.drivers.0.nodeID", "i-2", "spec.drivers: Invalid value"),
    ("csistoragecapacities", "storageClassName", "b", "storageClassName: Invalid value"),
    ("volumeattachments", "spec.nodeName", "node-2", "spec: Invalid value"),
    ("volumeattributesclasses", "parameters", {"a": "b"}, "parameters: Forbidden"),
    ("storageversionmigrations", "spec.resource.resource", "pods", "spec: Invalid value"),
]


@pytest.mark.parametrize(
    ("plural", "path", "value", "expected"), FIXED, ids=[row[0] for row in FIXED]
)
def test_what_an_update_may_not_change(plural: str, path: str, value: Any, expected: str) -> None:
    group, obj = BY_PLURAL[plural]
    (text,) = updated(group, plural, copy.deepcopy(obj), changed(obj, path, value))
    assert text.startswith(expected)


def test_a_second_family_may_join_a_service_range() -> None:
    group, obj = BY_PLURAL["servicecidrs"]
    both = changed(obj, "spec.cidrs", ["10.200.0.0/24", "2001:db8::/112"])
    assert updated(group, "servicecidrs", copy.deepcopy(obj), both) == []
    (text,) = updated(group, "servicecidrs", copy.deepcopy(both), copy.deepcopy(obj))
    assert text.startswith("spec.cidrs: Invalid value")
    other = changed(obj, "spec.cidrs", ["10.201.0.0/24", "2001:db8::/112"])
    (text,) = updated(group, "servicecidrs", copy.deepcopy(obj), other)
    assert text.startswith("spec.cidrs[0]: Invalid value")


def with_conditions(*types: str, status: str = "True", **more: Any) -> dict[str, Any]:
    obj = copy.deepcopy(BY_PLURAL["certificatesigningrequests"][1])
    obj["status"] = {"conditions": [{"type": kind, "status": status} for kind in types], **more}
    return obj


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (with_conditions(), with_conditions("Approved"), []),
        (
            with_conditions("Approved"),
            with_conditions(),
            ['status.conditions: Forbidden: updates may not remove a condition of type "Approved"'],
        ),
        (
            with_conditions("Approved"),
            with_conditions("Approved", "Denied"),
            [
                'status.conditions[1].type: Invalid value: "Denied": Approved and Denied '
                "conditions are mutually exclusive"
            ],
        ),
        (
            with_conditions(),
            with_conditions("Denied", status="False"),
            ['status.conditions[0].status: Unsupported value: "False": supported values: "True"'],
        ),
        (
            with_conditions(certificate="YQ=="),
            with_conditions(certificate="Yg=="),
            ["status.certificate: Forbidden: updates may not change an issued certificate"],
        ),
    ],
)
def test_decisions_about_requests(
    old: dict[str, Any], new: dict[str, Any], expected: list[str]
) -> None:
    found = updated("certificates.k8s.io", "certificatesigningrequests", old, new, "approval")
    assert found == expected
    as_signer = updated("certificates.k8s.io", "certificatesigningrequests", old, new, "status")
    if new["status"]["conditions"] and not expected:
        expected = ['status.conditions: Forbidden: updates may not add a condition of type "Appr']
    assert as_signer[: len(expected)] == expected or as_signer[0].startswith(expected[0])


def test_an_allocation_is_taken_back_but_never_changed() -> None:
    group, obj = BY_PLURAL["resourceclaims"]

    def claim(device: str, *users: str) -> dict[str, Any]:
        result = {"request": "gpu", "driver": "d.example.com", "pool": "p", "device": device}
        given = {"allocation": {"devices": {"results": [result]}}} if device else {}
        users_of = [{"resource": "pods", "name": user, "uid": user} for user in users]
        return {**copy.deepcopy(obj), "status": {**given, "reservedFor": users_of}}

    def found(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        return updated(group, "resourceclaims", old, new, "status")

    assert found(claim(""), claim("a", "x", "y")) == []
    assert found(claim("a", "x"), claim("")) == []
    (text,) = found(claim("a"), claim("b"))
    assert text.startswith("status.allocation: Invalid value")
    assert found(claim("a"), claim("", "x")) == [
        "status.reservedFor: Forbidden: may not be specified when `allocated` is not set"
    ]
    assert found(claim("a"), claim("a", "x", "x")) == [
        'status.reservedFor[1].uid: Duplicate value: "x"'
    ]


def test_requests_for_pods_end_once() -> None:
    group, obj = BY_PLURAL["podcertificaterequests"]
    condition = {
        "type": "Denied", "status": "True", "reason": "No",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }  # fmt: skip

    def ended(*kinds: str) -> dict[str, Any]:
        conditions = [{**condition, "type": kind} for kind in kinds]
        return {**copy.deepcopy(obj), "status": {"conditions": conditions}}

    assert updated(group, "podcertificaterequests", ended(), ended("Denied"), "status") == []
    (text,) = updated(group, "podcertificaterequests", ended("Denied"), ended("Failed"), "status")
    assert "immutable after Issued, Denied, or Failed" in text
    found = updated(group, "podcertificaterequests", ended(), ended("Issued"), "status")
    assert found[0] == "status.certificateChain: Required value: must be set when issued"


def test_a_request_in_der_is_no_pem() -> None:
    group, obj = BY_PLURAL["certificatesigningrequests"]
    found = created(
        group,
        "certificatesigningrequests",
        changed(obj, "spec.request", signing_request(pem=False)),
    )
    assert len(found) == 1 and "PEM block type must be CERTIFICATE REQUEST" in found[0]


def test_ranges_of_a_network_policy_may_stay_as_they_are_written() -> None:
    group, obj = BY_PLURAL["networkpolicies"]
    block = {"cidr": "10.0.0.0/8", "except": ["10.1.0.9/16"]}
    odd = changed(obj, "spec.ingress", [{"from": [{"ipBlock": block}]}])
    (text,) = created(group, "networkpolicies", copy.deepcopy(odd))
    assert text.startswith("spec.ingress[0].from[0].ipBlock.except[0]: Invalid value")
    more = changed(odd, "spec.policyTypes", ["Ingress"])
    assert updated(group, "networkpolicies", copy.deepcopy(odd), more) == []
    free = {"cidr": "2001:DB8::/32"}
    plain = changed(obj, "spec.ingress", [{"from": [{"ipBlock": free}]}])
    assert created(group, "networkpolicies", plain) == []
