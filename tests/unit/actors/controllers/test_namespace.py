"""A deleted namespace takes everything along, pods first, and only then goes."""

import asyncio
import dataclasses
from typing import Any

from actors.client.api_client import ApiClient
from actors.controllers.namespace import content_keys, plan
from actors.controllers.plan import Delete, RequireEmpty, Update
from actors.controllers.served import NAMESPACED
from cluster.api.resources import (
    CONFIGMAPS,
    DEPLOYMENTS,
    EVENTS,
    NAMESPACES,
    PODS,
    SECRETS,
    Resource,
)
from cluster.api.types import Object
from tests.unit.actors.client.harness import until
from tests.unit.actors.controllers.cluster import Cluster, in_cluster, make_deployment
from tests.unit.actors.controllers.views import NOW, make_view

KEY = ("", "doomed")


def namespace(going: bool = True) -> Object:
    meta: Object = {"name": "doomed"}
    if going:
        meta["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"metadata": meta, "spec": {"finalizers": ["kubernetes"]}}


def thing(name: str, **meta: Any) -> Object:
    return {"metadata": {"name": name, "namespace": "doomed", **meta}}


def run(*objects: Any) -> list[Any]:
    return plan(KEY, make_view(*objects, resources=NAMESPACED), NOW)


def test_pods_first_then_the_rest_then_the_finalizer() -> None:
    content = [(CONFIGMAPS, thing("c")), (SECRETS, thing("s"))]
    first = run((NAMESPACES, namespace()), (PODS, thing("p")), *content)
    assert [action.resource for action in first] == [PODS]
    second = run((NAMESPACES, namespace()), *content)
    assert {action.resource for action in second} == {CONFIGMAPS, SECRETS}
    assert all(isinstance(action, Delete) for action in second)
    last = run((NAMESPACES, namespace()))
    assert isinstance(last[-1], Update) and last[-1].subresource == "finalize"
    assert last[-1].obj["spec"]["finalizers"] == []
    proven = {action.resource for action in last if isinstance(action, RequireEmpty)}
    assert {*NAMESPACED, EVENTS} <= proven


def test_a_living_namespace_is_left_alone() -> None:
    assert run((NAMESPACES, namespace(going=False)), (PODS, thing("p"))) == []
    assert plan(("", "absent"), make_view((NAMESPACES, namespace())), NOW) == []


def test_what_is_going_already_is_waited_for() -> None:
    going = thing("p", deletionTimestamp="2026-01-01T00:00:00Z")
    [told] = run((NAMESPACES, namespace()), (PODS, going), (CONFIGMAPS, thing("c")))
    assert isinstance(told, Update) and told.subresource == "status"
    messages = {item["type"]: item["message"] for item in told.obj["status"]["conditions"]}
    remaining = "Some resources are remaining: pods. has 1 resource instances"
    assert messages["NamespaceContentRemaining"] == remaining
    assert run((NAMESPACES, told.obj), (PODS, going), (CONFIGMAPS, thing("c"))) == []


def test_content_wakes_only_a_doomed_namespace() -> None:
    view = make_view((NAMESPACES, namespace()))
    assert content_keys(view, thing("p"), None) == [KEY]
    assert content_keys(make_view((NAMESPACES, namespace(False))), thing("p"), None) == []


@in_cluster
async def test_everything_goes_and_nothing_comes_back(cluster: Cluster) -> None:
    client = ApiClient(await cluster.bench.context("user"), cluster.bench.servers)
    await client.create(NAMESPACES, {"metadata": {"name": "doomed"}})
    made = make_deployment(3)
    made["metadata"]["namespace"] = "doomed"
    cluster.state.put(DEPLOYMENTS, made)
    cluster.state.put(CONFIGMAPS, {**thing("held", finalizers=["example.com/hold"])})
    cluster.state.put(CONFIGMAPS, {"metadata": {"name": "kept", "namespace": "default"}})
    await until(lambda: len(cluster.ready(app="web")) == 3)
    await client.delete(NAMESPACES, "", "doomed")
    await asyncio.sleep(10)
    found = cluster.state.find(NAMESPACES, "", "doomed")
    assert found is not None and found["spec"]["finalizers"] == ["kubernetes"]
    left = {
        name
        for (_, plural), table in cluster.state.objects.items()
        for where, name in table
        if where == "doomed" and plural != "events"
    }
    assert left == {"held"}
    await client.patch(CONFIGMAPS, "doomed", "held", {"metadata": {"finalizers": None}})
    await until(lambda: cluster.state.find(NAMESPACES, "", "doomed") is None)
    assert cluster.state.find(CONFIGMAPS, "default", "kept") is not None


def test_custom_resources_are_content_too() -> None:
    widgets = Resource("example.com", "v1", "widgets", "Widget")
    resources = (*NAMESPACED, widgets)
    full = make_view((NAMESPACES, namespace()), (widgets, thing("w")), resources=resources)
    [action] = plan(KEY, dataclasses.replace(full, custom=(widgets,)), NOW)
    assert isinstance(action, Delete) and action.resource == widgets
    empty = make_view((NAMESPACES, namespace()), resources=resources)
    actions = plan(KEY, dataclasses.replace(empty, custom=(widgets,)), NOW)
    assert RequireEmpty(widgets, "doomed") in actions
