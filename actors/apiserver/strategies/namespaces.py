"""Rules of namespaces: a phase, a finalizer, and a label with their own name. Pure."""

from actors.apiserver.strategies.strategy import MARKS, Strategy, prepare_status_update
from cluster.api.types import Object

FINALIZER = "kubernetes"
NAME_LABEL = "kubernetes.io/metadata.name"


def _create(obj: Object, now: float) -> None:
    metadata = obj["metadata"]
    metadata.setdefault("labels", {})[NAME_LABEL] = metadata["name"]
    finalizers = (obj.get("spec") or {}).get("finalizers") or []
    if FINALIZER not in finalizers:
        finalizers = [*finalizers, FINALIZER]
    obj["spec"] = {"finalizers": finalizers}
    obj["status"] = {"phase": "Active"}


def _named(metadata: Object) -> None:
    metadata["labels"] = {**(metadata.get("labels") or {}), NAME_LABEL: metadata["name"]}


def _with_status(obj: Object, old: Object, now: float) -> Object:
    updated = prepare_status_update(obj, old, STRATEGY)
    _named(updated["metadata"])
    # Who does not say the phase says that it stays.
    updated["status"] = {**updated["status"], "phase": updated["status"].get("phase") or "Active"}
    return updated


def _update(obj: Object, old: Object) -> None:
    _named(obj["metadata"])
    # Only /finalize may change the finalizers of the spec.
    obj["spec"] = old.get("spec") or {}


def prepare_finalize(obj: Object, old: Object) -> Object:
    """The namespace a /finalize write makes: the live one with the new spec.finalizers."""
    finalizers = (obj.get("spec") or {}).get("finalizers") or []
    spec = {**(old.get("spec") or {}), "finalizers": finalizers}
    if not finalizers:
        spec.pop("finalizers")
    return {**old, "spec": spec}


def pending(obj: Object) -> bool:
    """True if someone must still empty the namespace."""
    return bool((obj.get("spec") or {}).get("finalizers"))


STRATEGY = Strategy(
    marked_apart=True,
    status_metadata=MARKS,
    create=_create,
    update=_update,
    parts={"status": _with_status},
)
