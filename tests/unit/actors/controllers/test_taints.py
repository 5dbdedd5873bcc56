"""Taints and tolerations, as the Kubernetes page has them."""

from actors.controllers.taints import eviction_time
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from tests.unit.actors.controllers.views import NOW

TAINT = {"key": "k", "value": "v", "effect": "NoExecute", "timeAdded": rfc3339(NOW)}


def due(*tolerations: Object, taint: Object = TAINT) -> float | None:
    return eviction_time({"spec": {"tolerations": tolerations}}, {"spec": {"taints": [taint]}})


def test_when_a_pod_must_go() -> None:
    everything = {"operator": "Exists"}
    assert due() == 0.0
    assert due(everything) is None
    assert due({**everything, "tolerationSeconds": 5}) == NOW + 5
    assert (
        due(
            {**everything, "tolerationSeconds": 5},
            {"key": "k", "operator": "Exists", "tolerationSeconds": 3},
        )
        == NOW + 3
    )
    assert due(taint={**TAINT, "effect": "NoSchedule"}) is None
    without_time = {"key": "k", "effect": "NoExecute"}
    assert due({**everything, "tolerationSeconds": 5}, taint=without_time) is None
