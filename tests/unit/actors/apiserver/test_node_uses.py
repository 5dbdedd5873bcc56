"""What pods of a node use, and that a node reads nothing else."""

import time
from typing import Any

import pytest

from actors.apiserver.authentication import caller_of_message
from actors.apiserver.authorization import Authorization
from actors.apiserver.continue_token import ContinueTokens
from actors.apiserver.environment import Environment
from actors.apiserver.node_uses import used_by
from actors.apiserver.object_store import ObjectStore
from actors.apiserver.policy_cache import PolicyCache
from actors.apiserver.store_client import StoreClient
from actors.kit.actor import Delivery, Principal
from cluster.api.pod_references import references
from cluster.security.rbac import Attributes
from tests.support.control_plane import REPLICA, ControlPlane

SPEC: dict[str, Any] = {
    "nodeName": "n1",
    "serviceAccountName": "default",
    "imagePullSecrets": [{"name": "pull"}],
    "initContainers": [
        {"name": "i", "image": "x", "envFrom": [{"configMapRef": {"name": "settings"}}]}
    ],
    "containers": [
        {
            "name": "c",
            "image": "x",
            "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "password", "key": "k"}}}],
        }
    ],
    "volumes": [
        {"name": "a", "secret": {"secretName": "files"}},
        {"name": "b", "projected": {"sources": [{"configMap": {"name": "both"}}]}},
    ],
}


def test_references() -> None:
    found = set(references({"spec": SPEC}))
    assert found >= {
        ("secrets", "pull"),
        ("secrets", "password"),
        ("secrets", "files"),
        ("configmaps", "settings"),
        ("configmaps", "both"),
        ("serviceaccounts", "default"),
    }
    uses = used_by([{"metadata": {"namespace": "a"}, "spec": SPEC}])
    assert uses("secrets", "a", "pull")
    assert not uses("secrets", "b", "pull")


@pytest.mark.parametrize(
    ("node", "name", "allowed"),
    [
        ("n1", "password", True),
        ("n2", "password", False),
        ("n1", "other", False),
        ("n1", "", False),
    ],
)
async def test_a_node_reads_only_what_its_pods_use(
    plane: ControlPlane, node: str, name: str, allowed: bool
) -> None:
    await plane.create("pods", {"metadata": {"name": "p"}, "spec": SPEC}, "default")
    store = StoreClient(plane.system.ref("store@replica-1"))
    world = plane.system.world
    policy = PolicyCache()
    policy.reset(())
    environment = Environment(
        plane.settings,
        REPLICA,
        world.clock,
        world.entropy,
        ObjectStore(store, ContinueTokens(b"", time.time)),
        policy,
        plane.system.ref,
    )
    authorization = Authorization(environment)
    principal = Principal(node, f"system:node:{node}", ("system:nodes",), False)
    caller = caller_of_message(Delivery(f"kubelet@{node}", principal, "", None))
    wanted = Attributes("get", "", "secrets", "", "default", name)
    assert (await authorization.decide(caller, wanted)).allowed is allowed
