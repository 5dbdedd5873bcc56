"""JSON patch (RFC 6902) and JSON merge patch (RFC 7386) on decoded objects.

A result shares no mutable part with its inputs: defaults and managed fields are written into it
in place. Must not know kinds or schemas: the strategic merge patch is in ``strategic.py``.
"""

from collections.abc import Mapping
from typing import Any

import jsonpatch
import jsonpointer
import orjson

from cluster.api.patch_operations import NO_SUCH_PLACE, check_form, refused, settled, undecodable
from cluster.api.status import bad_request, too_large
from cluster.api.types import Object
from cluster.limits import BODY_BYTES_MAX, JSON_PATCH_OPERATIONS_MAX, NESTING_MAX

_PLACING = frozenset({"add", "replace", "move", "copy"})


def copy_json(value: Any) -> Any:
    """A deep copy of decoded JSON; several times quicker than ``copy.deepcopy``."""
    if isinstance(value, dict):
        return {key: copy_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_json(item) for item in value]
    return value


def json_patch(obj: Object, operations: object) -> Object:
    """Apply a decoded RFC 6902 document.

    Raises StatusError: 400 if ``operations`` is no JSON patch, 413 if there are too many or they
    copy too much, 422 if one does not apply (a failed ``test``, a path that is not there).
    """
    if operations is None:
        return copy_json(obj)  # type: ignore[no-any-return]  # an object, as it came
    if not isinstance(operations, list):
        raise undecodable(operations, "Go value of type []handlers.jsonPatchOp")
    if len(operations) > JSON_PATCH_OPERATIONS_MAX:
        raise too_large(
            "Request entity too large: The allowed maximum operations in a JSON patch is "
            f"{JSON_PATCH_OPERATIONS_MAX}, got {len(operations)}"
        )
    result: Any = copy_json(obj)
    copied = 0
    for given in [check_form(operation) for operation in operations]:
        operation = settled(result, given)
        if operation is None:
            continue
        copied += _copied_bytes(result, operation)
        if copied > BODY_BYTES_MAX:
            raise too_large(
                "Request entity too large: the accumulated size of the copy operations exceeds "
                f"{BODY_BYTES_MAX} bytes"
            )
        result = _apply_one(result, operation)
    if not isinstance(result, dict):
        raise bad_request("error decoding patch: the patched document is not an object")
    return result


def merge_patch(obj: Object, patch: object) -> Object:
    """Apply a decoded RFC 7386 document. Raises StatusError 400 if it is no JSON object."""
    if not isinstance(patch, dict):
        raise undecodable(patch, "Go value of type map[string]interface {}")
    return _merge(obj, patch)


def _merge(target: Mapping[str, Any], patch: Mapping[str, Any]) -> Object:
    result: Object = {}
    for key, value in target.items():
        if key not in patch:
            result[key] = copy_json(value)
        elif isinstance(patch[key], dict):
            result[key] = _merge(value if isinstance(value, dict) else {}, patch[key])
        elif patch[key] is not None:
            result[key] = copy_json(patch[key])
    for key, value in patch.items():
        if key in target or value is None:
            continue
        result[key] = _merge({}, value) if isinstance(value, dict) else copy_json(value)
    return result


def _copied_bytes(document: Any, operation: Mapping[str, Any]) -> int:
    """Checks how deep the operation would nest; returns how many bytes it would copy."""
    name = operation["op"]
    if name not in _PLACING:
        return 0
    if name in ("add", "replace"):
        value = operation["value"]
    else:
        value = _resolve(document, operation)
    if operation["path"].count("/") + _depth(value) > NESTING_MAX:
        raise bad_request(f"error decoding patch: nested deeper than {NESTING_MAX} levels")
    return len(orjson.dumps(value)) if name == "copy" else 0


def _resolve(document: Any, operation: Mapping[str, Any]) -> Any:
    why = "there is no such place to take from"
    try:
        value = jsonpointer.resolve_pointer(document, operation["from"])
    except NO_SUCH_PLACE as error:
        raise refused(operation, why) from error
    if isinstance(value, jsonpointer.EndOfList):  # "/list/-" is where to add, and holds nothing
        raise refused(operation, why)
    return value


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _apply_one(document: Any, operation: Mapping[str, Any]) -> Any:
    try:
        return jsonpatch.JsonPatch([operation]).apply(document, in_place=True)
    except jsonpatch.JsonPatchTestFailed as error:
        raise refused(operation, "the value there is another") from error
    except (jsonpatch.JsonPatchException, *NO_SUCH_PLACE) as error:
        raise refused(operation, "there is no such place") from error
