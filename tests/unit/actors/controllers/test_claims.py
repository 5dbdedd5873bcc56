"""Adoption and release."""

from typing import Any

from actors.controllers.claims import claim
from cluster.api.resources import PODS, REPLICA_SETS
from cluster.api.selectors import from_object
from cluster.api.types import Object

SELECTOR = from_object({"matchLabels": {"app": "web"}})
GOING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}


def owner(**meta: Any) -> Object:
    return {"metadata": {"name": "web", "namespace": "default", "uid": "u1", **meta}}


def pod(name: str, uid: str = "", app: str = "web", **meta: Any) -> Object:
    owners = [{"uid": uid, "controller": True}] if uid else []
    labels = {"app": app}
    fields = {"name": name, "namespace": "default", "uid": name, "labels": labels, **meta}
    return {"metadata": {**fields, "ownerReferences": owners}}


def sort(owning: Object, *pods: Object) -> tuple[list[str], list[str]]:
    result = claim(owning, REPLICA_SETS, pods, PODS, SELECTOR)
    return [item["metadata"]["name"] for item in result.owned], [p.name for p in result.patches]


def test_who_belongs_to_whom() -> None:
    pods = (
        pod("mine", "u1"),
        pod("strayed", "u1", app="other"),
        pod("orphan"),
        pod("unrelated", app="other"),
        pod("theirs", "u2"),
        pod("dying orphan", **GOING),
    )
    assert sort(owner(), *pods) == (["mine"], ["strayed", "orphan"])
    assert sort(owner(**GOING), *pods) == (["mine"], [])
