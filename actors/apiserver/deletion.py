"""What a delete does to an object: mark it, change its finalizers, or let it go. Pure.

Job: grace periods, propagation policies, preconditions. Must not know: the store, callers.
Source: docs "Garbage Collection", "Finalizers", "Pod Lifecycle".
"""

from dataclasses import dataclass

from actors.apiserver.call import DeleteOptions, Preconditions
from actors.apiserver.strategies import namespaces
from actors.apiserver.strategies.strategy import Strategy, bump_generation
from cluster.api import status
from cluster.api.kinds import Kind
from cluster.api.timestamps import rfc3339, seconds_of
from cluster.api.types import Object

# 9999-12-31T23:59:59Z in unix seconds: later no time can be written.
LATEST_SECONDS = 253_402_300_799
FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
_JOBS = ("batch", "jobs")
_JOBS_WARNING = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background "
    "to remove them or set propagationPolicy=Orphan to suppress this warning"
)
_BY_POLICY = {"Foreground": (FOREGROUND,), "Orphan": (ORPHAN,), "Background": ()}


@dataclass(frozen=True)
class Deletion:
    """``removed``: the object goes now. Else ``obj`` is to be stored, if it ``changed``."""

    obj: Object
    removed: bool
    changed: bool = True


def check_preconditions(kind: Kind, obj: Object, wanted: Preconditions, strategy: Strategy) -> None:
    """Raises StatusError 409 if the live object is not the one that was meant. As in Kubernetes it
    names the kind, where other conflicts name the resource."""
    metadata = obj["metadata"]
    if strategy.marked_apart:
        _check_apart(kind, metadata, wanted)
        return
    uid, version = metadata.get("uid", ""), metadata.get("resourceVersion", "")
    if wanted.uid is not None and wanted.uid != uid:
        why = (
            f"the UID in the precondition ({wanted.uid}) does not match the UID in record ({uid}). "
            "The object might have been deleted and then recreated"
        )
    elif wanted.resource_version is not None and wanted.resource_version != version:
        why = (
            f"the ResourceVersion in the precondition ({wanted.resource_version}) does not match "
            f"the ResourceVersion in record ({version}). The object might have been modified"
        )
    else:
        return
    raise status.conflict_name(kind.kind, kind.group, metadata["name"], why)


def _check_apart(kind: Kind, metadata: Object, wanted: Preconditions) -> None:
    for name, given, found in (
        ("UID", wanted.uid, metadata.get("uid", "")),
        ("ResourceVersion", wanted.resource_version, metadata.get("resourceVersion", "")),
    ):
        if given is not None and given != found:
            why = f"{name} in precondition: {given}, {name} in object meta: {found}"
            raise status.conflict(kind, metadata["name"], f"Precondition failed: {why}")


def plan(obj: Object, options: DeleteOptions, strategy: Strategy, now: float) -> Deletion:
    """The next state of a live object that is asked to be deleted."""
    live, obj = obj, strategy.leave(obj, now)
    metadata = obj["metadata"]
    if metadata.get("deletionTimestamp") and not live["metadata"].get("deletionTimestamp"):
        # Its strategy has marked it, in a way of its own (definitions).
        return Deletion(obj, removed=False)
    present = metadata.get("finalizers") or []
    finalizers = _finalizers(present, propagation_of(present, options, strategy))
    grace = strategy.grace(obj, options)
    waiting = bool(finalizers) or namespaces.pending(obj)
    if grace <= 0 and not waiting:
        return Deletion(obj, removed=True)
    marked = {**obj, "metadata": dict(metadata)}
    _set_finalizers(marked, finalizers)
    _mark(marked, grace, now)
    if namespaces.pending(marked):
        # It waits for what is in it, not for a time.
        del marked["metadata"]["deletionGracePeriodSeconds"]
        marked["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
    changed = marked != live
    if changed and not metadata.get("deletionTimestamp") and metadata.get("generation"):
        bump_generation(marked)
    return Deletion(marked, removed=False, changed=changed)


def complete(obj: Object) -> bool:
    """True if an object marked for deletion has nothing left to wait for."""
    metadata = obj["metadata"]
    return (
        bool(metadata.get("deletionTimestamp"))
        and not metadata.get("finalizers")
        and not metadata.get("deletionGracePeriodSeconds")
        and not namespaces.pending(obj)
    )


def _mark(obj: Object, grace: int, now: float) -> None:
    """Set the time of deletion; a later request may shorten it, never prolong it."""
    metadata = obj["metadata"]
    grace = min(grace, int(LATEST_SECONDS - now))
    known = metadata.get("deletionGracePeriodSeconds")
    if metadata.get("deletionTimestamp"):
        if known is not None and grace >= known:
            return
        asked = seconds_of(metadata["deletionTimestamp"]) - (known or 0)
        metadata["deletionTimestamp"] = rfc3339(max(asked + grace, 0))
    else:
        metadata["deletionTimestamp"] = rfc3339(now + grace)
    metadata["deletionGracePeriodSeconds"] = grace


def propagation_of(present: list[str], options: DeleteOptions, strategy: Strategy) -> str:
    """What becomes of dependents: as asked, else as an earlier delete said, else as the kind's
    age wants it."""
    if options.propagation or not strategy.orphans:
        return options.propagation
    return "" if FOREGROUND in present or ORPHAN in present else "Orphan"


def warning(resource: tuple[str, str], obj: Object, options: DeleteOptions) -> str:
    """What a client that says nothing of a job's pods is told; '' if there is nothing to tell."""
    present = obj["metadata"].get("finalizers") or ()
    if resource != _JOBS or options.propagation or FOREGROUND in present or ORPHAN in present:
        return ""
    return _JOBS_WARNING


def _finalizers(present: list[str], propagation: str) -> list[str]:
    if not propagation:
        return present
    kept = [item for item in present if item not in (FOREGROUND, ORPHAN)]
    return [*kept, *_BY_POLICY[propagation]]


def _set_finalizers(obj: Object, finalizers: list[str]) -> None:
    if finalizers:
        obj["metadata"]["finalizers"] = finalizers
    else:
        obj["metadata"].pop("finalizers", None)
