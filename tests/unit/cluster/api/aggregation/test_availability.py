"""What the cluster's objects say of a server behind an APIService."""

from typing import Any

import pytest

from cluster.api.aggregation.api_services import condition
from cluster.api.aggregation.availability import LOCAL, PASSED, failed, look, with_finding

REMOTE = {"spec": {"service": {"namespace": "n", "name": "s", "port": 443}}}
PORTS = [{"name": "", "port": 443}]


def a_slice(**more: Any) -> dict[str, Any]:
    made = {"endpoints": [{"addresses": ["10.0.0.1"]}], "ports": [{"name": "", "port": 6443}]}
    return {**made, **more}


@pytest.mark.parametrize(
    ("spec", "slices", "reason"),
    [
        (None, [], "ServiceNotFound"),
        ({"ports": [{"port": 80}]}, [a_slice()], "ServicePortError"),
        ({"ports": PORTS}, [], "EndpointsNotFound"),
        ({"ports": PORTS}, [a_slice(endpoints=None)], "MissingEndpoints"),
        ({"ports": PORTS}, [a_slice(ports=[{"name": "x", "port": 1}])], "MissingEndpoints"),
        (
            {"ports": PORTS},
            [a_slice(endpoints=[{"conditions": {"ready": False}}])],
            "MissingEndpoints",
        ),
        ({"ports": PORTS}, [a_slice(ports=[{"port": 6443}])], None),
        ({"ports": PORTS}, [a_slice(endpoints=[]), a_slice()], None),
        # Where an ExternalName leads is not the cluster's to know.
        ({"type": "ExternalName"}, [], None),
    ],
)
def test_reasons(spec: Any, slices: list[Any], reason: str | None) -> None:
    found = look(REMOTE, None if spec is None else {"spec": spec}, slices)
    assert (None if found is None else found.reason) == reason
    assert found is None or found.status == "False"


def test_local() -> None:
    assert look({"spec": {}}, None, []) == LOCAL


def test_a_condition_keeps_the_time_of_its_transition() -> None:
    first = with_finding({"spec": {}}, failed("a"), "t1")
    assert (condition(first) or {})["lastTransitionTime"] == "t1"
    assert with_finding(first, failed("a"), "t2") is first
    second = with_finding(first, failed("b"), "t2")
    assert (condition(second) or {})["lastTransitionTime"] == "t1"
    third = with_finding(second, PASSED, "t3")
    assert (condition(third) or {})["lastTransitionTime"] == "t3"
    assert len(third["status"]["conditions"]) == 1
