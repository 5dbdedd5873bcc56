"""Whether a writer means the object, and the version of it, that is there. Pure.

Must not know: the store, what else is written.
"""

from actors.apiserver.call import Call
from actors.apiserver.strategies.table import strategy_of
from cluster.api import status
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

# Of the largest number of 64 bits.
_DIGITS = 20


def is_version(text: object) -> bool:
    """Whether it is the resourceVersion of an object that is stored: a number of 64 bits."""
    number = isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= _DIGITS
    return number and 0 < int(str(text)) < 2**64


def check_identity(call: Call, old: Object, new: Object, scope: str) -> None:
    """Another uid is a failed precondition of an update, and an immutable field of a patch, but of
    no concern to a patch of a custom resource's status. ``scope``: the subresource that is written.

    Raises StatusError 409 if the writer meant another object or another version; 422, also if it
    names no version of a kind that is not updated unconditionally.
    """
    live, given = old["metadata"], new["metadata"]
    name, uid = live["name"], given.get("uid")
    patch = call.request.verb == "patch"
    heedless = patch and scope == "status" and call.kind.custom is not None
    if uid and uid != live.get("uid") and not heedless:
        if patch:
            cause = causes.invalid("metadata.uid", uid, causes.IMMUTABLE)
            raise status.invalid(call.kind, name, [cause])
        group = call.kind.group if call.kind.custom is not None else ""
        key = "/".join(part for part in (group, call.kind.plural, call.namespace, name) if part)
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {live['uid']}"
        raise status.conflict(
            call.kind,
            name,
            f"StorageError: invalid object, Code: 4, Key: /registry/{key}, ResourceVersion: 0, "
            f"AdditionalErrorMsg: {why}",
        )
    version = given.get("resourceVersion")
    if not version or version == "0":
        if not strategy_of(call.kind).unconditional:
            # Kubernetes' own words, and its plural where a kind is meant.
            why = "Invalid value: 0: must be specified for an update"
            cause = Cause("metadata.resourceVersion", "FieldValueInvalid", why)
            raise status.invalid_object(call.kind.group, call.kind.plural, name, [cause])
    elif version != live.get("resourceVersion"):
        raise status.conflict(call.kind, name)
