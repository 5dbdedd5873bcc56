"""Section A: every built-in resource, every verb, and the subresources that all kinds share."""

import asyncio
import copy
from typing import Any

import pytest

from cluster.api.kinds import SERVED, Kind
from tests.conformance.api import JSON_PATCH, Api, collection
from tests.support.samples import samples

pytestmark = pytest.mark.asyncio(loop_scope="session")
OBJECTS = samples()
LISTED = [
    kind
    for kind in SERVED
    if not kind.create_only and (kind.group, kind.plural) != ("", "componentstatuses")
]
NO_COLLECTION = {"namespaces"}
# What only goes when a controller has looked: none runs here.
LINGERING = {"namespaces", "servicecidrs", "customresourcedefinitions", "persistentvolumes",
             "persistentvolumeclaims", "volumeattributesclasses"}  # fmt: skip


# Written so often that who wrote which field is not kept (docs/compatibility.md).
UNTRACKED = {"leases", "events"}
# Whose status the server itself writes, at once.
WATCHED = {"customresourcedefinitions", "apiservices", "validatingadmissionpolicies"}
# Whose /status takes metadata too: the older kinds.
MARKED = {"certificatesigningrequests", "cronjobs", "daemonsets", "deployments",
          "horizontalpodautoscalers", "ingresses", "jobs", "namespaces", "nodes",
          "persistentvolumeclaims", "persistentvolumes", "poddisruptionbudgets", "pods",
          "replicasets", "replicationcontrollers", "resourcequotas", "services",
          "statefulsets"}  # fmt: skip
CIDRS = {"verbs", "kept", "gone", "status"}
BACKGROUND = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}


def sample(kind: Kind, namespace: str, name: str) -> dict[str, Any]:
    """``name``: of those whose objects linger, and of those there are several of."""
    obj = copy.deepcopy(OBJECTS[kind.group, kind.plural])
    metadata = obj["metadata"]
    metadata["labels"] = {**metadata.get("labels", {}), "e2e": "yes"}
    if kind.plural == "customresourcedefinitions":
        obj["spec"]["names"] = {"plural": name, "kind": name.capitalize()}
        metadata["name"] = f"{name}.example.com"
    elif kind.plural == "apiservices":
        obj["spec"]["group"] = f"{name}.example.com"
        metadata["name"] = f"v1.{name}.example.com"
    elif kind.plural == "servicecidrs":
        metadata["name"] = name
        obj["spec"]["cidrs"] = [f"10.{200 + sorted(CIDRS).index(name)}.0.0/24"]
    elif kind.plural == "ipaddresses":
        pass
    elif kind.plural in LINGERING or name == "kept":
        metadata["name"] += f"-{name}"
    for ref in ("involvedObject", "regarding"):
        if ref in obj:
            obj[ref]["namespace"] = namespace
    return {"apiVersion": kind.api_version, "kind": kind.kind, **obj}


async def settled(api: Api, path: str) -> None:
    """Return when the server has judged the object."""
    async with asyncio.timeout(10):
        while True:
            found = (await api.get(path)).body["status"]
            judged = {item["type"] for item in found.get("conditions") or []} | set(found)
            if judged & {"Established", "Available", "typeChecking"}:
                return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("kind", LISTED, ids=lambda kind: f"{kind.plural}.{kind.api_version}")
async def test_all_verbs(api: Api, namespace: str, kind: Kind) -> None:
    path = collection(kind, namespace)
    mine = {"labelSelector": "e2e=yes", "fieldSelector": f"metadata.namespace={namespace}"}
    if not kind.namespaced:
        del mine["fieldSelector"]
    before = (await api.get(path, **mine)).version
    made = await api.create(path, sample(kind, namespace, "verbs"), code=201)
    name, here = made.name, f"{path}/{made.name}"
    assert made.body["metadata"]["uid"]
    assert ("managedFields" in made.body["metadata"]) == (kind.plural not in UNTRACKED)
    if kind.plural not in WATCHED:
        assert (await api.get(here)).body == made.body
    listed = await api.get(path, **mine)
    assert [item["metadata"]["name"] for item in listed.body["items"]] == [name]
    assert listed.body["kind"] == f"{kind.kind}List"
    everywhere = await api.get(collection(kind, ""), **mine)
    assert name in [item["metadata"]["name"] for item in everywhere.body["items"]]

    patched = await api.patch(here, {"metadata": {"labels": {"patched": "yes"}}})
    assert patched.body["metadata"]["labels"]["patched"] == "yes"
    change = [{"op": "add", "path": "/metadata/annotations", "value": {"a": "b"}}]
    patched = await api.patch(here, change, JSON_PATCH)
    assert patched.body["metadata"]["annotations"]["a"] == "b"
    if kind.plural in WATCHED:
        await settled(api, here)
    newest = (await api.get(here)).body
    newest["metadata"]["annotations"] = {"updated": "yes"}
    updated = await api.update(here, newest)
    assert updated.body["metadata"]["annotations"]["updated"] == "yes"
    newest["metadata"]["annotations"] = {"updated": "late"}
    stale = await api.update(here, newest, code=409)
    assert stale.body["reason"] == "Conflict"

    dry = await api.delete(here, dryRun="All")
    assert dry.code in (200, 202)
    await api.delete(here, BACKGROUND)
    if kind.plural not in LINGERING:
        gone = await api.get(here, code=404)
        assert gone.body["reason"] == "NotFound"
        async with api.watch(path, resourceVersion=before, **mine) as watch:
            events = [(await watch.next())[0]]
            while events[-1] != "DELETED":
                events.append((await watch.next())[0])
        assert events[0] == "ADDED" and set(events[1:-1]) == {"MODIFIED"}
        assert len(events) == 5 or (kind.plural in WATCHED and len(events) > 5)


@pytest.mark.parametrize(
    "kind",
    [kind for kind in LISTED if kind.plural not in NO_COLLECTION],
    ids=lambda kind: f"{kind.plural}.{kind.api_version}",
)
async def test_deletecollection(api: Api, namespace: str, kind: Kind) -> None:
    path = collection(kind, namespace)
    kept, gone = sample(kind, namespace, "kept"), sample(kind, namespace, "gone")
    kept["metadata"]["labels"], gone["metadata"]["labels"] = {"e2e": "kept"}, {"e2e": "gone"}
    if kept["metadata"]["name"] != gone["metadata"]["name"]:
        await api.create(path, kept)
    await api.create(path, gone)
    await api.delete(path, BACKGROUND, labelSelector="e2e=gone")
    left = (await api.get(path, labelSelector="e2e in (kept, gone)")).body["items"]
    names = [item["metadata"]["name"] for item in left
             if not item["metadata"].get("deletionTimestamp")]  # fmt: skip
    assert gone["metadata"]["name"] not in names
    await api.delete(path, BACKGROUND, labelSelector="e2e")


@pytest.mark.parametrize(
    "kind",
    [kind for kind in LISTED if "status" in kind.subresources],
    ids=lambda kind: f"{kind.plural}.{kind.api_version}",
)
async def test_status(api: Api, namespace: str, kind: Kind) -> None:
    path = collection(kind, namespace)
    made = await api.create(path, sample(kind, namespace, "status"))
    here = f"{path}/{made.name}"
    if kind.plural in WATCHED:
        await settled(api, here)
    read = await api.get(f"{here}/status")
    assert read.body["metadata"]["uid"] == made.body["metadata"]["uid"]
    both = {"annotations": {"a": "b"}, "labels": {"a": "b"}}
    marked = (await api.patch(f"{here}/status", {"metadata": both})).body["metadata"]
    assert ("a" in marked.get("annotations", {})) is (kind.plural in MARKED)
    assert ("a" in marked["labels"]) is (kind.plural in MARKED - {"deployments"})
    assert marked["labels"]["e2e"] == "yes"
    newest = (await api.get(here)).body
    put = await api.update(f"{here}/status", newest)
    assert put.body["metadata"]["uid"] == made.body["metadata"]["uid"]
    if newest.get("spec"):
        assert put.body["spec"] == newest["spec"]
    await api.delete(here, BACKGROUND)


@pytest.mark.parametrize(
    "kind",
    [kind for kind in LISTED if "scale" in kind.subresources],
    ids=lambda kind: f"{kind.plural}.{kind.api_version}",
)
async def test_scale(api: Api, namespace: str, kind: Kind) -> None:
    path = collection(kind, namespace)
    made = await api.create(path, sample(kind, namespace, "scale"))
    here = f"{path}/{made.name}/scale"
    scale = (await api.get(here)).body
    assert (scale["apiVersion"], scale["kind"]) == ("autoscaling/v1", "Scale")
    assert scale["spec"] == {"replicas": 1}
    scale["spec"]["replicas"] = 3
    assert (await api.update(here, scale)).body["spec"] == {"replicas": 3}
    assert (await api.patch(here, {"spec": {"replicas": 2}})).body["spec"] == {"replicas": 2}
    assert (await api.get(f"{path}/{made.name}")).body["spec"]["replicas"] == 2


async def test_what_has_no_name_is_invalid(api: Api, namespace: str) -> None:
    for kind in LISTED:
        if kind.plural == "limitranges":
            continue
        for body in ({}, sample(kind, namespace, "gone")):
            body.pop("metadata", None)
            refused = await api.create(collection(kind, namespace), body, code=422)
            causes = refused.body["details"]["causes"]
            told = [item["message"] for item in causes if item["field"] == "metadata.name"]
            assert "Required value: name or generateName is required" in told, kind.plural


async def test_a_limit_range_without_a_name_is_given_one(api: Api, namespace: str) -> None:
    made = await api.create(f"/api/v1/namespaces/{namespace}/limitranges", {})
    assert len(made.name) == 36
