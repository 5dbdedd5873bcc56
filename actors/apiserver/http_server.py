"""The HTTPS door: TLS, requests to ApiRequests, answers and watches to bytes on the wire.

Job: everything HTTP. Must not know: kinds, the store. aiohttp's low-level server is used: no
router, no middleware, one handler. Never logs bodies or credentials.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Any

from aiohttp import web

from actors.apiserver import http_errors, watch_socket
from actors.apiserver.aggregation.door import AggregatedDoor
from actors.apiserver.audit_source import audit_id
from actors.apiserver.authority import Authority
from actors.apiserver.call import Caller
from actors.apiserver.compression import Compression
from actors.apiserver.front_desk import FrontDesk, Visit
from actors.apiserver.http_answers import AUDIT_HEADER, UNKEPT, of_document, streamed
from actors.apiserver.http_audit import HttpAudit
from actors.apiserver.http_connections import (
    LIMITS,
    StatusHandler,
    StatusServer,
    certified_by,
    tls_context,
)
from actors.apiserver.http_requests import (
    api_request_of,
    attributes_asked,
    check_text,
    read_body,
)
from actors.apiserver.negotiation import OBJECT
from actors.apiserver.operations import PATHS, SNAPSHOT
from actors.apiserver.rendering import plain_lines, render_event
from actors.apiserver.request_chain import WatchPlan
from actors.apiserver.rest_path import PlainPath, ResourcePath, parse_path, parse_query
from actors.apiserver.serialization import serialized
from actors.apiserver.shared_socket import BACKLOG, SharedSocket
from actors.apiserver.shared_watch import View
from actors.apiserver.slices import Slices, body_of, in_slices, size_of
from actors.apiserver.streaming.connect import connect_request, is_stream, split_proxy
from actors.apiserver.streaming.door import StreamDoor, is_websocket
from actors.apiserver.streaming.proxy_door import ProxyDoor
from actors.apiserver.ui.door import UiDoor, is_page
from actors.apiserver.ui.entry import Entry
from actors.apiserver.warning_headers import warning_headers
from actors.kit import tracing
from actors.kit.together import until_first
from cluster import names
from cluster.api import status
from cluster.api.types import Object
from cluster.errors import StatusError, SteersmanError
from cluster.messages.apiserver import ApiRequest
from cluster.security.rbac import Attributes
from cluster.wire import traceparent

# Requests served at once by one replica; above it the answer is 429 (kube-apiserver: 400 + 200).
REQUESTS_MAX = 1000
# Told of every request, as clients and people use them to see what limits them.
FLOW_HEADER = "X-Kubernetes-PF-FlowSchema-UID"
LEVEL_HEADER = "X-Kubernetes-PF-PriorityLevel-UID"
# How long requests under way may take when the server stops.
DRAIN_SECONDS = 2.0


class HttpServer:
    """Listens on ``addresses`` ("host:port") once started, and at ``shared``, together with other
    replicas, once it may be asked in their place. ``entry``: to the live page."""

    def __init__(
        self,
        desk: FrontDesk,
        authority: Authority,
        addresses: tuple[str, ...],
        shared: SharedSocket | None,
        entry: Entry | None = None,
    ) -> None:
        self._desk = desk
        self._addresses = addresses
        self._shared = shared
        self._shares = False
        self._tls = tls_context(authority)
        self._audit = HttpAudit(desk)
        self._streams = StreamDoor(desk)
        self._proxy = ProxyDoor(desk)
        self._aggregated = AggregatedDoor(desk, desk.remotes)
        self._compression = Compression()
        self._ui = None
        if entry is not None:
            self._ui = UiDoor(desk, entry, self._serve_known, self._audit_page)
        self._watches: set[asyncio.Task[Any]] = set()
        self._serving = 0
        server = StatusServer(self._handle, handler_cancellation=True, access_log=None, **LIMITS)
        self._runner = web.ServerRunner(server, shutdown_timeout=DRAIN_SECONDS)

    async def start(self) -> None:
        """Listen. Raises OSError if an address is taken."""
        await self._runner.setup()
        for address in self._addresses:
            await self._listen(address)

    async def share(self) -> None:
        """Listen on the shared address too (again: no effect). Raises OSError if it is taken."""
        shared = self._shared
        if shared is None or self._shares or shared.address in self._addresses:
            return
        self._shares = True
        queue = await shared.open()
        await web.SockSite(self._runner, queue, ssl_context=self._tls, backlog=BACKLOG).start()

    async def stop(self) -> None:
        """Take no more connections, end watches, let short requests finish."""
        if self._shared is not None:
            self._shared.close()
        for site in list(self._runner.sites):
            await site.stop()
        for task in list(self._watches):
            task.cancel()
        await self._runner.cleanup()

    async def _listen(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        site = web.TCPSite(
            self._runner,
            host.strip("[]"),
            int(port),
            ssl_context=self._tls,
            reuse_address=True,
        )
        await site.start()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if isinstance(request.protocol, StatusHandler):
            request.protocol.first_request_seen()
        if self._serving >= REQUESTS_MAX:
            return http_errors.response(status.too_many_requests("too many requests"))
        self._serving += 1
        visit: Visit | None = None
        try:
            parent = traceparent.parse(request.headers.getall(traceparent.HEADER, []))
            entropy = self._desk.environment.entropy
            with tracing.root_trace(entropy, parent.trace if parent else "") as context:
                visit = Visit(request.method, self._desk.environment.clock.monotonic())
                visit.audit_id = audit_id(request.headers.get(AUDIT_HEADER, ""), entropy)
                visit.parent = parent.span if parent else ""
                visit.traceparent = traceparent.render(context)
                return await self._noted(request, visit)
        finally:
            self._serving -= 1
            if visit is not None and visit.seat is not None:
                visit.seat.leave()

    async def _noted(self, request: web.BaseRequest, visit: Visit) -> web.StreamResponse:
        """Serve it, and leave a record of it: the root of all that follows from it."""
        try:
            response = await self._serve(request, visit)
        except asyncio.CancelledError:
            self._audit.gone(visit)
            raise
        except SteersmanError as error:
            response = http_errors.response(error)
            visit.ours = True
        visit.code = response.status
        if not response.prepared:
            response.headers.setdefault(AUDIT_HEADER, visit.audit_id)
            response.headers.setdefault(*UNKEPT)
            response.headers[traceparent.HEADER] = visit.traceparent
        if visit.flow is not None and not response.prepared:
            response.headers[FLOW_HEADER] = visit.flow.schema_uid
            response.headers[LEVEL_HEADER] = visit.flow.level.uid
        self._audit.finish(visit, response)
        if isinstance(response, web.Response) and not response.prepared:
            if visit.ours:
                response = await serialized(request, response)
            accepted = request.headers.get("Accept-Encoding", "")
            response = in_slices(await self._compression.applied(response, accepted))
        self._desk.observe(visit, size_of(response))
        if visit.path:
            self._desk.record(visit)
        if visit.seat is not None and not response.prepared:
            # A client that went away is found out by the server itself.
            with suppress(ConnectionError):
                await response.prepare(request)
                await response.write_eof()
        return response

    async def _serve(self, request: web.BaseRequest, visit: Visit) -> web.StreamResponse:
        check_text(request.headers)
        if self._ui is not None and is_page(request.raw_path):
            return await self._page(self._ui, request, visit)
        raw_path = request.raw_path.partition("?")[0]
        ours, behind = split_proxy(raw_path)
        path = parse_path(ours)
        plain = path.path if isinstance(path, PlainPath) else ""
        # What is behind a proxy is another's, and may be a secret.
        visit.path = "" if plain else ours
        caller = Caller("")
        try:
            where = plain or raw_path
            caller = await self._desk.authenticated(certified_by(request), request.headers, where)
            caller = await self._desk.acting(
                caller, request.headers, lambda: _asked(request, path, behind)
            )
        except StatusError:
            # Who comes with false credentials, or as somebody else, is what an audit is about.
            self._audit.refused(request, visit, caller, path, behind)
            raise
        visit.user = caller.user
        try:
            return await self._serve_path(request, visit, caller, path, behind)
        except StatusError:
            self._audit.refused(request, visit, caller, path, behind)
            raise

    async def _serve_known(
        self, request: web.BaseRequest, visit: Visit, caller: Caller
    ) -> web.StreamResponse:
        """A request whose caller is known."""
        ours, behind = split_proxy(request.raw_path.partition("?")[0])
        return await self._serve_path(request, visit, caller, parse_path(ours), behind)

    async def _serve_path(
        self,
        request: web.BaseRequest,
        visit: Visit,
        caller: Caller,
        path: PlainPath | ResourcePath,
        behind: str | None,
    ) -> web.StreamResponse:
        """``behind``: a proxy's path, what is behind ``/proxy``."""
        raw_query = request.raw_path.partition("?")[2]
        if isinstance(path, ResourcePath) and (behind is not None or is_stream(path)):
            visit.asked = connect_request(request.method, path, {})
            self._audit.begin(request, visit, caller, visit.asked)
            return await self._stream(request, path, behind, raw_query, caller, visit)
        elsewhere = self._aggregated.service(path)
        if elsewhere is not None:
            return await self._delegate(request, elsewhere, path, raw_query, caller, visit)
        query = parse_query(raw_query)
        if isinstance(path, PlainPath):
            self._audit.begin(request, visit, caller, None)
            if path.path in PATHS:
                return await self._operation(request, path.path, caller, visit)
            visit.flow = self._desk.plain_flow(caller, request.method, path.path)
            async with self._desk.flow_control.seat(visit.flow):
                found = await self._desk.plain(
                    request.method, path.path, query, request.headers, caller, visit.told
                )
            visit.ours = True
            return of_document(found, request.headers.get("If-None-Match", ""))
        if names.GROUP_UNAUTHENTICATED in caller.groups:
            # Nobody keeps us busy with bodies by saying nothing of who they are.
            early = visit.asked = api_request_of(request, path, query, b"")
            self._audit.begin(request, visit, caller, early)
            await self._desk.chain.check(early, caller, visit.told)
        asked = api_request_of(request, path, query, await read_body(request))
        visit.asked = asked
        self._audit.begin(request, visit, caller, asked)
        with self._desk.contained(asked):
            return await self._resource(request, asked, caller, visit)

    async def _page(
        self, door: UiDoor, request: web.BaseRequest, visit: Visit
    ) -> web.StreamResponse:
        """The live page: nothing of it need be finished when the server stops."""
        task = asyncio.current_task()
        assert task is not None
        self._watches.add(task)
        try:
            with self._desk.contained(None):
                return await door.serve(request, visit)
        finally:
            self._watches.discard(task)

    def _audit_page(self, http: web.BaseRequest, visit: Visit, caller: Caller) -> None:
        self._audit.begin(http, visit, caller, None)

    async def _stream(
        self,
        http: web.BaseRequest,
        path: ResourcePath,
        behind: str | None,
        raw_query: str,
        caller: Caller,
        visit: Visit,
    ) -> web.StreamResponse:
        """``behind``: a proxy's path, what is behind ``/proxy``; None: exec and its like."""
        task = asyncio.current_task()
        asked = visit.asked
        assert task is not None and asked is not None
        self._watches.add(task)
        try:
            with self._desk.contained(asked), self._desk.metrics.lasting(asked):
                if behind is not None:
                    return await self._proxy.serve(http, path, behind, raw_query, caller, visit)
                return await self._streams.serve(http, path, raw_query, caller, visit)
        finally:
            self._watches.discard(task)

    async def _delegate(
        self,
        http: web.BaseRequest,
        api_service: Object,
        path: ResourcePath | PlainPath,
        raw_query: str,
        caller: Caller,
        visit: Visit,
    ) -> web.StreamResponse:
        """What another API server answers."""
        asked = self._aggregated.asked(http, path, raw_query)
        visit.asked = asked.request
        self._audit.begin(http, visit, caller, asked.request)
        task = asyncio.current_task()
        assert task is not None
        if asked.long:
            self._watches.add(task)
        try:
            with self._desk.contained(asked.request):
                return await self._aggregated.serve(http, api_service, asked, caller, visit)
        finally:
            self._watches.discard(task)

    async def _resource(
        self, http: web.BaseRequest, request: ApiRequest, caller: Caller, visit: Visit
    ) -> web.StreamResponse:
        chain = self._desk.chain
        visit.flow = self._desk.flow(caller, request)
        seat = await self._desk.seat(request, visit.flow)
        # What is long keeps its seat until it has begun: a watch until it has told what exists.
        if request.verb == "watch":
            async with seat:
                plan = await chain.open_watch(self._desk.timed(request), caller, visit.told)
                plan.stream.begun = seat.leave
                visit.started(101 if is_websocket(http) else 200)
                visit.seat = seat.keep()
            with self._desk.metrics.lasting(request):
                return await self._watch(http, plan, visit)
        if request.subresource == "log" and request.verb == "get":
            async with seat:
                pieces = await chain.open_log(request, caller, visit.told)
            visit.started()
            with self._desk.metrics.lasting(request):
                return await self._log(http, pieces, visit)
        async with seat:
            with self._desk.metrics.under_way(request):
                answer = await chain.answer(request, caller, visit.told)
            body = body_of(answer)
            if isinstance(body, Slices):
                # It takes as many turns to send as to make.
                visit.seat = seat.keep()
        visit.ours = True
        response = web.Response(body=body, status=answer.code)
        response.headers["Content-Type"] = answer.content_type
        for value in warning_headers(answer.warnings):
            response.headers.add("Warning", value)
        return response

    async def _watch(
        self, http: web.BaseRequest, plan: WatchPlan, visit: Visit
    ) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None
        self._watches.add(task)
        try:
            if is_websocket(http):
                return await self._watch_by_socket(http, plan)
            response = streamed("application/json", visit)
            for value in warning_headers(plan.warnings):
                response.headers.add("Warning", value)
            await response.prepare(http)
            # A client that went away is no failure: there is nobody left to tell.
            with suppress(ConnectionError):
                await self._tell(plan, response.write)
                await response.write_eof()
        finally:
            self._watches.discard(task)
        return response

    async def _watch_by_socket(self, http: web.BaseRequest, plan: WatchPlan) -> web.StreamResponse:
        socket = await watch_socket.open_socket(http)
        try:
            with suppress(ConnectionError):
                tells = self._tell(plan, watch_socket.teller(socket))
                await until_first(tells, watch_socket.until_closed(socket))
        finally:
            await socket.close()
        return socket

    async def _tell(self, plan: WatchPlan, write: Callable[[bytes], Awaitable[None]]) -> None:
        first = True
        async with aclosing(plan.batches()) as batches:
            async for view in batches:
                if plan.form == OBJECT:
                    # The same bytes for all who see the same.
                    view.lines = view.lines or plain_lines(view.batch.events)
                    await write(view.lines)
                else:
                    await write(self._lines(plan, view, first))
                first = False

    def _lines(self, plan: WatchPlan, view: View, first: bool) -> bytes:
        now = self._desk.environment.clock.now()
        lines = []
        for event in view.batch.events:
            lines.append(render_event(plan.form, plan.kind, event, now, plan.include, first))
            first = False
        return b"".join(lines)

    async def _log(
        self, http: web.BaseRequest, pieces: AsyncGenerator[bytes, None], visit: Visit
    ) -> web.StreamResponse:
        async with aclosing(pieces):
            # The first piece decides whether this is an answer or an error.
            first = await anext(pieces, None)
            response = streamed("text/plain", visit)
            await response.prepare(http)
            with suppress(ConnectionError, StatusError):
                if first is not None:
                    await response.write(first)
                    async for piece in pieces:
                        await response.write(piece)
                await response.write_eof()
        return response

    async def _operation(
        self, http: web.BaseRequest, path: str, caller: Caller, visit: Visit
    ) -> web.StreamResponse:
        await self._desk.check_operation(http.method, path, caller, visit.told)
        operations = self._desk.operations
        if path == SNAPSHOT:
            return await self._snapshot(http, operations.snapshot(), visit)
        if http.method == "POST":
            visit.path = path
        return of_document(await operations.answer(http.method, path, await read_body(http)))

    async def _snapshot(
        self, http: web.BaseRequest, pieces: AsyncGenerator[bytes, None], visit: Visit
    ) -> web.StreamResponse:
        async with aclosing(pieces):
            first = await anext(pieces, b"")
            response = streamed("application/octet-stream", visit)
            await response.prepare(http)
            try:
                await response.write(first)
                async for piece in pieces:
                    await response.write(piece)
                await response.write_eof()
            except StatusError:
                # Without the last chunk the client knows that it is not whole.
                if http.transport is not None:
                    http.transport.abort()
            except ConnectionError:
                return response
        return response


def _asked(
    request: web.BaseRequest, path: PlainPath | ResourcePath, behind: str | None
) -> Attributes:
    """What rules see of it. Behind a proxy, and in a stream, the query is another's. Raises
    StatusError 400."""
    others = isinstance(path, PlainPath) or behind is not None or is_stream(path)
    query = {} if others else parse_query(request.raw_path.partition("?")[2])
    return attributes_asked(request.method, path, query)
