"""Quality of service."""

import pytest

from cluster.api.pod_qos import qos_class
from cluster.api.types import Object

FULL = {"limits": {"cpu": "1", "memory": "1Gi"}}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        (({},), "BestEffort"),
        ((FULL,), "Guaranteed"),
        (({**FULL, "requests": {"cpu": "1000m", "memory": "1Gi"}},), "Guaranteed"),
        (({**FULL, "requests": {"cpu": "500m"}},), "Burstable"),
        ((FULL, {}), "Burstable"),
        (({"requests": {"cpu": "1m"}},), "Burstable"),
        (({"requests": {"example.com/gpu": "1"}},), "BestEffort"),
    ],
)
def test_quality_of_service(resources: tuple[Object, ...], expected: str) -> None:
    containers = [{"name": f"c{n}", "resources": item} for n, item in enumerate(resources)]
    assert qos_class({"spec": {"containers": containers}}) == expected
    assert qos_class({"spec": {"initContainers": containers}}) == expected


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (FULL, "Guaranteed"),
        ({**FULL, "requests": {"cpu": "500m"}}, "Burstable"),
        ({"limits": {"cpu": "1"}}, "Burstable"),
        ({"requests": {"memory": "0"}}, "BestEffort"),
        ({}, "Burstable"),
    ],
)
def test_what_the_pod_states_counts_instead_of_its_containers(
    stated: Object, expected: str
) -> None:
    containers = [{"name": "c", "resources": {"requests": {"cpu": "1m"}}}]
    assert qos_class({"spec": {"containers": containers, "resources": stated}}) == expected
