"""Request bodies to objects: decoded, held to their schema, matched with the URL.

Job: everything that makes a body wrong before its meaning is looked at. Must not know: the store.
"""

import orjson

from actors.apiserver.call import Call
from actors.apiserver.protobuf import decoder
from cluster import limits
from cluster.api import status
from cluster.api.jsonio import decode_object, json_type
from cluster.api.kinds import Kind, Subresource
from cluster.api.schema import Definitions, Mode
from cluster.api.schema_conform import Blank
from cluster.api.status import Cause, quoted
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.table import validate_body
from cluster.errors import StatusError


def decode_body(definitions: Definitions, call: Call) -> Object:
    """The object of a create or update. Raises StatusError 400, 413, 415."""
    request = call.request
    if not request.body:
        raise status.bad_request("the request has no body")
    if len(request.body) > limits.BODY_BYTES_MAX:
        raise status.too_large()
    part = call.kind.subresources.get(request.subresource)
    if decoder.is_protobuf(request.content_type):
        raise _unknown(type_of(call.kind, part)[0], request.body)
    obj, duplicates = decode_object(request.body, request.content_type)
    check_type(call.kind, part, obj)
    conform(definitions, call, obj, part, duplicates)
    return obj


def conform(
    definitions: Definitions,
    call: Call,
    obj: Object,
    part: Subresource | None = None,
    duplicates: tuple[str, ...] = (),
    blanks: list[Blank] | None = None,
) -> None:
    """Hold the object to its schema as fieldValidation says; warnings go to the call. ``blanks``:
    as in ``schema_conform``.

    Raises StatusError 400.
    """
    mode = call.options.validation
    found = findings(definitions, call, obj, part, mode, duplicates, blanks=blanks)
    call.warnings.extend(found)


def findings(
    definitions: Definitions,
    call: Call,
    obj: Object,
    part: Subresource | None,
    mode: Mode,
    duplicates: tuple[str, ...] = (),
    kind: Kind | None = None,
    blanks: list[Blank] | None = None,
) -> list[str]:
    """Hold the object to its schema, in place. ``kind``: whose, if not the resource's. Gives the
    texts of warnings. Raises StatusError 400."""
    definition = part.definition if part is not None and part.kind else ""
    if part is not None and part.kind and not definition:
        return []
    found = definitions.conform(kind or call.kind, obj, mode, duplicates, definition, blanks)
    if not isinstance(obj.get("metadata"), dict):
        obj["metadata"] = {}
    return found


def check_rules(group: str, kind: str, name: str, obj: Object) -> None:
    """The rules for the body of a subresource. Raises StatusError 422 with the causes."""
    found = validate_body(group, kind, obj)
    if found:
        raise status.invalid_object(group, kind, name, found)


def check_place(call: Call, obj: Object) -> None:
    """Name and namespace agree with the URL, which fills them in. Raises StatusError 400."""
    metadata, request = obj["metadata"], call.request
    if call.kind.namespaced:
        given = metadata.get("namespace") or request.namespace
        if given != request.namespace:
            raise status.bad_request(
                "the namespace of the provided object does not match the namespace sent on the "
                "request"
            )
        metadata["namespace"] = request.namespace
    elif metadata.pop("namespace", ""):
        raise status.bad_request("namespace is not allowed on this type")
    if request.name:
        given = metadata.get("name") or request.name
        if given != request.name:
            raise status.bad_request(
                f"the name of the object ({given}) does not match the name on the URL "
                f"({request.name})"
            )
        metadata["name"] = request.name


def check_named(call: Call, obj: Object) -> None:
    """An object that is written over another must say its name. Raises StatusError 400."""
    if not obj["metadata"].get("name"):
        raise status.bad_request(
            f"the name of the object ({call.request.name} based on URL) was undeterminable: name "
            "must be provided"
        )


def type_of(kind: Kind, part: Subresource | None) -> tuple[str, str]:
    """Kind and apiVersion of what is read and written there."""
    if part is None or not part.kind:
        return kind.kind, kind.api_version
    return part.kind, f"{part.group}/{part.version}" if part.group else part.version


def of_another_type(kind: Kind, obj: Object) -> list[Cause]:
    """What the kind and the version of an object that can be decoded as any type's say wrongly."""
    wanted = {"kind": kind.kind, "apiVersion": kind.api_version}
    return [
        causes.invalid(field, obj.get(field) or "", f"must be {value}")
        for field, value in wanted.items()
        if (obj.get(field) or "") != value
    ]


def _unknown(wanted: str, body: bytes) -> StatusError:
    """For protobuf of what is no kind, or none that has such a form (as custom resources)."""
    try:
        version, kind = decoder.type_said(body)
    except decoder.ProtobufError as error:
        return status.bad_request(f"the body cannot be read: {error}")
    return status.bad_request(
        f"{kind or wanted} in version {quoted(version)} cannot be handled as a {wanted}: no kind "
        f"{quoted(kind)} is registered for version {quoted(version)}"
    )


def _text(obj: Object, field: str) -> str:
    value = obj.get(field)
    if value is None or isinstance(value, str):
        return value or ""
    raise status.bad_request(
        "couldn't get version/kind; json parse error: json: cannot unmarshal "
        f"{json_type(value)} into Go struct field .{field} of type string"
    )


def _check_custom_kind(kind: Kind, part: Subresource | None, obj: Object, given: str) -> None:
    """Raises StatusError 422; of a status only the version is looked at."""
    if part is not None or given in ("", kind.kind):
        return
    metadata = obj.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else ""
    # The version is a matter of its own, and told of first.
    if obj.get("apiVersion") in (None, "", kind.api_version):
        found = of_another_type(kind, {**obj, "apiVersion": kind.api_version})
        name = name if isinstance(name, str) else ""
        raise status.invalid_object(kind.group, given, name, found)


def check_type(kind: Kind, part: Subresource | None, obj: Object) -> None:
    """Kind and version are what the URL says, which fills them in. Raises StatusError 400; 422 for
    a custom resource of another kind."""
    wanted_kind, wanted_version = type_of(kind, part)
    given_kind, given_version = _text(obj, "kind"), _text(obj, "apiVersion")
    if kind.custom is not None and wanted_kind == kind.kind:
        if not given_kind:
            shown = orjson.dumps(obj).decode()
            raise status.bad_request(
                f"the object provided is unrecognized (must be of type {wanted_kind}): "
                f"Object 'Kind' is missing in '{shown}'"
            )
        _check_custom_kind(kind, part, obj, given_kind)
    elif given_kind and given_kind != wanted_kind:
        raise status.bad_request(
            f"{given_kind} in version {quoted(given_version)} cannot be handled as a {wanted_kind}"
        )
    if given_version and given_version != wanted_version:
        raise status.bad_request(
            f"the API version in the data ({given_version}) does not match the expected API "
            f"version ({wanted_version})"
        )
    obj["kind"], obj["apiVersion"] = wanted_kind, wanted_version
