"""PATCH bodies: which kind of patch, and what it makes of the live object. Pure.

Source: docs "Update API Objects in Place Using kubectl patch", "Server-Side Apply".
"""

from collections.abc import Callable
from typing import Literal

from actors.apiserver.call import Call
from cluster import limits
from cluster.api import status
from cluster.api.jsonio import decode_json, decode_object
from cluster.api.kinds import Kind
from cluster.api.ownership import Scope, server_side_apply
from cluster.api.patches import json_patch, merge_patch
from cluster.api.schema_node import SchemaNode
from cluster.api.strategic import strategic_merge_patch
from cluster.api.types import Object

PatchType = Literal["json", "merge", "strategic", "apply"]
PATCH_TYPES: dict[str, PatchType] = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}


def patch_type(content_type: str) -> PatchType:
    """Raises StatusError 415."""
    media = content_type.partition(";")[0].strip().lower()
    if media not in PATCH_TYPES:
        raise status.unsupported_media_type(content_type, PATCH_TYPES)
    return PATCH_TYPES[media]


def patcher(call: Call, schema: SchemaNode | None) -> Callable[[Object], Object]:
    """A function from the live object to the patched one, for all but apply.

    Raises StatusError 400 or 415 here, and 422 from the function for a patch that does not fit.
    """
    kind = patch_type(call.request.content_type)
    if kind == "strategic" and call.kind.custom is not None:
        wanted = [media for media, name in PATCH_TYPES.items() if name != "strategic"]
        raise status.unsupported_media_type(call.request.content_type, wanted)
    body = checked(call.request.body)
    patch = decode_json(body)
    match kind:
        case "json":
            return lambda live: json_patch(live, patch)
        case "merge":
            return lambda live: merge_patch(live, patch)
        case "strategic":
            return lambda live: strategic_merge_patch(live, patch, schema)
    raise AssertionError("apply is no patch of the live object alone")


def checked(body: bytes) -> bytes:
    """Raises StatusError 400 for an empty body, 413 for a large one."""
    if not body:
        raise status.bad_request("the request has no body")
    if len(body) > limits.BODY_BYTES_MAX:
        raise status.too_large()
    return body


def apply_configuration(call: Call, kind: Kind | None = None) -> tuple[Object, tuple[str, ...]]:
    """What is applied, and its duplicate keys; ``kind``: of the body, if it is not the resource's.
    Raises StatusError 400, 422."""
    kind = kind or call.kind
    if not call.request.query.get("fieldManager"):
        cause = status.Cause(
            "fieldManager", "FieldValueRequired", "Required value: is required for apply patch"
        )
        raise status.invalid_object("meta.k8s.io", "PatchOptions", "", [cause])
    obj, duplicates = decode_object(checked(call.request.body), "application/yaml")
    for field, wanted in (("kind", kind.kind), ("apiVersion", kind.api_version)):
        given = obj.get(field)
        if given != wanted:
            raise status.bad_request(
                f"invalid object type: {field} is {status.quoted(given or '')}, "
                f"the resource has {status.quoted(wanted)}"
            )
    return obj, duplicates


def applier(
    call: Call, config: Object, schema: SchemaNode | None, now: float, scope: Scope
) -> Callable[[Object | None], Object]:
    """A function from the live object (or None) to the applied one. Raises StatusError 409."""
    return lambda live: server_side_apply(
        live, config, call.options.manager, call.options.force, schema, now, scope
    )
