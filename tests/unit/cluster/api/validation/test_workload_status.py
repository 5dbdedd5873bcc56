"""What is written to the status of workloads, of autoscalers and of disruption budgets."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import updated

KINDS = {
    "replicationcontrollers": "",
    "deployments": "apps",
    "replicasets": "apps",
    "statefulsets": "apps",
    "daemonsets": "apps",
    "horizontalpodautoscalers": "autoscaling",
    "poddisruptionbudgets": "policy",
}


def told(plural: str, new: dict[str, Any], old: dict[str, Any] | None = None) -> list[str]:
    """What is wrong with a status written over another; of each the field and the kind of it."""
    objects = ({"spec": {}, "status": status} for status in (old or {}, new))
    return updated(KINDS[plural], plural, *objects, "status")


@pytest.mark.parametrize(
    ("plural", "status"),
    [("deployments", {"replicas": 3, "updatedReplicas": 1, "readyReplicas": 2,
                      "availableReplicas": 2, "unavailableReplicas": 1, "collisionCount": 1}),
     ("replicasets", {"replicas": 2, "fullyLabeledReplicas": 2, "readyReplicas": 1}),
     ("replicationcontrollers", {"replicas": 2, "readyReplicas": 1, "availableReplicas": 1}),
     ("statefulsets", {"replicas": 2, "currentReplicas": 1, "updatedReplicas": 1}),
     ("daemonsets", {"desiredNumberScheduled": 1, "numberReady": 2}),
     ("horizontalpodautoscalers", {"currentReplicas": 2, "desiredReplicas": 1}),
     ("poddisruptionbudgets", {"disruptionsAllowed": 1, "expectedPods": 1})],
)  # fmt: skip
def test_right_ones(plural: str, status: dict[str, Any]) -> None:
    assert told(plural, status) == []


OF_ALL = "cannot be greater than status.replicas"


@pytest.mark.parametrize(
    ("plural", "status", "wrong"),
    [("deployments", {"observedGeneration": -1}, ["observedGeneration: Invalid value: -1"]),
     ("deployments", {"terminatingReplicas": -1}, ["terminatingReplicas: Invalid value: -1"]),
     ("deployments", {"replicas": 1, "updatedReplicas": 2},
      [f"updatedReplicas: Invalid value: 2: {OF_ALL}"]),
     ("deployments", {"replicas": 1, "readyReplicas": 2, "availableReplicas": 2},
      [f"readyReplicas: Invalid value: 2: {OF_ALL}", f"availableReplicas: Invalid value: 2: "
       f"{OF_ALL}"]),
     ("deployments", {"replicas": 1, "availableReplicas": 1},
      ["availableReplicas: Invalid value: 1: cannot be greater than readyReplicas"]),
     ("replicasets", {"replicas": 1, "fullyLabeledReplicas": 2},
      [f"fullyLabeledReplicas: Invalid value: 2: {OF_ALL}"]),
     ("replicationcontrollers", {"replicas": 1, "availableReplicas": 1},
      ["availableReplicas: Invalid value: 1: cannot be greater than readyReplicas"]),
     ("statefulsets", {"replicas": 1, "currentReplicas": 2, "updatedReplicas": 2},
      [f"currentReplicas: Invalid value: 2: {OF_ALL}", f"updatedReplicas: Invalid value: 2: "
       f"{OF_ALL}"]),
     ("statefulsets", {"replicas": 1, "availableReplicas": 1},
      ["availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas"]),
     ("daemonsets", {"numberReady": -1, "numberMisscheduled": -1},
      ["numberMisscheduled: Invalid value: -1", "numberReady: Invalid value: -1"]),
     ("horizontalpodautoscalers", {"currentReplicas": -1, "desiredReplicas": -1},
      ["currentReplicas: Invalid value: -1", "desiredReplicas: Invalid value: -1"]),
     ("poddisruptionbudgets", {"desiredHealthy": -1, "conditions": [{"type": "a b"}]},
      ["conditions[0].type", "conditions[0].status", "conditions[0].lastTransitionTime",
       "conditions[0].reason", "desiredHealthy: Invalid value: -1"])],
)  # fmt: skip
def test_wrong_ones(plural: str, status: dict[str, Any], wrong: list[str]) -> None:
    found = told(plural, status)
    assert len(found) == len(wrong), found
    for text, start in zip(found, wrong, strict=True):
        assert text.startswith(f"status.{start}")


@pytest.mark.parametrize("plural", ["deployments", "statefulsets", "daemonsets"])
def test_collisions_are_not_forgotten(plural: str) -> None:
    old = {"collisionCount": 2}
    assert told(plural, {"collisionCount": 3}, old) == []
    for new, shown in (({"collisionCount": 1}, 1), ({}, 0)):
        text = f"status.collisionCount: Invalid value: {shown}: cannot be decremented"
        assert told(plural, new, old) == [text]
