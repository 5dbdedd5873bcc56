"""The Scale of a workload, and the workload with the replicas of a Scale. Pure.

Source: autoscaling/v1 Scale. Must not know: requests, the store.
"""

from actors.apiserver import bodies
from actors.apiserver.strategies.strategy import bump_generation
from cluster.api import status
from cluster.api.custom import scale as custom_scale
from cluster.api.kinds import Kind
from cluster.api.selectors import from_labels, from_object
from cluster.api.types import Object
from cluster.api.validation import causes


def scale_before(kind: Kind, obj: Object) -> Object:
    """The Scale of what is to be changed: 0 are wanted where there is no number yet."""
    if kind.custom is not None and kind.custom.scale is not None:
        return _scale(obj, *custom_scale.read(kind.custom.scale, obj, 0))
    return scale_of(kind, obj)


def scale_of(kind: Kind, obj: Object) -> Object:
    """The Scale of a workload, or of a custom resource that says where its numbers are.

    Raises StatusError 500 for a custom resource that has no number there."""
    if kind.custom is not None and kind.custom.scale is not None:
        return _scale(obj, *custom_scale.read(kind.custom.scale, obj))
    spec = obj.get("spec") or {}
    live = obj.get("status") or {}
    selector = spec.get("selector")
    if selector is not None and not ("matchLabels" in selector or "matchExpressions" in selector):
        text = str(from_labels(selector))  # a ReplicationController's plain map
    else:
        text = str(from_object(selector))
    return _scale(obj, spec.get("replicas", 1), live.get("replicas", 0), text)


def _scale(obj: Object, wanted: int, counted: int, selector: str) -> Object:
    metadata = obj["metadata"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    shown: Object = {"replicas": counted}
    if selector:
        shown["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in kept if name in metadata},
        # None is not told.
        "spec": {"replicas": wanted} if wanted else {},
        "status": shown,
    }


def configuration(kind: Kind, live: Object, scale: Object) -> Object:
    """An applied Scale as the configuration of the workload that it stands for: whoever applies a
    number of replicas owns the workload's field, by whichever door. Raises StatusError 422."""
    name, given = live["metadata"]["name"], scale.get("metadata") or {}
    _check(kind, name, scale)
    meta = {key: given[key] for key in ("uid", "resourceVersion") if given.get(key)}
    meta["name"] = name
    if "namespace" in live["metadata"]:
        meta["namespace"] = live["metadata"]["namespace"]
    config: Object = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": meta,
    }
    wanted = (scale.get("spec") or {}).get("replicas")
    if wanted is None:
        return config
    if kind.custom is not None and kind.custom.scale is not None:
        return custom_scale.write(kind.custom.scale, config, wanted)
    return {**config, "spec": {"replicas": wanted}}


def _check(kind: Kind, name: str, scale: Object) -> None:
    """Of a custom resource a wrong number is its own fault. Raises StatusError 422."""
    where = kind.custom.scale if kind.custom is not None else None
    if where is None:
        bodies.check_rules("autoscaling", "Scale", name, scale)
        return
    wanted = (scale.get("spec") or {}).get("replicas", 0)
    if wanted < 0:
        path, detail = where["specReplicasPath"], "should be a non-negative integer"
        raise status.invalid(kind, name, [causes.invalid(path, wanted, detail)])


def counted(live: Object, updated: Object) -> Object:
    """The applied workload, its generation grown if another number is wanted."""
    before, after = live.get("spec"), updated.get("spec")
    if before != after and updated["metadata"].get("generation"):
        bump_generation(updated)
    return updated


def scaled(kind: Kind, live: Object, scale: Object) -> Object:
    """The workload with the replicas of the Scale. Raises StatusError 422 for a negative number."""
    wanted = (scale.get("spec") or {}).get("replicas", 0)
    name = live["metadata"]["name"]
    _check(kind, name, scale)
    given = scale.get("metadata") or {}
    if given.get("name", name) != name:
        raise status.bad_request("the name of the Scale does not match the name on the URL")
    metadata = dict(live["metadata"])
    for key in ("resourceVersion", "uid"):
        if given.get(key):
            metadata[key] = given[key]
    spec = live.get("spec") or {}
    if kind.custom is not None and kind.custom.scale is not None:
        updated = {**custom_scale.write(kind.custom.scale, live, wanted), "metadata": metadata}
        if updated != {**live, "metadata": metadata}:
            bump_generation(updated)
        return updated
    updated = {**live, "metadata": metadata, "spec": {**spec, "replicas": wanted}}
    if spec.get("replicas") != wanted and metadata.get("generation"):
        bump_generation(updated)
    return updated
