"""The shape of a kind's rules, and what is the same for all kinds. Pure.

Job: which fields a client may set on create and update, and when ``generation`` grows.
Must not know: the store, callers. Source: API conventions, "Metadata" and "Spec and Status".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import orjson

from actors.apiserver.call import DeleteOptions
from cluster.api.types import Object

# Metadata that only the server sets: kept from the live object on every update.
SERVER_METADATA = (
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "namespace",
)

# What describes an object. Finalizers and owners say whether it stays: who may only write its
# status has no say in that (Kubernetes takes them along).
MARKS = ("labels", "annotations")


def nothing_to_create(obj: Object, now: float) -> None:
    """A kind without rules of its own for create."""


def nothing_to_update(obj: Object, old: Object) -> None:
    """A kind without rules of its own for update."""


def no_grace(obj: Object, options: DeleteOptions) -> int:
    """A kind that is deleted at once."""
    return 0


def nothing_to_leave(obj: Object, now: float) -> Object:
    """A kind that needs nothing before it is deleted."""
    return obj


# (what was written, the live object, now) to the object as it becomes.
Part = Callable[[Object, Object, float], Object]


@dataclass(frozen=True)
class Strategy:
    """Rules of one kind.

    ``generation``: metadata.generation counts changes of the desired state. ``status_shown``:
    an object shows its status where that is empty. ``status_at_create``: a client's status survives
    the create. ``status_metadata``: what of the metadata a /status write
    may change too. ``returns_deleted``: DELETE answers with the object, not a Status.
    ``grace``: seconds to wait for the owner of the running thing. ``leave``: the object as it is
    when somebody asks to delete it (a finalizer that the server itself sets). ``orphans``: a delete
    that says nothing of dependents leaves them (kinds older than the garbage collector).
    ``unconditional``: an update need not say which version it is of. ``nameless``: one that comes
    without a name is given one. ``marked_apart``: deleting begins with a write of its own, with
    words of its own for a precondition that does not hold.
    ``parts``: the object that a write of a subresource makes, where that is not what all kinds do.
    """

    generation: bool = False
    status_shown: bool = True
    status_at_create: bool = False
    status_metadata: tuple[str, ...] = ()
    returns_deleted: bool = False
    create: Callable[[Object, float], None] = nothing_to_create
    update: Callable[[Object, Object], None] = nothing_to_update
    grace: Callable[[Object, DeleteOptions], int] = no_grace
    leave: Callable[[Object, float], Object] = nothing_to_leave
    orphans: bool = False
    unconditional: bool = True
    nameless: bool = False
    marked_apart: bool = False
    parts: Mapping[str, Part] = field(default_factory=dict)


def prepare_create(
    obj: Object,
    strategy: Strategy,
    *,
    has_status: bool,
    uid: str,
    now: float,
    created: str,
    custom: bool = False,
) -> None:
    """Set what the server sets on a new object, drop what clients must not set. An object of a
    built-in kind always has a status, if an empty one: clients read below it without looking."""
    metadata = obj["metadata"]
    drop_unwanted(metadata)
    metadata["uid"] = uid
    metadata["creationTimestamp"] = created
    metadata.pop("generation", None)
    if strategy.generation:
        metadata["generation"] = 1
    if has_status and not strategy.status_at_create:
        obj.pop("status", None)
    strategy.create(obj, now)
    if has_status and not custom and strategy.status_shown:
        obj.setdefault("status", {})


def drop_unwanted(metadata: Object) -> None:
    """What no client says of a new object."""
    for name in ("selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion"):
        metadata.pop(name, None)


def prepare_update(obj: Object, old: Object, strategy: Strategy, *, has_status: bool) -> None:
    """Keep what an update of the main resource must not touch; count a change of the rest."""
    _keep_metadata(obj, old)
    if has_status:
        _keep(obj, old, "status")
    strategy.update(obj, old)
    if strategy.generation and _desired(obj, has_status) != _desired(old, has_status):
        bump_generation(obj)


def prepare_status_update(
    obj: Object, old: Object, strategy: Strategy, *, custom: bool = False
) -> Object:
    """The object a /status write makes: the live one with the new status."""
    _keep_metadata(obj, old)
    updated = dict(old)
    metadata = dict(old["metadata"])
    given = obj["metadata"]
    for name in strategy.status_metadata:
        _keep(metadata, given, name)
    if "managedFields" in given:
        metadata["managedFields"] = given["managedFields"]
    updated["metadata"] = metadata
    _keep(updated, obj, "status")
    if not custom:
        updated.setdefault("status", {})
    return updated


def bump_generation(obj: Object) -> None:
    """One more change of the desired state."""
    metadata = obj["metadata"]
    metadata["generation"] = int(metadata.get("generation") or 0) + 1


def _keep_metadata(obj: Object, old: Object) -> None:
    metadata, live = obj["metadata"], old["metadata"]
    metadata.pop("selfLink", None)
    for name in SERVER_METADATA:
        if name in live:
            metadata[name] = live[name]
        else:
            metadata.pop(name, None)


def _keep(obj: Object, source: Object, name: str) -> None:
    if name in source:
        obj[name] = source[name]
    else:
        obj.pop(name, None)


def _desired(obj: Object, has_status: bool) -> Object:
    apart = ("metadata", "status") if has_status else ("metadata",)
    return {key: value for key, value in obj.items() if key not in apart}


def copy_of(obj: Object) -> Object:
    """A copy that shares nothing: for decisions that may have to be made again."""
    copied: Object = orjson.loads(orjson.dumps(obj))
    return copied
