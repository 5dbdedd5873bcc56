"""Answers of the HTTPS door that are no resources: documents, and what is written bit by bit.

Must not know: how they come about.
"""

from aiohttp import web

from actors.apiserver.documents import Document
from actors.apiserver.front_desk import Visit
from cluster.wire import traceparent

# What a request is called by, in the audit log and the trace: clients may choose it.
AUDIT_HEADER = "Audit-Id"
# No proxy, and no browser without asking again, keeps what is answered.
UNKEPT = ("Cache-Control", "no-cache, private")


def of_document(answer: Document, known: str = "") -> web.Response:
    """``known``: If-None-Match, the document that the client has already."""
    headers = {"Content-Type": answer.content_type}
    if answer.etag:
        headers |= {"ETag": answer.etag, "Vary": "Accept"}
        if answer.etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
            del headers["Content-Type"]
            return web.Response(status=304, headers=headers)
    return web.Response(body=answer.body, status=answer.code, headers=headers)


def streamed(content_type: str, visit: Visit) -> web.StreamResponse:
    """The beginning of an answer of no known length."""
    response = web.StreamResponse()
    response.headers[AUDIT_HEADER] = visit.audit_id
    response.headers[traceparent.HEADER] = visit.traceparent
    response.headers.update((UNKEPT, ("Content-Type", content_type)))
    response.enable_chunked_encoding()
    return response
