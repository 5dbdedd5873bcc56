"""A pod carries the zone and region of the node that it is bound to."""

from typing import Any

import orjson

from cluster.messages.apiserver import ApiRequest
from tests.support.control_plane import ControlPlane

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
SPEC = {"containers": [{"name": "main", "image": "x"}]}


async def node(plane: ControlPlane, name: str, **labels: str) -> None:
    named = {f"topology.kubernetes.io/{key}": value for key, value in labels.items()}
    meta = {"name": name, "labels": {**named, "other": "x"}}
    await plane.create("nodes", {"metadata": meta})


async def bound(plane: ControlPlane, name: str, target: str, **labels: str) -> dict[str, str]:
    meta = {"name": name, "labels": {"app": "web", ZONE: "said", **labels}}
    await plane.create("pods", {"metadata": meta, "spec": SPEC}, "default")
    body = {"metadata": {"name": name}, "target": {"kind": "Node", "name": target}}
    request = ApiRequest(
        "create", "pods", namespace="default", name=name, subresource="binding",
        body=orjson.dumps(body),
    )  # fmt: skip
    assert (await plane.ask(request)).code == 201
    return await labels_of(plane, name)


async def labels_of(plane: ControlPlane, name: str) -> dict[str, str]:
    found: dict[str, Any] = await plane.get("pods", name, "default")
    labels: dict[str, str] = found["metadata"]["labels"]
    return labels


async def test_a_bound_pod(plane: ControlPlane) -> None:
    await node(plane, "n1", zone="a", region="local")
    assert await bound(plane, "p", "n1") == {"app": "web", ZONE: "a", REGION: "local"}
    await node(plane, "n2", region="far")
    assert await bound(plane, "q", "n2") == {"app": "web", ZONE: "said", REGION: "far"}
    assert await bound(plane, "r", "none") == {"app": "web", ZONE: "said"}


async def test_a_pod_that_names_its_node(plane: ControlPlane) -> None:
    await node(plane, "n1", zone="a")
    spec = {**SPEC, "nodeName": "n1"}
    await plane.create("pods", {"metadata": {"name": "p"}, "spec": spec}, "default")
    assert await labels_of(plane, "p") == {ZONE: "a"}
    await plane.create("pods", {"metadata": {"name": "q"}, "spec": SPEC}, "default")
    assert "labels" not in (await plane.get("pods", "q", "default"))["metadata"]
