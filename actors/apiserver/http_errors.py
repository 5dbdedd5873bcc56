"""Failures as HTTP responses: a Status, but where no API is at all. Must not know: what failed."""

import orjson
from aiohttp import web

from actors.apiserver.store_client import RETRY_SECONDS, translate
from actors.apiserver.warning_headers import warning_headers
from cluster.api.status import status_object
from cluster.errors import SteersmanError

_REASONS = {400: "BadRequest", 408: "Timeout", 413: "RequestEntityTooLarge", 500: "InternalError"}
_NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}
# What clients may send again as it is: certainly nothing was done, or nothing can have been.
_RETRIABLE = (429, 503)


def response(error: SteersmanError) -> web.Response:
    """The error's Status, with Retry-After where clients may simply send it again."""
    readable = translate(error)
    if readable.text:
        return web.Response(text=readable.text, status=readable.code, headers=_NO_SNIFFING)
    headers = {"Content-Type": "application/json"}
    if readable.code in _RETRIABLE:
        details = readable.status.get("details") or {}
        headers["Retry-After"] = str(details.get("retryAfterSeconds") or RETRY_SECONDS)
    answer = web.Response(body=orjson.dumps(readable.status), status=readable.code, headers=headers)
    for value in warning_headers(readable.warnings):
        answer.headers.add("Warning", value)
    return answer


def plain(code: int) -> web.Response:
    """For what never became a request of ours (malformed HTTP), or failed by our own bug."""
    reason = _REASONS.get(code, "BadRequest" if code < 500 else "InternalError")
    message = "the request is malformed" if code < 500 else "an internal error occurred"
    body = orjson.dumps(status_object(code, reason, message))
    headers = {"Content-Type": "application/json"}
    answer = web.Response(body=body, status=code, headers=headers)
    answer.force_close()
    return answer
