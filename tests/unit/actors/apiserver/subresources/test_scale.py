"""The Scale of a workload."""

import pytest

from actors.apiserver.subresources.scale_form import scale_of, scaled
from cluster.api.kinds import by_resource
from cluster.api.types import Object
from cluster.errors import StatusError

KIND = by_resource("apps", "v1", "deployments")
assert KIND is not None
LIVE: Object = {
    "metadata": {"name": "web", "namespace": "default", "uid": "u", "generation": 1},
    "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}},
    "status": {"replicas": 1},
}


def test_reading() -> None:
    scale = scale_of(KIND, LIVE)
    assert (scale["spec"], scale["status"]) == (
        {"replicas": 2},
        {"replicas": 1, "selector": "app=web"},
    )


def test_none_is_not_told() -> None:
    assert scale_of(KIND, {**LIVE, "spec": {**LIVE["spec"], "replicas": 0}})["spec"] == {}


def test_writing() -> None:
    changed = scaled(KIND, LIVE, {"spec": {"replicas": 5}})
    assert (changed["spec"]["replicas"], changed["metadata"]["generation"]) == (5, 2)
    assert LIVE["spec"]["replicas"] == 2
    same = scaled(KIND, LIVE, {"spec": {"replicas": 2}})
    assert same["metadata"]["generation"] == 1


def test_less_than_nothing_is_422() -> None:
    with pytest.raises(StatusError) as refused:
        scaled(KIND, LIVE, {"spec": {"replicas": -1}})
    assert refused.value.code == 422
