"""What containers and pods are held to."""

from typing import Any

import pytest

from actors.kit.world.containers import MEMORY_LIFTED, Limits, limits_of
from actors.kubelet import limits
from actors.kubelet.downward import ConfigFault
from cluster.api.types import Object


def pod(resources: Object | None = None, **spec: Any) -> Object:
    main = {"name": "main", "resources": resources or {}}
    return {"spec": {"containers": [main], **spec}}


def test_pod_limits() -> None:
    resources = {"limits": {"memory": "1Mi", "cpu": "100m"}}
    assert limits.pod_limits(pod(resources)) == (1 << 20, 100)
    assert limits.pod_limits(pod()) == (0, 0)
    with_init = pod(resources, initContainers=[{"name": "i"}])
    assert limits.pod_limits(with_init) == (0, 0)


def test_what_the_pod_states_is_its_limit() -> None:
    both = pod({"limits": {"memory": "1Mi"}}, initContainers=[{"name": "i"}])
    both["spec"]["resources"] = {"limits": {"memory": "8Mi", "cpu": "300m"}}
    assert limits.pod_limits(both) == (8 << 20, 300)
    both["spec"]["resources"] = {"limits": {"cpu": "300m"}}
    assert limits.pod_limits(both) == (0, 300)


def test_a_limit_of_nothing_is_none_for_the_pod_too() -> None:
    both = pod({"limits": {"memory": "1Mi", "cpu": "0"}})
    both["spec"]["containers"].append({"name": "b", "resources": {"limits": {"cpu": "1"}}})
    assert limits.pod_limits(both) == (0, 0)


@pytest.mark.parametrize(
    "resources",
    [
        {},
        {"requests": {"cpu": "250m"}},
        {"limits": {"cpu": "1", "memory": "64Mi"}},
        {"limits": {"cpu": "1", "memory": "0"}, "requests": {"cpu": "1m"}},
    ],
)
def test_what_is_told_at_first_and_later_is_the_same(resources: Object) -> None:
    made = limits_of(limits.resource_config({"resources": resources}))
    assert made == limits.limits_for(resources)
    later = {}
    for name in ("memory", "cpu"):
        later.update(limits.update_config(resources, name))
    assert limits_of(later) == Limits(made.memory, made.cpu_shares, made.cpu_quota, 100_000)


def test_less_than_the_engine_allows() -> None:
    tiny = {"limits": {"memory": "1Mi"}}
    with pytest.raises(ConfigFault, match="6MB"):
        limits.resource_config({"resources": tiny})
    with pytest.raises(ConfigFault, match="6MB"):
        limits.update_config(tiny, "memory")
    lifted = {"Memory": MEMORY_LIFTED, "MemorySwap": MEMORY_LIFTED}
    assert limits.update_config({}, "memory") == lifted
