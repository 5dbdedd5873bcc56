"""Where both doors hand requests in: callers, documents, containment of failures.

Job: credentials of HTTP to a Caller, plain paths to documents and operations, a bug in one request
to a 500 for that request. Must not know: sockets.
"""

import math
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType

import msgspec
import orjson
import structlog

from actors.apiserver import outside_time
from actors.apiserver.aggregation.remotes import Remotes
from actors.apiserver.audit import AuditLog, Trail
from actors.apiserver.audit_source import Source
from actors.apiserver.authentication import Authentication, bearer_token
from actors.apiserver.authorization import Authorization
from actors.apiserver.call import Caller
from actors.apiserver.documents import Document, Documents
from actors.apiserver.environment import Environment
from actors.apiserver.flow_control import FlowControl, Seat
from actors.apiserver.impersonation import Headers, Impersonation
from actors.apiserver.operations import PATHS, Operations
from actors.apiserver.outside_time import Outside
from actors.apiserver.pieces import whole
from actors.apiserver.request_chain import RequestChain
from actors.apiserver.request_metrics import RequestMetrics
from actors.apiserver.rest_path import uri_of
from actors.apiserver.works import ESTIMATED, Works
from cluster.api import status
from cluster.api.flow_schemas import Flow
from cluster.api.work_estimates import ONE
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest, ApiResponse
from cluster.security.rbac import Attributes

WATCH_SECONDS_MIN = 1800.0
WATCH_SECONDS_MAX = 3600.0
# How much of a path a record keeps.
RECORDED_PATH_MAX = 512
# What a bug in the handling of one request may raise. Such a request gets a 500 and a stack in the
# log; the server and everybody else's watches live on (as kube-apiserver recovers per request).
OUR_BUGS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


@dataclass
class Visit:
    """One HTTP request, for its record. ``path`` '' keeps it out; ``began``: monotonic seconds;
    ``audit_id``: what its answer says that it is called by; ``parent``: the client's span, if it
    named one; ``traceparent``: this request's own, for the answer;
    ``asked``: what it asks of a resource, for the metrics;
    ``trail``: for the audit log, None if that keeps nothing of it; ``judged``: that was asked;
    ``flow``: what limits it; ``seat``: kept until its long answer is written; ``ours``: its answer
    is made here, not passed on; ``outside``: what it has waited for others."""

    method: str
    began: float
    path: str = ""
    user: str = ""
    code: int = 0
    trail: Trail | None = None
    judged: bool = False
    flow: Flow | None = None
    seat: Seat | None = None
    asked: ApiRequest | None = None
    audit_id: str = ""
    parent: str = ""
    traceparent: str = ""
    ours: bool = False
    outside: Outside = field(default_factory=outside_time.begin)

    @property
    def told(self) -> dict[str, str] | None:
        """What gathers annotations for the audit log, None if nobody reads them."""
        return None if self.trail is None else self.trail.annotations

    def started(self, code: int = 200) -> None:
        """A long answer begins."""
        if self.trail is not None:
            self.trail.started(code)


@dataclass
class FrontDesk:
    """One per API server. ``remotes``: other API servers; ``note``: as ``Context.note``;
    ``audit``: None without a policy;
    ``flow_control``: seats of requests by HTTP (those of components are not limited)."""

    environment: Environment
    authentication: Authentication
    authorization: Authorization
    chain: RequestChain
    documents: Documents
    operations: Operations
    remotes: Remotes
    log: structlog.typing.FilteringBoundLogger
    note: Callable[..., None]
    metrics: RequestMetrics
    impersonation: Impersonation
    audit: AuditLog | None = None
    flow_control: FlowControl = field(default_factory=FlowControl)

    def __post_init__(self) -> None:
        clock = self.environment.clock.monotonic
        self._works = Works(self.environment, self.flow_control.metrics, clock)

    async def authenticated(self, certified: Caller | None, headers: Headers, path: str) -> Caller:
        """Who sent an HTTP request. ``certified``: whom the certificate names, None if nobody.
        Raises StatusError 401."""
        protocols = ",".join(headers.getall("Sec-WebSocket-Protocol", []))
        token = bearer_token(headers.get("Authorization", ""), protocols)
        return await self.authentication.of_http(certified, token, path)

    async def acting(
        self, caller: Caller, headers: Headers, asked: Callable[[], Attributes] | None = None
    ) -> Caller:
        """Whom it acts as. ``asked``: as Impersonation.acting. Raises StatusError 400, 403."""
        return await self.impersonation.acting(caller, headers, asked)

    async def plain(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Headers,
        caller: Caller,
        told: dict[str, str] | None = None,
    ) -> Document:
        """A document that is no resource. Raises StatusError 403, 404, 405."""
        await self.authorization.check_path(method, path, caller, told)
        if method not in ("GET", "HEAD"):
            raise status.no_such_method()
        return await self.documents.get(path, query, ",".join(headers.getall("Accept", [])))

    async def check_operation(
        self, method: str, path: str, caller: Caller, told: dict[str, str] | None = None
    ) -> None:
        """For a path of ``operations``. Raises StatusError 403, 405."""
        await self.authorization.check_path(method, path, caller, told)
        if method not in PATHS[path]:
            raise status.method_not_allowed(None, method.lower())

    def timed(self, request: ApiRequest) -> ApiRequest:
        """A watch that names no end gets one, so that watches move between replicas over time."""
        if request.query.get("timeoutSeconds", "0") not in ("", "0"):
            return request
        seconds = self.environment.entropy.uniform(WATCH_SECONDS_MIN, WATCH_SECONDS_MAX)
        query = {**request.query, "timeoutSeconds": str(math.ceil(seconds))}
        return msgspec.structs.replace(request, query=query)

    def observe(self, visit: Visit, size: int | None) -> None:
        """Count a request that is done. ``size``: of its answer in bytes, None if not known."""
        seconds = self.environment.clock.monotonic() - visit.began
        waited = visit.outside.seconds
        self.metrics.observe(visit.asked, visit.method, visit.code, seconds, size, waited)

    async def counted(self, request: ApiRequest, answer: Awaitable[ApiResponse]) -> ApiResponse:
        """Count a request of the message door."""
        clock, code = self.environment.clock.monotonic, 500
        began, waited = clock(), outside_time.begin()
        size = None
        try:
            found = await answer
            code, size = found.code, len(found.body)
        except StatusError as error:
            code = error.code
            raise
        finally:
            self.metrics.observe(request, "", code, clock() - began, size, waited.seconds)
        return found

    def record(self, visit: Visit) -> None:
        """Note a request in its trace: never its query, body or credentials."""
        seconds = self.environment.clock.monotonic() - visit.began
        self.note(
            "http.request",
            f"{visit.method} {visit.path[:RECORDED_PATH_MAX]}",
            user=visit.user,
            code=visit.code,
            ms=round(seconds * 1000, 3),
            audit=visit.audit_id,
            **({"parent": visit.parent} if visit.parent else {}),
        )

    def flow(self, caller: Caller, request: ApiRequest) -> Flow | None:
        """Of a request for a resource; None: it is not limited."""
        asked = Attributes(
            request.verb,
            request.group,
            request.resource,
            request.subresource,
            request.namespace,
            request.name,
        )
        return self.flow_control.flow(caller.user, caller.groups, asked)

    async def seat(self, request: ApiRequest, flow: Flow | None) -> Seat:
        """What a request for a resource must have to be served: ``FlowControl.seat``."""
        work = ONE
        if flow is not None and flow.level.seats and request.verb in ESTIMATED:
            work = await self._works.of(request, flow)
        kind = "watch" if request.verb == "watch" else "regular"
        return self.flow_control.seat(flow, work, kind)

    def plain_flow(self, caller: Caller, method: str, path: str) -> Flow | None:
        """Of any other request."""
        asked = Attributes(method.lower(), path=path)
        return self.flow_control.flow(caller.user, caller.groups, asked)

    async def audited(
        self,
        request: ApiRequest,
        caller: Caller,
        answer: Callable[[dict[str, str] | None], Awaitable[ApiResponse]],
    ) -> ApiResponse:
        """Serve a request of the message door, and keep in the audit log what the policy says.
        ``answer`` is given what gathers annotations, None if nobody reads them. Messages are
        whole."""
        if self.audit is None:
            return whole(await answer(None))
        trail = self.audit.begin(caller, Source(uri_of(request)), request.verb, request)
        if trail is None:
            return whole(await answer(None))
        trail.requested(request)
        try:
            found = whole(await answer(trail.annotations))
        except StatusError as error:
            trail.response = orjson.dumps(error.status)
            trail.finish(error.code)
            raise
        trail.response = found.body
        trail.finish(found.code)
        return found

    def contained(self, request: ApiRequest | None) -> "Contained":
        """Raise StatusError 500 instead of what a bug raises inside."""
        return Contained(self.log, request)


class Contained:
    """See ``FrontDesk.contained``."""

    __slots__ = ("_log", "_request")

    def __init__(
        self, log: structlog.typing.FilteringBoundLogger, request: ApiRequest | None
    ) -> None:
        self._log = log
        self._request = request

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        stack: TracebackType | None,
    ) -> None:
        if not isinstance(error, OUR_BUGS):
            return
        # Where, not what: the error's text may quote the request, and that may be a Secret.
        self._log.error(
            "a request failed by our own fault",
            asked="" if self._request is None else self._request.subject(),
            error=type(error).__name__,
            stack="".join(traceback.format_tb(stack)),
        )
        raise status.internal_error("the server failed to handle the request") from error
