"""Informers of custom resources come with their definitions and go with them."""

import asyncio

from actors.client.api_client import ApiClient
from cluster.api.custom.definition import kinds_of
from cluster.api.custom.naming import status_of
from cluster.api.kind_table import BUILT_IN, KindTable
from cluster.api.resources import (
    CONFIGMAPS,
    CUSTOM_RESOURCE_DEFINITIONS,
    NAMESPACES,
    Resource,
)
from cluster.api.types import Object
from tests.support.widgets import definition
from tests.unit.actors.client.harness import until
from tests.unit.actors.controllers.cluster import Cluster, in_cluster

WIDGETS = Resource("example.com", "v1", "widgets", "Widget")
NAME = "widgets.example.com"


def define(cluster: Cluster) -> None:
    made: Object = definition()
    made["metadata"]["uid"] = "uid-crd"
    made["status"] = status_of(made, [], "2026-01-01T00:00:00Z")
    cluster.state.kinds = KindTable(kinds_of(made))
    cluster.state.put(CUSTOM_RESOURCE_DEFINITIONS, made)


def undefine(cluster: Cluster) -> None:
    cluster.state.remove(CUSTOM_RESOURCE_DEFINITIONS, "", NAME)
    cluster.state.kinds = BUILT_IN


def thing(name: str, namespace: str = "default", owner: Object | None = None) -> Object:
    metadata: Object = {"name": name, "namespace": namespace}
    if owner is not None:
        metadata["ownerReferences"] = [
            {"apiVersion": "example.com/v1", "kind": "Widget", "name": owner["metadata"]["name"],
             "uid": owner["metadata"]["uid"]}
        ]  # fmt: skip
    return {"metadata": metadata}


def watching(cluster: Cluster) -> int:
    return sum(
        1
        for request in cluster.state.requests
        if request.verb == "watch" and request.resource == "widgets"
    )


@in_cluster
async def test_garbage_of_a_kind_that_came_later(cluster: Cluster) -> None:
    await asyncio.sleep(5)
    define(cluster)
    owner = cluster.state.put(WIDGETS, thing("owner"))
    cluster.state.put(CONFIGMAPS, thing("owned", owner=owner))
    cluster.state.put(WIDGETS, thing("inner", owner=owner))
    await asyncio.sleep(5)
    assert cluster.state.find(CONFIGMAPS, "default", "owned") is not None
    assert watching(cluster) == 1
    cluster.state.remove(WIDGETS, "default", "owner")
    await until(lambda: cluster.state.find(CONFIGMAPS, "default", "owned") is None)
    await until(lambda: cluster.state.find(WIDGETS, "default", "inner") is None)


@in_cluster
async def test_a_namespace_takes_custom_resources_along(cluster: Cluster) -> None:
    define(cluster)
    client = ApiClient(await cluster.bench.context("user"), cluster.bench.servers)
    await client.create(NAMESPACES, {"metadata": {"name": "doomed"}})
    cluster.state.put(WIDGETS, thing("w", "doomed"))
    await client.delete(NAMESPACES, "", "doomed")
    await until(lambda: cluster.state.find(NAMESPACES, "", "doomed") is None)
    assert cluster.state.find(WIDGETS, "doomed", "w") is None


@in_cluster
async def test_nobody_asks_for_a_kind_that_is_gone(cluster: Cluster) -> None:
    define(cluster)
    await until(lambda: watching(cluster) == 1)
    undefine(cluster)
    await asyncio.sleep(1)
    asked = sum(request.resource == "widgets" for request in cluster.state.requests)
    await asyncio.sleep(60)
    assert sum(request.resource == "widgets" for request in cluster.state.requests) == asked
    define(cluster)
    await until(lambda: watching(cluster) == 2)
