"""Garbage: background, foreground, orphans, circles, and never an owner that lives."""

import asyncio
import dataclasses
from typing import Any

from actors.client.api_client import ApiClient
from actors.controllers import garbage_collector
from actors.controllers.plan import Delete, Patch, RequireAbsent
from actors.controllers.served import RESOURCES
from cluster.api.resources import (
    CONFIGMAPS,
    DEPLOYMENTS,
    PODS,
    REPLICA_SETS,
    SECRETS,
    Resource,
)
from cluster.api.types import Object
from tests.unit.actors.client.harness import until
from tests.unit.actors.controllers.cluster import Cluster, in_cluster, make_deployment
from tests.unit.actors.controllers.views import NOW, make_view

GOING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}


def owner(name: str, block: bool = True) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": name,
        "uid": f"uid-{name}",
        "blockOwnerDeletion": block,
    }


def thing(name: str, *owners: Object, **meta: Any) -> Object:
    fields = {"name": name, "namespace": "default", "ownerReferences": list(owners), **meta}
    return {"metadata": fields}


def run(name: str, *objects: Object) -> list[Any]:
    view = make_view(*((CONFIGMAPS, obj) for obj in objects), resources=RESOURCES)
    key = ("", "configmaps", "default", name, f"uid-{name}")
    return garbage_collector.plan(key, view, NOW)


def test_a_dependent_without_any_owner_left_goes_after_proof() -> None:
    proof, delete = run("d", thing("d", owner("gone")))
    assert proof == RequireAbsent(CONFIGMAPS, "default", "gone", "uid-gone")
    assert isinstance(delete, Delete) and delete.propagation == "Background"


def test_a_dependent_with_an_owner_stays() -> None:
    assert run("d", thing("d", owner("o")), thing("o")) == []
    assert run("d", thing("d")) == []
    proof, patch = run("d", thing("d", owner("o"), owner("gone")), thing("o"))
    assert isinstance(proof, RequireAbsent)
    removed = patch.patch["metadata"]["ownerReferences"]
    assert removed == [{"$patch": "delete", "uid": "uid-gone"}]


def test_an_owner_of_an_unknown_kind_is_none_of_its_business() -> None:
    strange = {**owner("x"), "apiVersion": "example.com/v1", "kind": "Widget"}
    assert run("d", thing("d", strange)) == []


def test_an_owner_of_the_same_name_but_another_uid_is_no_owner() -> None:
    imposter = {**owner("o"), "uid": "uid-old"}
    assert isinstance(run("d", thing("d", imposter), thing("o"))[-1], Delete)


def test_foreground_waits_for_blocking_dependents() -> None:
    waiting = thing("o", finalizers=["foregroundDeletion"], **GOING)
    assert run("o", waiting, thing("d", owner("o"))) == []
    (patch,) = run("o", waiting, thing("d", owner("o", block=False)))
    assert isinstance(patch, Patch) and patch.patch["metadata"]["finalizers"] == []
    (delete,) = run("d", waiting, thing("d", owner("o")))
    assert isinstance(delete, Delete) and delete.propagation == "Background"
    (deeper,) = run("d", waiting, thing("d", owner("o")), thing("e", owner("d")))
    assert isinstance(deeper, Delete) and deeper.propagation == "Foreground"


def test_orphans_lose_their_owner_before_it_goes() -> None:
    leaving = thing("o", finalizers=["orphan", "other"], **GOING)
    release, drop = run("o", leaving, thing("d", owner("o")))
    assert release.name == "d"
    assert release.patch["metadata"]["ownerReferences"] == [{"$patch": "delete", "uid": "uid-o"}]
    assert drop.patch["metadata"]["finalizers"] == ["other"]


def test_a_circle_is_cut() -> None:
    first = thing("a", owner("b"), finalizers=["foregroundDeletion"], **GOING)
    second = thing("b", owner("a"))
    patch, delete = run("b", first, second)
    assert isinstance(patch, Patch) and isinstance(delete, Delete)
    assert patch.patch["metadata"]["ownerReferences"] == [
        {"uid": "uid-a", "blockOwnerDeletion": False}
    ]


def test_status_changes_wake_nothing() -> None:
    keys = garbage_collector.keys_of(CONFIGMAPS)
    view = make_view(resources=RESOURCES)
    one, other = thing("d", owner("o"), uid="u"), thing("d", owner("o"), uid="u", labels={"x": "y"})
    assert list(keys(view, one, other)) == []
    gone = list(keys(view, one, None))
    assert ("", "configmaps", "default", "o", "uid-o") in gone


async def user(cluster: Cluster) -> ApiClient:
    return ApiClient(await cluster.bench.context("user"), cluster.bench.servers)


@in_cluster
async def test_background_deletion_of_a_deployment(cluster: Cluster) -> None:
    cluster.state.put(DEPLOYMENTS, make_deployment())
    await until(cluster.is_rolled_out)
    await (await user(cluster)).delete(DEPLOYMENTS, "default", "web")
    await until(lambda: not cluster.state.all(REPLICA_SETS) and not cluster.state.all(PODS))


@in_cluster
async def test_foreground_deletion_goes_bottom_up(cluster: Cluster) -> None:
    cluster.state.put(DEPLOYMENTS, make_deployment())
    await until(cluster.is_rolled_out)
    await (await user(cluster)).delete(DEPLOYMENTS, "default", "web", propagation="Foreground")
    while cluster.state.all(DEPLOYMENTS):
        if cluster.state.all(PODS):
            assert cluster.state.all(REPLICA_SETS)
        await asyncio.sleep(0.01)
    assert not cluster.state.all(REPLICA_SETS) and not cluster.state.all(PODS)


@in_cluster
async def test_orphaning_keeps_the_pods(cluster: Cluster) -> None:
    cluster.state.put(DEPLOYMENTS, make_deployment())
    await until(cluster.is_rolled_out)
    await (await user(cluster)).delete(DEPLOYMENTS, "default", "web", propagation="Orphan")
    await until(lambda: not cluster.state.all(DEPLOYMENTS))
    await asyncio.sleep(5)
    (item,) = cluster.sets()
    assert not item["metadata"].get("ownerReferences")
    assert len(cluster.ready(app="web")) == 3


@in_cluster
async def test_a_lagging_cache_never_kills_a_new_dependent(cluster: Cluster) -> None:
    """The dependent is seen before its owner: the live look saves it."""
    cluster.state.watch_delay = 0.3
    await asyncio.sleep(1)
    parent = cluster.state.put(SECRETS, {"metadata": {"name": "o", "namespace": "default"}})
    reference = {**owner("o"), "kind": "Secret", "uid": parent["metadata"]["uid"]}
    cluster.state.put(CONFIGMAPS, thing("d", reference))
    await asyncio.sleep(10)
    assert cluster.state.find(CONFIGMAPS, "default", "d") is not None
    cluster.state.remove(SECRETS, "default", "o")
    await until(lambda: cluster.state.find(CONFIGMAPS, "default", "d") is None)


WIDGETS = Resource("example.com", "v1", "widgets", "Widget")


def run_custom(name: str, *objects: Object) -> list[Any]:
    """As ``run``, of widgets that a definition adds."""
    view = make_view(*((WIDGETS, obj) for obj in objects), resources=RESOURCES)
    view = dataclasses.replace(view, custom=(WIDGETS,))
    return garbage_collector.plan(
        ("example.com", "widgets", "default", name, f"uid-{name}"), view, NOW
    )


def widget_owner(name: str) -> Object:
    return {**owner(name), "apiVersion": "example.com/v1beta1", "kind": "Widget"}


def test_custom_resources_own_and_are_owned_whatever_the_version() -> None:
    assert run_custom("d", thing("d", widget_owner("o")), thing("o")) == []
    proof, delete = run_custom("d", thing("d", widget_owner("gone")))
    assert proof == RequireAbsent(WIDGETS, "default", "gone", "uid-gone")
    assert isinstance(delete, Delete) and delete.resource == WIDGETS


def test_lists_of_custom_resources_are_patched_whole() -> None:
    solid, gone = widget_owner("o"), widget_owner("gone")
    _, patch = run_custom("d", thing("d", solid, gone), thing("o"))
    assert patch.content_type == "application/merge-patch+json"
    metadata = patch.patch["metadata"]
    assert metadata["ownerReferences"] == [solid]
    assert metadata["resourceVersion"]
    waiting = thing("o", finalizers=["foregroundDeletion"], **GOING)
    circle = thing("d", widget_owner("o"))
    inner = thing("e", widget_owner("d"), finalizers=["foregroundDeletion"], **GOING)
    freed, _ = run_custom("d", circle, waiting, inner)
    assert freed.patch["metadata"]["ownerReferences"][0]["blockOwnerDeletion"] is False


def test_a_kind_that_is_gone_is_left_alone() -> None:
    key = ("example.com", "gadgets", "default", "x", "uid-x")
    assert garbage_collector.plan(key, make_view(resources=RESOURCES), NOW) == []
