"""Operations of a JSON patch, as Kubernetes reads them: more kindly than RFC 6902.

Source: seen at kube-apiserver 1.37. A value left out is null; what an object does not have can be
replaced, copied and tested as null; a negative index counts from a list's end. Must not know how
an operation is carried out.
"""

from collections.abc import Mapping
from typing import Any

import jsonpointer

from cluster.api.jsonio import json_type
from cluster.api.status import bad_request, quoted, status_error
from cluster.errors import StatusError

REJECTED = "the server rejected our request due to an error in our request"
NO_SUCH_PLACE = (jsonpointer.JsonPointerException, KeyError, IndexError, TypeError)
_OPERATIONS = frozenset({"add", "remove", "replace", "move", "copy", "test"})
_VALUED = frozenset({"add", "replace", "test"})
_MISSING = object()


def check_form(operation: object) -> dict[str, Any]:
    """The operation with all that it needs; null is one that says nothing. Raises StatusError 400
    if it cannot be read, 422 if it says nothing to do."""
    said = {} if operation is None else operation
    if not isinstance(said, dict):
        raise undecodable(said, "Go value of type handlers.jsonPatchOp")
    for name in ("op", "path", "from"):
        if not isinstance(said.get(name), str | None):
            raise undecodable(said[name], f"Go struct field jsonPatchOp.{name} of type string")
    texts = {name: said.get(name) or "" for name in ("op", "path", "from")}
    given = {**said, **texts}
    if given["op"] not in _OPERATIONS:
        raise refused(given, f"unknown operation {quoted(given['op'])}")
    whole = given["op"] in ("replace", "test")
    if not given["path"] and not whole:
        raise refused(given, "there is no such place")
    if given["op"] in ("move", "copy") and not given["from"]:
        raise refused(given, "there is no such place to take from")
    if given["op"] in _VALUED:
        given.setdefault("value", None)
    return given


def settled(document: Any, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """The operation by RFC 6902 that does what is meant. None: it holds as it is (a ``test``)."""
    operation = dict(given)
    name = operation["op"]
    operation["path"] = _counted(document, operation["path"], 1 if name == "add" else 0)
    if name in ("move", "copy"):
        operation["from"] = _counted(document, operation["from"], 0)
        operation["path"] = _counted(document, operation["path"], 1)
    if name == "replace" and _lacks(document, operation["path"]):
        operation["op"] = "add"
    elif name == "copy" and _lacks(document, operation["from"]):
        operation["op"], operation["value"] = "add", None
    elif name == "test" and _lacks(document, operation["path"]) and operation["value"] is None:
        return None
    return operation


def undecodable(value: object, wanted: str) -> StatusError:
    """400, in the words of kube-apiserver's decoder."""
    found = f"json: cannot unmarshal {json_type(value)} into {wanted}"
    return bad_request(f"error decoding patch: {found}")


def refused(operation: Mapping[str, Any], why: str) -> StatusError:
    """422. ``why`` must not tell what stands in the object: who may patch may not always read.

    No causes: kubectl would print them instead of the message.
    """
    text = f"{operation['op']} operation does not apply: {operation['path']}: {why}"
    return status_error(422, "Invalid", f"{REJECTED}: {text}")


def _holder(document: Any, path: str) -> tuple[Any, str]:
    """What the place is in, and what it is called there."""
    before, _, last = path.rpartition("/")
    try:
        holder = jsonpointer.resolve_pointer(document, before, _MISSING)
    except NO_SUCH_PLACE:
        return _MISSING, last
    return holder, jsonpointer.unescape(last)


def _counted(document: Any, path: str, more: int) -> str:
    """``/list/-1`` as the index that it is. ``more``: places to add at, beyond the items."""
    before, _, last = path.rpartition("/")
    if not last.startswith("-") or not last[1:].isdecimal() or not last.isascii():
        return path
    holder, _ = _holder(document, path)
    if not isinstance(holder, list) or len(last) > 10:
        return path
    index = len(holder) + more + int(last)
    return f"{before}/{index}" if index >= 0 else path


def _lacks(document: Any, path: str) -> bool:
    if not path:
        return False
    holder, last = _holder(document, path)
    return isinstance(holder, dict) and last not in holder
