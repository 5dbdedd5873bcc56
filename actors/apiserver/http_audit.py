"""Requests by HTTP in the audit log: where they came from, what was asked, how they ended.

Must not know: how requests are served, what events look like.
"""

from contextlib import suppress

from aiohttp import web

from actors.apiserver.audit_source import Source, addresses_of, agent_of
from actors.apiserver.call import Caller
from actors.apiserver.front_desk import FrontDesk, Visit
from actors.apiserver.http_requests import api_request_of
from actors.apiserver.rest_path import PlainPath, ResourcePath, parse_query
from actors.apiserver.slices import in_one, in_short
from actors.apiserver.streaming.connect import connect_request, is_stream
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest

JSON = "application/json"


class HttpAudit:
    """One per HTTPS door."""

    def __init__(self, desk: FrontDesk) -> None:
        self._log = desk.audit

    def begin(
        self, http: web.BaseRequest, visit: Visit, caller: Caller, asked: ApiRequest | None
    ) -> None:
        """``asked``: None for a path that is no resource. Again: only the body is new."""
        if self._log is None:
            return
        if visit.trail is None:
            visit.judged = True
            peer = http.transport.get_extra_info("peername") if http.transport is not None else None
            addresses = addresses_of(http.headers, str(peer[0]) if peer else "")
            source = Source(http.raw_path, addresses, agent_of(http.headers), visit.audit_id)
            verb = http.method.lower() if asked is None else asked.verb
            visit.trail = self._log.begin(caller, source, verb, asked)
        if visit.trail is not None and asked is not None:
            visit.trail.requested(asked)

    def refused(
        self,
        http: web.BaseRequest,
        visit: Visit,
        caller: Caller,
        path: PlainPath | ResourcePath,
        behind: str | None,
    ) -> None:
        """It is answered before anything else could begin it. ``behind``: what a proxy's path has
        behind ``/proxy``."""
        if self._log is None or visit.judged:
            return
        asked = None
        if isinstance(path, ResourcePath):
            with suppress(StatusError):  # a method that no verb stands for
                asked = _refused(http, path, behind)
        self.begin(http, visit, caller, asked)

    def finish(self, visit: Visit, response: web.StreamResponse) -> None:
        """It is answered."""
        if visit.trail is None:
            return
        if isinstance(response, web.Response):
            whole = visit.trail.reads_response(visit.code)
            visit.trail.response = in_one(response) if whole else in_short(response)
            visit.trail.sound = visit.ours and response.content_type == JSON and bool(response.body)
        visit.trail.finish(visit.code)

    def gone(self, visit: Visit) -> None:
        """Its client went away, or the server stops."""
        if visit.trail is not None:
            visit.trail.finish(0)


def _refused(http: web.BaseRequest, path: ResourcePath, behind: str | None) -> ApiRequest:
    """What was asked, as far as it can be read. Raises StatusError."""
    if behind is not None or is_stream(path):
        return connect_request(http.method, path, {})
    query = {}
    with suppress(StatusError):
        query = parse_query(http.raw_path.partition("?")[2])
    return api_request_of(http, path, query, b"")
