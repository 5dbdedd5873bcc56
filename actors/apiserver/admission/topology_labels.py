"""Pods carry their node's zone and region: set when they are bound, for the downward API to tell.

Source: KEP-4742; docs "Admission Controllers", PodTopologyLabels. What a pod says of itself is
overwritten. Must not know: who binds.
"""

from actors.apiserver.admission.plugin import Review
from actors.apiserver.call import Call
from actors.apiserver.environment import Environment
from cluster import names
from cluster.api.encoding import decode
from cluster.api.kinds import by_resource
from cluster.api.types import Object

LABELS = (names.LABEL_REGION, names.LABEL_ZONE)
_PODS = ("", "pods")
_NODES = by_resource("", "v1", "nodes")


async def admit(review: Review) -> None:
    """A new pod that names its node itself."""
    if review.call.resource != _PODS or review.operation != "CREATE":
        return
    if review.call.request.subresource or review.obj is None:
        return
    node = (review.obj.get("spec") or {}).get("nodeName")
    if node:
        await _label(review.environment, review.obj, node)


async def judge_body(environment: Environment, call: Call, body: Object) -> None:
    """A Binding: its labels become the pod's."""
    if call.resource == _PODS and call.request.subresource == "binding":
        await _label(environment, body, (body.get("target") or {}).get("name") or "")


async def _label(environment: Environment, obj: Object, node: str) -> None:
    """Nothing if there is no such node (yet)."""
    assert _NODES is not None
    found = await environment.objects.find(_NODES, "", node, fresh=False)
    if found is None:
        return
    theirs = decode(found.value)["metadata"].get("labels") or {}
    given = {name: theirs[name] for name in LABELS if name in theirs}
    if given:
        metadata = obj.setdefault("metadata", {})
        metadata["labels"] = {**(metadata.get("labels") or {}), **given}
