"""PATCH bodies: which kind of patch, and what it makes of the live object. Pure.

Source: docs "Update API Objects in Place Using kubectl patch", "Server-Side Apply".
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import orjson

from actors.apiserver import bodies, codec
from actors.apiserver.call import Call
from cluster import limits
from cluster.api import status
from cluster.api.bare_objects import bare_object
from cluster.api.go_text import as_go
from cluster.api.jsonio import (
    decode_json,
    decode_object,
    duplicate_paths,
    json_type,
    warnings_of,
)
from cluster.api.kinds import Kind, Subresource, by_kind, storage_prefix
from cluster.api.ownership import Scope, server_side_apply
from cluster.api.patch_operations import REJECTED
from cluster.api.patches import json_patch, merge_patch
from cluster.api.schema import Definitions
from cluster.api.schema_conform import WrongType, unconvertible
from cluster.api.schema_node import SchemaNode
from cluster.api.status import Cause
from cluster.api.strategic import strategic_merge_patch
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest

PatchType = Literal["json", "merge", "strategic", "apply"]
APPLY = "application/apply-patch+yaml"
PATCH_TYPES: dict[str, PatchType] = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    APPLY: "apply",
}
# Custom resources know no strategic merge.
_CUSTOM_PATCH_TYPES = {media: kind for media, kind in PATCH_TYPES.items() if kind != "strategic"}

# From the live object, None if there is none, to the one that an apply makes of it.
Applied = Callable[[Object | None], Object]

_SECRETS = ("", "secrets")
_OPERATION_FIELDS = frozenset({"op", "path", "from", "value"})


def patch_type(content_type: str, custom: bool = False) -> PatchType:
    """``custom``: of a custom resource. Raises StatusError 415."""
    media = content_type.partition(";")[0].strip().lower()
    known = _CUSTOM_PATCH_TYPES if custom else PATCH_TYPES
    if media not in known:
        raise status.unsupported_media_type(known)
    return known[media]


def verb(request: ApiRequest) -> str:
    """The request's verb, or ``apply`` for the patch that is server-side apply."""
    media = request.content_type.partition(";")[0].strip().lower()
    return (
        "apply" if request.verb == "patch" and PATCH_TYPES.get(media) == "apply" else request.verb
    )


@dataclass(frozen=True)
class Patch:
    """``revise``: from a live object to the patched one, which shares nothing with it.

    ``findings``: texts of what a strict decoder minds of the patch itself. ``shown``: what an error
    repeats, made of the patched object. ``decoded``: the patched object is JSON that is decoded; a
    strategic merge patch changes an object that has its type already.
    """

    revise: Callable[[Object], Object]
    findings: tuple[str, ...]
    shown: Callable[[Object], str]
    decoded: bool = True


def patcher(call: Call, schema: SchemaNode | None) -> Patch:
    """The body's patch, for all kinds but apply.

    Raises StatusError 400 or 415 here, and 422 from ``revise`` for a patch that does not fit.
    """
    kind = patch_type(call.request.content_type, call.kind.custom is not None)
    body = checked(call.request.body)
    patch = decode_json(body)
    duplicates = duplicate_paths(body, patch)
    twice = tuple(f'duplicate field "{path}"' for path in duplicates)
    match kind:
        case "json":
            found = (*_odd_fields(patch), *(f"json patch {text}" for text in twice))
            return Patch(lambda live: _json_patched(live, patch), found, _as_json)
        case "merge":
            return Patch(lambda live: merge_patch(live, patch), twice, _as_json)
        case "strategic":
            return Patch(
                lambda live: strategic_merge_patch(live, patch, schema),
                twice,
                lambda patched: as_go(patch),
                decoded=False,
            )
    raise AssertionError("apply is no patch of the live object alone")


def _json_patched(live: Object, patch: object) -> Object:
    """Clients are not told which operation did not apply, nor why. Raises StatusError 400, 422."""
    try:
        return json_patch(live, patch)
    except StatusError as error:
        if error.code != 422:
            raise
        raise status.status_error(422, "Invalid", REJECTED) from error


def conform(
    definitions: Definitions,
    call: Call,
    patch: Patch,
    live: Object,
    obj: Object,
    part: Subresource | None = None,
) -> None:
    """Hold what the patch has made of ``live`` to its schema, in place; warnings go to the call.

    A patch that leaves no decodable object is Invalid, with all of it as the value, where a body
    is a bad request. Raises StatusError 422.
    """
    mode = call.options.validation
    other = _other_version(call.kind, part, patch, obj)
    wrong = "" if other is not None else _check_type(call, part, patch, obj)
    if wrong:
        raise _undecodable(call, patch, live, wrong)
    try:
        found = bodies.findings(
            definitions, call, obj, part, "Ignore" if mode == "Ignore" else "Warn", kind=other
        )
    except StatusError as error:
        if not isinstance(error.__cause__, WrongType):
            raise
        wrong = str(error.__cause__) if patch.decoded else error.__cause__.converted
        raise _undecodable(call, patch, live, wrong) from error
    texts = [*patch.findings, *found]
    if texts and mode == "Strict":
        raise _undecodable(call, patch, live, f"strict decoding error: {', '.join(texts)}")
    if mode != "Ignore":
        call.warnings.extend(texts)
    if other is not None:
        turned = codec.turned(obj, other, call.kind)
        obj.clear()
        obj.update(turned)


def _other_version(kind: Kind, part: Subresource | None, patch: Patch, obj: Object) -> Kind | None:
    """The built-in kind that JSON says it is of, if objects of it are stored as those of ``kind``:
    it is then read as such, and what that version has no field for is lost."""
    given = obj.get("apiVersion")
    if not patch.decoded or not isinstance(given, str) or (part is not None and part.kind):
        return None
    if given == kind.api_version or (obj.get("kind") or kind.kind) != kind.kind:
        return None
    group, _, version = given.rpartition("/")
    other = by_kind(group, version, kind.kind)
    if other is None or storage_prefix(other) != storage_prefix(kind):
        return None
    obj["kind"] = kind.kind
    return other


def _check_type(call: Call, part: Subresource | None, patch: Patch, obj: Object) -> str:
    """Fill in kind and version; what is wrong with them, '' if nothing is.

    What a strategic merge patch says of them changes nothing. Raises StatusError 400, 422.
    """
    kind = call.kind
    wanted, version = bodies.type_of(kind, part)
    for field in ("kind", "apiVersion"):
        if not isinstance(obj.get(field), str | None):
            return _of_no_type(patch, field, obj[field])
    if kind.custom is not None and wanted == kind.kind:
        return _check_custom_type(call, patch, obj)
    found, given = obj.get("kind") or wanted, obj.get("apiVersion") or ""
    obj["kind"], obj["apiVersion"] = wanted, version
    if not patch.decoded or (found, given) == (wanted, version):
        return ""
    if not given:
        # It is decoded as no version's object, and has none of the fields that all objects have.
        obj.pop("metadata", None)
        return ""
    return _of_another_type(found, given, kind, wanted)


def _check_custom_type(call: Call, patch: Patch, obj: Object) -> str:
    """The same of a custom resource, which any type's JSON can be decoded as. Neither its kind nor
    its version can change, and those of a status are not looked at."""
    given = obj.get("apiVersion") or ""
    if not obj.get("kind"):
        return f"Object 'Kind' is missing in '{patch.shown(obj)}'"
    if given.count("/") > 1:
        return f"unexpected GroupVersion string: {given}"
    found = [] if call.request.subresource else bodies.of_another_type(call.kind, obj)
    if found:
        if not isinstance(obj.get("metadata"), dict):
            obj["metadata"] = {}
        bodies.check_named(call, obj)
        bodies.check_place(call, obj)
        given = obj["kind"]
        raise status.invalid_object(call.kind.group, given, call.request.name, found)
    obj["kind"], obj["apiVersion"] = call.kind.kind, call.kind.api_version
    return ""


def _of_no_type(patch: Patch, field: str, value: object) -> str:
    if not patch.decoded:
        return unconvertible("string", value)
    decoding = f"cannot unmarshal {json_type(value)} into Go struct field .{field} of type string"
    return f"couldn't get version/kind; json parse error: json: {decoding}"


def _of_another_type(found: str, given: str, kind: Kind, wanted: str) -> str:
    group, _, version = given.rpartition("/")
    if "/" in group:
        return f"unexpected GroupVersion string: {given}"
    if by_kind(group, version, found, unserved=True) is None:
        return f"no kind {status.quoted(found)} is registered for version {status.quoted(given)}"
    package = kind.group.partition(".")[0] or "core"
    return f"converting ({version}.{found}) to ({package}.{wanted}): unknown conversion"


def _undecodable(call: Call, patch: Patch, live: Object, why: str) -> StatusError:
    # Messages of refusals are in audit logs and traces, where no Secret may be.
    shown = "" if call.resource == _SECRETS else patch.shown(patch.revise(live))
    value = status.quoted(shown)
    cause = Cause("patch", "FieldValueInvalid", f"Invalid value: {value}: {why}")
    return status.invalid_object("", "", "", [cause])


def _odd_fields(patch: object) -> list[str]:
    operations = patch if isinstance(patch, list) else []
    return [
        f'json patch unknown field "[{index}].{name}"'
        for index, operation in enumerate(operations[: limits.JSON_PATCH_OPERATIONS_MAX])
        if isinstance(operation, dict)
        for name in operation
        if name not in _OPERATION_FIELDS
    ]


def _as_json(patched: Object) -> str:
    return orjson.dumps(patched, option=orjson.OPT_SORT_KEYS).decode()


def checked(body: bytes) -> bytes:
    """Raises StatusError 400 for an empty body, 413 for a large one."""
    if not body:
        raise status.bad_request("the request has no body")
    if len(body) > limits.BODY_BYTES_MAX:
        raise status.too_large()
    return body


def apply_configuration(call: Call, kind: Kind | None = None) -> tuple[Object, tuple[str, ...]]:
    """What is applied, and its duplicate keys as ``jsonio`` tells them; ``kind``: of the body, if
    it is not the resource's. Raises StatusError 400, 422."""
    kind = kind or call.kind
    body = checked(call.request.body)
    try:
        obj, duplicates = decode_object(body, APPLY)
    except StatusError as error:
        raise status.bad_request(f"error decoding YAML: {error}") from error
    given = obj.get("apiVersion")
    if given != kind.api_version:
        shown = given if isinstance(given, str) else ""
        raise status.bad_request(
            f"Incorrect version specified in apply patch. Specified patch version: {shown}, "
            f"expected: {kind.api_version}"
        )
    given = obj.get("kind")
    if given != kind.kind:
        raise status.bad_request(
            f"invalid object type: kind is {status.quoted(given or '')}, "
            f"the resource has {status.quoted(kind.kind)}"
        )
    return obj, duplicates


def strictly(call: Call, duplicates: tuple[str, ...], merged: Applied) -> Applied:
    """``merged``, which also tells of duplicate keys: after whatever else is wrong with what is
    applied. Raises StatusError 400 in mode Strict."""
    mode = call.options.validation
    if not duplicates or mode == "Ignore":
        return merged

    def told(live: Object | None) -> Object:
        obj = merged(live)
        if mode == "Strict":
            why = f"error converting YAML to JSON: {', '.join(duplicates)}"
            raise status.bad_request(f"error strict decoding YAML: {why}")
        call.warnings.extend(warnings_of([*duplicates]))
        return obj

    return told


def applier(
    call: Call,
    config: Object,
    schema: SchemaNode | None,
    now: float,
    scope: Scope,
    definitions: Definitions | None = None,
) -> Applied:
    """A function from the live object (or None) to the applied one. ``definitions``: it is held to
    its schema, for a configuration that has nulls, or what is empty. Raises StatusError 409."""
    manager, force, bare = call.options.manager, call.options.force, bare_object(call.kind)

    def applied(live: Object | None) -> Object:
        obj = server_side_apply(live, config, manager, force, schema, now, scope, bare)
        if call.kind.custom is not None:
            call.kind.custom.tidy(obj)
        elif definitions is not None:
            definitions.conform(call.kind, obj, "Ignore")
        return obj

    return applied
