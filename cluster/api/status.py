"""Kubernetes Status objects: every failure that a client can read, by its maker.

Source: the API conventions ("Response Status Kind") and apimachinery's metav1.StatusReason values.
Must not know how a failure came about, nor HTTP beyond the code.
"""

from collections.abc import Iterable
from typing import NamedTuple

import orjson

from cluster.api.kinds import Kind
from cluster.api.types import Object
from cluster.errors import StatusError

# With these kubectl reads the details without asking whether there are any.
_DETAILED = ("Invalid", "MethodNotAllowed", "NotFound")


class Cause(NamedTuple):
    """One reason of a failure. ``field``: path as ``spec.ports[0].port``; ``reason``: as
    FieldValueInvalid; ``message``: without the field."""

    field: str
    reason: str
    message: str

    def text(self) -> str:
        """``spec.replicas: Invalid value: -1: must be ...``"""
        return f"{self.field}: {self.message}" if self.field else self.message


def quoted(value: object) -> str:
    """Text in double quotes, as all messages have it."""
    return orjson.dumps(str(value)).decode()


def resource_name(kind: Kind) -> str:
    """``deployments.apps``; ``pods`` for core."""
    return f"{kind.plural}.{kind.group}" if kind.group else kind.plural


def status_object(
    code: int,
    reason: str,
    message: str,
    *,
    kind: str = "",
    group: str = "",
    name: str = "",
    uid: str = "",
    causes: Iterable[Cause] = (),
    retry_after: int = 0,
) -> Object:
    """A Status. ``kind`` in the details is a plural resource name except for reason Invalid."""
    details: Object = {}
    if name:
        details["name"] = name
    if group:
        details["group"] = group
    if kind:
        details["kind"] = kind
    if uid:
        details["uid"] = uid
    listed: list[Object] = []
    for cause in causes:
        entry: Object = {"reason": cause.reason} if cause.reason else {}
        entry["message"] = cause.message
        if cause.field:
            entry["field"] = cause.field
        listed.append(entry)
    if listed:
        details["causes"] = listed
    if retry_after:
        details["retryAfterSeconds"] = retry_after
    status: Object = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure" if code >= 400 else "Success",
    }
    if message:
        status["message"] = message
    if reason:
        status["reason"] = reason
    if details or reason in _DETAILED:
        status["details"] = details
    status["code"] = code
    return status


def status_error(
    code: int,
    reason: str,
    message: str,
    *,
    kind: str = "",
    group: str = "",
    name: str = "",
    causes: Iterable[Cause] = (),
    retry_after: int = 0,
) -> StatusError:
    """An error carrying such a Status; to be raised."""
    status = status_object(
        code,
        reason,
        message,
        kind=kind,
        group=group,
        name=name,
        causes=causes,
        retry_after=retry_after,
    )
    return StatusError(status)


def success(kind: Kind, name: str, uid: str = "") -> Object:
    """The Status a delete answers with, when it does not answer with the object."""
    found = status_object(200, "", "", kind=kind.plural, group=kind.group, name=name, uid=uid)
    del found["code"]
    return found


def not_found(kind: Kind, name: str) -> StatusError:
    """404 for an object."""
    message = f'{resource_name(kind)} "{name}" not found'
    return status_error(404, "NotFound", message, kind=kind.plural, group=kind.group, name=name)


def resource_not_found() -> StatusError:
    """404 for a path that no resource is served at."""
    return status_error(404, "NotFound", "the server could not find the requested resource")


def page_not_found() -> StatusError:
    """404 for a path that nobody has anything to do with: not even a group is served there."""
    found = resource_not_found()
    found.text = "404 page not found\n"
    return found


def already_exists(kind: Kind, name: str, going: bool = False) -> StatusError:
    """409 on create. ``going``: what is there is being deleted."""
    message = f'{resource_name(kind)} "{name}" already exists'
    if going:
        message = f"object is being deleted: {message}"
    return status_error(
        409, "AlreadyExists", message, kind=kind.plural, group=kind.group, name=name
    )


def conflict(
    kind: Kind,
    name: str,
    why: str = "the object has been modified; please apply your changes to the latest version "
    "and try again",
    causes: Iterable[Cause] = (),
) -> StatusError:
    """409 on update: a stale resourceVersion, a precondition, or another field manager."""
    return conflict_name(kind.plural, kind.group, name, why, causes)


def conflict_name(
    resource: str, group: str, name: str, why: str, causes: Iterable[Cause] = ()
) -> StatusError:
    """409 about what Kubernetes does not call by the resource's name."""
    subject = f"{resource}.{group}" if group else resource
    message = f'Operation cannot be fulfilled on {subject} "{name}": {why}'
    return status_error(
        409, "Conflict", message, kind=resource, group=group, name=name, causes=causes
    )


def invalid(kind: Kind, name: str, causes: Iterable[Cause]) -> StatusError:
    """422: the object says something that cannot be. At least one cause."""
    return invalid_object(kind.group, kind.kind, name, causes)


def invalid_object(group: str, kind: str, name: str, causes: Iterable[Cause]) -> StatusError:
    """422 for a kind that is no resource of its own (as Scale, Eviction)."""
    listed = list(causes)
    texts = [cause.text() for cause in listed]
    shown = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    subject = f"{kind}.{group}" if group else kind
    message = (
        f'{subject} "{name}" is invalid: {shown}' if texts else f'{subject} "{name}" is invalid'
    )
    return status_error(422, "Invalid", message, kind=kind, group=group, name=name, causes=listed)


def bad_request(message: str, causes: Iterable[Cause] = ()) -> StatusError:
    """400: the request cannot be understood."""
    return status_error(400, "BadRequest", message, causes=causes)


def forbidden(kind: Kind | None, name: str, why: str) -> StatusError:
    """403. ``why`` as ``User "eve" cannot get resource "pods" in API group "" ...``."""
    if kind is None:
        return status_error(403, "Forbidden", f"forbidden: {why}")
    return forbidden_name(kind.plural, kind.group, name, why)


def forbidden_name(resource: str, group: str, name: str, why: str) -> StatusError:
    """403 about what need not be a resource of ours (as the users that RBAC speaks of)."""
    subject = f"{resource}.{group}" if group else resource
    shown = f' "{name}"' if name else ""
    message = f"{subject}{shown} is forbidden: {why}"
    return status_error(403, "Forbidden", message, kind=resource, group=group, name=name)


def unauthorized(message: str = "Unauthorized") -> StatusError:
    """401: no one we know."""
    return status_error(401, "Unauthorized", message)


def method_not_allowed(kind: Kind | None, verb: str) -> StatusError:
    """405: the resource does not have the verb."""
    subject = resource_name(kind) if kind else "the resource"
    message = f'{verb} is not supported on resources of kind "{subject}"'
    return status_error(
        405,
        "MethodNotAllowed",
        message,
        kind=kind.plural if kind else "",
        group=kind.group if kind else "",
    )


def no_such_method() -> StatusError:
    """405: the path does not take the method."""
    return status_error(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
    )


def gone(message: str) -> StatusError:
    """410: what was asked for is no longer kept, and never will be."""
    return status_error(410, "Gone", message)


def expired(message: str = "The resourceVersion for the provided watch is too old.") -> StatusError:
    """410: the revision is no longer kept; list again."""
    return status_error(410, "Expired", message)


def too_large(message: str = "Request entity too large: limit is 3145728") -> StatusError:
    """413."""
    return status_error(413, "RequestEntityTooLarge", message)


def revision_too_large(which: str) -> StatusError:
    """504: the revision asked for lies in the future; clients read this cause and retry.

    ``which``: ``9, current: 5``.
    """
    cause = Cause("", "ResourceVersionTooLarge", "Too large resource version")
    message = f"Timeout: Too large resource version: {which}"
    return status_error(504, "Timeout", message, causes=[cause], retry_after=1)


def unsupported_media_type(accepted: Iterable[str]) -> StatusError:
    """415: a body of a type the server does not read."""
    message = (
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(accepted)
    )
    return status_error(415, "UnsupportedMediaType", message)


def not_acceptable(accepted: Iterable[str]) -> StatusError:
    """406: the server cannot answer in any type the client takes."""
    message = "only the following media types are accepted: " + ", ".join(accepted)
    return status_error(406, "NotAcceptable", message)


def too_many_requests(
    message: str, retry_after: int = 1, causes: Iterable[Cause] = ()
) -> StatusError:
    """429: come back after ``retry_after`` seconds."""
    return status_error(429, "TooManyRequests", message, causes=causes, retry_after=retry_after)


def service_unavailable(message: str, retry_after: int = 1) -> StatusError:
    """503: not now."""
    return status_error(503, "ServiceUnavailable", message, retry_after=retry_after)


def timeout(message: str, retry_after: int = 0) -> StatusError:
    """504: the request took too long; a write may have happened."""
    return status_error(504, "Timeout", f"Timeout: {message}", retry_after=retry_after)


def internal_error(message: str) -> StatusError:
    """500: our fault."""
    told = f"Internal error occurred: {message}"
    return status_error(500, "InternalError", told, causes=[Cause("", "", message)])
