"""From an HTTP method, path and query to an ApiRequest.

Job: the URL grammar of the Kubernetes API (docs: "Kubernetes API concepts", resource URIs).
Must not know: sockets, which kinds exist.
"""

from collections.abc import Sequence
from urllib.parse import parse_qsl, unquote_to_bytes, urlencode

import msgspec

from cluster.api import status
from cluster.messages.apiserver import ApiRequest, Verb

PATH_CHARACTERS_MAX = 4096
QUERY_CHARACTERS_MAX = 64 * 1024
QUERY_FIELDS_MAX = 64

# What no segment may be.
_ODD_SEGMENTS = frozenset(("", ".", ".."))
# Subresources of a namespace itself; any other third segment is a resource inside it.
NAMESPACE_SUBRESOURCES = ("status", "finalize")


class PlainPath(msgspec.Struct, frozen=True):
    """A path that names no resource: /version, /healthz, discovery, /openapi."""

    path: str


class ResourcePath(msgspec.Struct, frozen=True):
    """A path below /api/v1 or /apis/<group>/<version>. ``rest``: what follows a subresource;
    ``watched``: the older form of a watch, with ``watch/`` before the resource."""

    group: str
    version: str
    namespace: str
    resource: str
    name: str = ""
    subresource: str = ""
    rest: str = ""
    watched: bool = False


def parse_path(raw: str) -> PlainPath | ResourcePath:
    """``raw`` is the percent-encoded path without query. Raises StatusError 400 or 404."""
    if len(raw) > PATH_CHARACTERS_MAX:
        raise status.bad_request("the path is too long")
    if not raw.startswith("/"):
        raise status.bad_request("the path must start with /")
    segments = raw[1:].split("/")
    if "%" in raw or not raw.isascii() or not raw.isprintable():
        segments = [_segment(piece) for piece in segments]
    if segments[-1] == "":
        segments.pop()  # one trailing slash is harmless
    if not _ODD_SEGMENTS.isdisjoint(segments):
        raise status.resource_not_found()
    root, depth = segments[0] if segments else "", len(segments)
    if root == "api" and depth > 2:
        return _resource("", segments[1], segments[2:])
    if root == "apis" and depth > 3:
        return _resource(segments[1], segments[2], segments[3:])
    return PlainPath("/" + "/".join(segments))


def parse_query(raw: str) -> dict[str, str]:
    """Decode a query string; of a repeated name the first value counts. Raises StatusError 400."""
    if not raw:
        return {}
    if len(raw) > QUERY_CHARACTERS_MAX:
        raise status.bad_request("the query is too long")
    if "%" not in raw and "+" not in raw and raw.isascii():
        return _plain_query(raw)
    try:
        pairs = parse_qsl(
            raw, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX, errors="strict"
        )
    except ValueError as error:
        raise status.bad_request("the query is malformed") from error
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _plain_query(raw: str) -> dict[str, str]:
    """One in which nothing is encoded. Raises StatusError 400."""
    pieces = raw.split("&")
    if len(pieces) > QUERY_FIELDS_MAX:
        raise status.bad_request("the query is malformed")
    found: dict[str, str] = {}
    for piece in pieces:
        if piece:
            name, _, value = piece.partition("=")
            found.setdefault(name, value)
    return found


def api_request(
    method: str,
    path: ResourcePath,
    query: dict[str, str],
    *,
    body: bytes = b"",
    content_type: str = "application/json",
    accept: str = "application/json",
) -> ApiRequest:
    """The request both doors understand. Raises StatusError 405."""
    verb = verb_of(method, path, query)
    if path.watched and path.name:
        chosen = ",".join(filter(None, (f"metadata.name={path.name}", query.get("fieldSelector"))))
        query, path = query | {"fieldSelector": chosen}, msgspec.structs.replace(path, name="")
    return ApiRequest(
        verb=verb,
        resource=path.resource,
        group=path.group,
        version=path.version,
        namespace=path.namespace,
        name=path.name,
        subresource=path.subresource,
        query=query,
        body=body,
        content_type=content_type,
        accept=accept,
    )


def verb_of(method: str, path: ResourcePath, query: dict[str, str]) -> Verb:
    """Raises StatusError 405 for a method that the path does not take."""
    match method:
        case "GET" | "HEAD" if path.watched:
            return "watch"
        case _ if path.watched:
            pass
        case "GET" | "HEAD":
            if path.name:
                return "get"
            return "watch" if query.get("watch") in ("1", "true", "True", "") else "list"
        case "POST" if not path.name or path.subresource:
            return "create"
        case "PUT" if path.name:
            return "update"
        case "PATCH" if path.name:
            return "patch"
        case "DELETE":
            return "delete" if path.name else "deletecollection"
    raise status.no_such_method()


def _segment(piece: str) -> str:
    try:
        text = unquote_to_bytes(piece).decode()
    except UnicodeDecodeError as error:
        raise status.bad_request("the path is not valid UTF-8") from error
    if "/" in text or "\x00" in text or not text.isprintable():
        raise status.bad_request("the path holds a forbidden character")
    return text


def _resource(group: str, version: str, rest: Sequence[str]) -> ResourcePath:
    """``rest``: the segments after the version."""
    if rest[0] == "watch" and len(rest) > 1:
        path = _unwatched(group, version, rest[1:])
        if path.subresource:
            raise status.resource_not_found()
        return msgspec.structs.replace(path, watched=True)
    return _unwatched(group, version, rest)


def _unwatched(group: str, version: str, rest: Sequence[str]) -> ResourcePath:
    if rest[0] == "namespaces" and len(rest) > 1:
        if len(rest) == 2 or rest[2] in NAMESPACE_SUBRESOURCES:
            if len(rest) > 3:
                raise status.resource_not_found()
            subresource = rest[2] if len(rest) == 3 else ""
            return ResourcePath(group, version, "", "namespaces", rest[1], subresource)
        return _named(group, version, rest[1], rest[2:])
    return _named(group, version, "", rest)


def _named(group: str, version: str, namespace: str, rest: Sequence[str]) -> ResourcePath:
    depth = len(rest)
    return ResourcePath(
        group,
        version,
        namespace,
        rest[0],
        rest[1] if depth > 1 else "",
        rest[2] if depth > 2 else "",
        "/".join(rest[3:]) if depth > 3 else "",
    )


def uri_of(request: ApiRequest) -> str:
    """The path, with its query, that HTTP would have for a request of the message door."""
    base = (
        f"/apis/{request.group}/{request.version}" if request.group else f"/api/{request.version}"
    )
    pieces = [base]
    if request.namespace:
        pieces.append(f"namespaces/{request.namespace}")
    pieces += [piece for piece in (request.resource, request.name, request.subresource) if piece]
    query = urlencode(request.query)
    return "/".join(pieces) + (f"?{query}" if query else "")
