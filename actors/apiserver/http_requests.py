"""What is read of an HTTP request: its headers' text, its body in bounds, the ApiRequest it is.

Job: refuse what cannot be read, before anything else looks at it. Must not know: answers, kinds.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import orjson
from aiohttp import HttpVersion11, web
from multidict import CIMultiDictProxy

from actors.apiserver.authorization import asked_of, path_verb
from actors.apiserver.bodies import type_of
from actors.apiserver.protobuf import decoder
from actors.apiserver.rest_path import PlainPath, ResourcePath, api_request
from cluster import limits
from cluster.api import status
from cluster.api.kinds import by_resource
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from cluster.security.rbac import Attributes

# Slow senders: time for a body.
BODY_SECONDS = 60.0


def check_text(headers: CIMultiDictProxy[str]) -> None:
    """Raises StatusError 400 for a header that is not UTF-8: no message or record could hold it."""
    for name, value in headers.items():
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError as error:
                raise status.bad_request(f"the header {name} is not valid UTF-8") from error


async def read_body(request: web.BaseRequest) -> bytes:
    """Raises StatusError 413 before more than the bound is held, 415 for compressed bodies, 408 for
    a slow one, 417 for an expectation other than 100-continue."""
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding.lower() not in ("identity", ""):
        raise status.unsupported_media_type(("identity",))
    if not request.body_exists:
        return b""
    if (request.content_length or 0) > limits.BODY_BYTES_MAX:
        raise status.too_large()
    await go_on(request)
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for piece in request.content.iter_any():
                size += len(piece)
                if size > limits.BODY_BYTES_MAX:
                    raise status.too_large()
                pieces.append(piece)
    except TimeoutError as error:
        raise status.status_error(408, "Timeout", "the body did not come in time") from error
    return b"".join(pieces)


async def go_on(request: web.BaseRequest) -> None:
    """Tell a client that waits for it to send its body (RFC 9110 section 10.1.1). Raises
    StatusError 417."""
    expected = request.headers.get("Expect")
    if expected is None or request.version < HttpVersion11:
        return
    if expected.lower() != "100-continue":
        raise status.status_error(417, "BadRequest", "the only expectation met is 100-continue")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0


def api_request_of(
    request: web.BaseRequest, path: ResourcePath, query: dict[str, str], body: bytes
) -> ApiRequest:
    """The request of the message door that this one is. Raises StatusError 400, 404, 405."""
    agent = request.headers.get("User-Agent", "").partition("/")[0]
    if agent.isprintable() and agent and request.method != "GET" and "fieldManager" not in query:
        # Without a name of its own the client's program is the field manager.
        query = {**query, "userAgent": agent[:128]}
    content_type = request.headers.get("Content-Type", "application/json")
    if body and decoder.is_protobuf(content_type):
        with suppress(decoder.UnknownMessage):  # it is told of when it is known what is wanted
            body, content_type = json_of(body, _expected(request.method, path)), "application/json"
    return api_request(
        request.method,
        path,
        query,
        body=body,
        content_type=content_type,
        accept=",".join(request.headers.getall("Accept", [])),
    )


def attributes_asked(
    method: str, path: PlainPath | ResourcePath, query: Mapping[str, str]
) -> Attributes:
    """What rules see of a request before it is read: the verb is '' for a method that the path does
    not take, which is told later."""
    if isinstance(path, PlainPath):
        return Attributes(path_verb(method), path=path.path)
    try:
        return asked_of(api_request(method, path, dict(query)))
    except StatusError:
        return Attributes(
            "", path.group, path.resource, path.subresource, path.namespace, path.name
        )


def _expected(method: str, path: ResourcePath) -> tuple[str, str]:
    """apiVersion and kind of what is sent there, ('', '') if that is no built-in kind."""
    if method == "DELETE":
        return "v1", "DeleteOptions"
    kind = by_resource(path.group, path.version, path.resource)
    if kind is None:
        return "", ""
    name, version = type_of(kind, kind.subresources.get(path.subresource))
    return version, name


def json_of(body: bytes, expected: tuple[str, str] = ("", "")) -> bytes:
    """A protobuf body as JSON. Raises StatusError 400, UnknownMessage."""
    try:
        return orjson.dumps(decoder.decode(body, expected))
    except decoder.UnknownMessage:
        raise
    except decoder.ProtobufError as error:
        raise status.bad_request(f"the body cannot be read: {error}") from error
