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
