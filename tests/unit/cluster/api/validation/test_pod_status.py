"""What is written to pods/status."""

from typing import Any

import pytest

from cluster.api.status import Cause
from cluster.api.validation.pod_status import check_pod_status


@pytest.mark.parametrize(
    ("status", "wrong"),
    [({"podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}], "qosClass": "Burstable"}, []),
     ({"conditions": [{"type": "Ready"}, {"type": "example.com/x"}]}, []),
     ({"conditions": [{"type": "a b"}]}, ["metadata.conditions[0].Type"]),
     ({"nominatedNodeName": "A"}, ["status.nominatedNodeName"]),
     ({"qosClass": "Guaranteed"}, ["status.qosClass"]),
     ({"podIPs": [{"ip": "x"}]}, ["status.podIPs[0]"]),
     ({"podIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]}, ["status.podIPs"]),
     ({"podIPs": [{"ip": "10.0.0.1"}] * 2}, ["status.podIPs", "status.podIPs[1]"]),
     ({"hostIP": "10.0.0.1", "hostIPs": [{"ip": "10.0.0.1"}]}, []),
     ({"hostIPs": [{"ip": "10.0.0.1"}]}, ["status.hostIPs[0].ip"])],
)  # fmt: skip
def test_statuses(status: dict[str, Any], wrong: list[str]) -> None:
    causes: list[Cause] = []
    old = {"status": {"qosClass": "Burstable", "nominatedNodeName": "n"}}
    check_pod_status(old, {"status": status}, causes)
    assert [cause.field for cause in causes] == wrong


def test_claims_are_those_of_the_pod() -> None:
    spec = {"resourceClaims": [{"name": "gpu"}, {"name": "nic"}]}
    listed = [{"name": "gpu", "resourceClaimName": "a"}, {"name": "gpu"}, {"name": "x"}]
    listed.append({"name": "nic", "resourceClaimName": "A"})
    causes: list[Cause] = []
    new = {"spec": spec, "status": {"resourceClaimStatuses": listed}}
    check_pod_status({"spec": spec}, new, causes)
    path = "status.resourceClaimStatuses"
    assert [(cause.field, cause.reason) for cause in causes] == [
        (f"{path}[1].name", "FieldValueDuplicate"),
        (f"{path}[2].name", "FieldValueInvalid"),
        (f"{path}[3].name", "FieldValueInvalid"),
    ]


EXTENDED = "status.extendedResourceClaimStatus"
MAPPING = {"containerName": "a", "resourceName": "example.com/gpu", "requestName": "r-0"}


def claimed(*mappings: dict[str, str], claim: str = "pod-devices") -> dict[str, Any]:
    spec = {
        "initContainers": [{"name": "i"}],
        "containers": [{"name": "a", "resources": {"requests": {"example.com/gpu": "1"}}}],
    }
    given = {"resourceClaimName": claim, "requestMappings": list(mappings)}
    return {"spec": spec, "status": {"extendedResourceClaimStatus": given}}


@pytest.mark.parametrize(
    ("pod", "wrong"),
    [
        (claimed(MAPPING), []),
        (claimed(MAPPING, {**MAPPING, "requestName": "r-1"}), []),
        (claimed(MAPPING, claim=""), [(f"{EXTENDED}.resourceClaimName", "FieldValueRequired")]),
        (claimed(MAPPING, claim="A"), [(f"{EXTENDED}.resourceClaimName", "FieldValueInvalid")]),
        (claimed(), [(f"{EXTENDED}.requestMappings", "FieldValueRequired")]),
        (claimed(MAPPING, MAPPING), [(f"{EXTENDED}.requestMappings[1]", "FieldValueDuplicate")]),
        (claimed({**MAPPING, "containerName": "b"}),
         [(f"{EXTENDED}.requestMappings[0].containerName", "FieldValueInvalid")]),
        (claimed({**MAPPING, "containerName": "i"}),
         [(f"{EXTENDED}.requestMappings[0].resourceName", "FieldValueInvalid")]),
        (claimed({**MAPPING, "requestName": "R"}),
         [(f"{EXTENDED}.requestMappings[0].requestName", "FieldValueInvalid")]),
        (claimed({}),
         [(f"{EXTENDED}.requestMappings[0].containerName", "FieldValueInvalid"),
          (f"{EXTENDED}.requestMappings[0].requestName", "FieldValueInvalid")]),
    ],
)  # fmt: skip
def test_the_claim_for_extended_resources(
    pod: dict[str, Any], wrong: list[tuple[str, str]]
) -> None:
    causes: list[Cause] = []
    check_pod_status({"spec": pod["spec"]}, pod, causes)
    assert [(cause.field, cause.reason) for cause in causes] == wrong


def test_the_claim_for_extended_resources_is_said_once() -> None:
    pod = claimed(MAPPING)
    for other, wrong in ((claimed(MAPPING), []), (claimed(MAPPING, claim="b"), [EXTENDED])):
        causes: list[Cause] = []
        check_pod_status(pod, other, causes)
        assert [cause.field for cause in causes] == wrong
    causes = []
    check_pod_status(pod, {"spec": pod["spec"], "status": {}}, causes)
    assert [cause.field for cause in causes] == [EXTENDED]
