"""PATCH bodies: which kind of patch, and what it makes of the live object. Pure.

Source: docs "Update API Objects in Place Using kubectl patch", "Server-Side Apply".
"""

from collections.abc import Callable
from typing import Literal

from actors.apiserver.call import Call
from cluster import limits
from cluster.api import status
from cluster.api.jsonio import decode_json, decode_object, duplicate_paths
from cluster.api.kinds import Kind
from cluster.api.ownership import Scope, server_side_apply
from cluster.api.patches import json_patch, merge_patch
from cluster.api.schema_node import SchemaNode
from cluster.api.strategic import strategic_merge_patch
from cluster.api.types import Object
from cluster.messages.apiserver import ApiRequest

PatchType = Literal["json", "merge", "strategic", "apply"]
PATCH_TYPES: dict[str, PatchType] = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}

_OPERATION_FIELDS = frozenset({"op", "path", "from", "value"})


def patch_type(content_type: str) -> PatchType:
    """Raises StatusError 415."""
    media = content_type.partition(";")[0].strip().lower()
    if media not in PATCH_TYPES:
        raise status.unsupported_media_type(content_type, PATCH_TYPES)
    return PATCH_TYPES[media]


def verb(request: ApiRequest) -> str:
    """The request's verb, or ``apply`` for the patch that is server-side apply."""
    media = request.content_type.partition(";")[0].strip().lower()
    return (
        "apply" if request.verb == "patch" and PATCH_TYPES.get(media) == "apply" else request.verb
    )


def patcher(
    call: Call, schema: SchemaNode | None
) -> tuple[Callable[[Object], Object], tuple[str, ...]]:
    """A function from the live object to the patched one, for all but apply, and the paths of keys
    that the patch has twice.

    Raises StatusError 400 or 415 here, and 422 from the function for a patch that does not fit.
    """
    kind = patch_type(call.request.content_type)
    if kind == "strategic" and call.kind.custom is not None:
        wanted = [media for media, name in PATCH_TYPES.items() if name != "strategic"]
        raise status.unsupported_media_type(call.request.content_type, wanted)
    body = checked(call.request.body)
    patch = decode_json(body)
    duplicates = duplicate_paths(body, patch)
    match kind:
        case "json":
            _check_operations(call, patch, duplicates)
            return lambda live: json_patch(live, patch), ()
        case "merge":
            return lambda live: merge_patch(live, patch), duplicates
        case "strategic":
            return lambda live: strategic_merge_patch(live, patch, schema), duplicates
    raise AssertionError("apply is no patch of the live object alone")


def _check_operations(call: Call, patch: object, duplicates: tuple[str, ...]) -> None:
    """Fields that a JSON patch has twice, or that no operation has: refused or warned of, as
    fieldValidation says. Raises StatusError 400."""
    operations = patch if isinstance(patch, list) else []
    texts = [
        f'json patch unknown field "[{index}].{name}"'
        for index, operation in enumerate(operations[: limits.JSON_PATCH_OPERATIONS_MAX])
        if isinstance(operation, dict)
        for name in operation
        if name not in _OPERATION_FIELDS
    ]
    texts += [f'json patch duplicate field "{path}"' for path in duplicates]
    if not texts or call.options.validation == "Ignore":
        return
    if call.options.validation == "Strict":
        raise status.bad_request(f"strict decoding error: {', '.join(texts)}")
    call.warnings.extend(texts)


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
