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
