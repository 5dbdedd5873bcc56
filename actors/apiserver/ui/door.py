"""/ui as it comes in by HTTP: the page's files, its login, its live stream, its questions.

Paths, all with the rights of who asks (rules for paths that are no resources, as ``/ui/*``):
``/ui`` the page; ``/ui/login``, ``/ui/files/*`` for everybody; ``/ui/live`` server-sent events
(HTML Living Standard, section 9.2); ``/ui/whoami``, ``/ui/chain``, ``/ui/chains``,
``/ui/messages``, ``/ui/history``;
``/ui/api/*`` reads of the ordinary API; POST ``/ui/login``, ``/ui/login/code``, ``/ui/logout``
(this browser), ``/ui/logout/everywhere``, ``/ui/logout/everybody``, ``/ui/chaos``. Must not know:
what the page shows, how requests for objects are served.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from http.cookies import CookieError, SimpleCookie
from typing import Any, cast

import orjson
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from actors.apiserver.call import Caller, parse_bool, parse_int
from actors.apiserver.front_desk import FrontDesk, Visit
from actors.apiserver.http_connections import certified_by
from actors.apiserver.http_requests import read_body
from actors.apiserver.rest_path import ResourcePath, api_request, parse_path, parse_query
from actors.apiserver.ui import chaos_socket, fault_commands, history, page_files
from actors.apiserver.ui.entry import ASK_SECONDS, UI_ACTOR, Entry
from actors.apiserver.ui.origin import SAFE_HEADERS, objection
from actors.apiserver.ui.sessions import SESSION_SECONDS, cookie_name, token
from actors.kit.ref import Ref
from cluster import names
from cluster.api import status
from cluster.api.kinds import Kind
from cluster.errors import StatusError, SteersmanError
from cluster.messages.apiserver import ApiRequest
from cluster.messages.base import Message
from cluster.messages.ui import (
    FindChain,
    FindChainsOf,
    FlowMessages,
    PageAnswer,
    PageUpdate,
    WatchPage,
)

ROOT, LOGIN, FILES, API = "/ui", "/ui/login", "/ui/files/", "/ui/api"
CODE, LOGOUT, CHAOS = "/ui/login/code", "/ui/logout", "/ui/chaos"
EVERYWHERE, EVERYBODY = f"{LOGOUT}/everywhere", f"{LOGOUT}/everybody"
POSTED = (CODE, LOGOUT, EVERYWHERE, EVERYBODY, CHAOS)
# Paths of the ordinary API that a page may read, beside resources: what it finds kinds by.
DISCOVERY = ("/api", "/apis")
CHAIN_SECONDS = 10.0
# A looker that takes nothing for so long is gone.
WRITE_SECONDS = 30.0
# A stream ends after so long: who comes again is looked at again, as rights may have been taken.
STREAM_SECONDS = 900.0
# What a page has to say is short, and may be said by somebody who is not known yet.
BODY_BYTES_MAX = 16 * 1024

Serve = Callable[[web.BaseRequest, Visit, Caller], Awaitable[web.StreamResponse]]
Audit = Callable[[web.BaseRequest, Visit, Caller], None]


def is_page(raw_path: str) -> bool:
    """Whether a path is ours."""
    return raw_path == ROOT or raw_path.startswith((f"{ROOT}/", f"{ROOT}?"))


class UiDoor:
    """``serve``: a request of the ordinary API, whose caller is known; ``audit``: begins the trail
    of a visit."""

    def __init__(self, desk: FrontDesk, entry: Entry, serve: Serve, audit: Audit) -> None:
        self._desk = desk
        self._entry = entry
        self._serve = serve
        self._audit = audit
        self._cookie = cookie_name(desk.environment.settings.name)
        self._questions: dict[str, Callable[[Mapping[str, str], Caller], Awaitable[bytes]]] = {
            "/ui/chain": self._chain,
            "/ui/messages": self._messages,
            "/ui/chains": self._chains,
            "/ui/history": self._history,
        }

    async def serve(self, http: web.BaseRequest, visit: Visit) -> web.StreamResponse:
        """Any request below /ui. Raises StatusError."""
        raw_path, _, raw_query = http.raw_path.partition("?")
        path = raw_path.rstrip("/") if not raw_path.startswith(FILES) else raw_path
        page = path in (ROOT, LOGIN) or path.startswith(FILES)
        why = objection(http.method, http.headers, page)
        if why:
            raise status.forbidden(None, "", why)
        if http.method in ("GET", "HEAD") and (path == LOGIN or path.startswith(FILES)):
            name = "login.html" if path == LOGIN else path.removeprefix(FILES)
            return _file(name, http.headers.get("If-None-Match", ""))
        if http.method == "POST" and path == LOGIN:
            return await self._log_in(http, visit)
        cookie = _cookie(http, self._cookie)
        visit.path = path if http.method == "POST" else ""
        try:
            caller = await self._entry.caller(certified_by(http), http.headers, cookie, path)
            caller = await self._desk.acting(caller, http.headers)
        except StatusError as error:
            self._audit(http, visit, Caller(""))
            if path == ROOT and error.code == 401:
                return _to_login()
            raise
        visit.user = caller.user
        if path == ROOT and names.GROUP_UNAUTHENTICATED in caller.groups:
            return _to_login()
        if path.startswith(f"{API}/"):
            return await self._read(http, raw_path, raw_query, visit, caller)
        self._audit(http, visit, caller)
        if path == LOGOUT and http.method == "POST":
            return self._bye()
        visit.flow = self._desk.plain_flow(caller, http.method, path)
        async with self._desk.flow_control.seat(visit.flow):
            await self._may(http.method, path, caller)
            answer = await self._short(http, path, raw_query, caller)
        if answer is not None:
            return answer
        if path == CHAOS:
            return await self._break(http, visit, caller)
        visit.started()
        return await self._live(http, cookie)

    async def _short(
        self, http: web.BaseRequest, path: str, raw_query: str, caller: Caller
    ) -> web.StreamResponse | None:
        """Everything but the live stream and faults (None). Raises StatusError 404, 405."""
        match http.method, path:
            case "GET" | "HEAD", "/ui":
                return _file("index.html", http.headers.get("If-None-Match", ""))
            case "GET", "/ui/whoami":
                return _json(await self._whoami(http, caller))
            case "GET", _ if path in self._questions:
                return _json(await self._questions[path](parse_query(raw_query), caller))
            case "POST", "/ui/login/code":
                made = await self._entry.code_for(caller)
                return _json(orjson.dumps({"code": made.code, "seconds": made.seconds}))
            case "POST", "/ui/logout/everywhere" | "/ui/logout/everybody":
                await self._entry.end(caller.user if path == EVERYWHERE else "")
                return self._bye()
            case ("GET", "/ui/live") | ("POST", "/ui/chaos"):
                return None
        if path in (*POSTED, "/ui/live", "/ui/whoami", *self._questions):
            raise status.method_not_allowed(None, http.method.lower())
        raise status.resource_not_found()

    async def _may(self, method: str, path: str, caller: Caller) -> None:
        """Raises StatusError 401 for who has not said who it is, 403. A code, and an end of one's
        own sessions, are for whoever may see the page."""
        try:
            asked = ("GET", ROOT) if path in (CODE, EVERYWHERE) else (method, path)
            await self._desk.authorization.check_path(*asked, caller)
        except StatusError as error:
            if error.code == 403 and names.GROUP_UNAUTHENTICATED in caller.groups:
                raise status.unauthorized() from error
            raise

    async def _log_in(self, http: web.BaseRequest, visit: Visit) -> web.StreamResponse:
        visit.path = LOGIN
        try:
            caller, cookie = await self._entry.log_in(await _body(http))
        except StatusError:
            self._audit(http, visit, Caller(""))
            raise
        visit.user = caller.user
        self._audit(http, visit, caller)
        await self._may("GET", ROOT, caller)
        response = _json(orjson.dumps({"user": caller.user}))
        response.set_cookie(
            self._cookie, cookie, path=ROOT, max_age=SESSION_SECONDS, secure=True, httponly=True,
            samesite="Strict",
        )  # fmt: skip
        return response

    def _bye(self) -> web.StreamResponse:
        response = _json(b"{}")
        response.set_cookie(
            self._cookie, "", path=ROOT, max_age=0, secure=True, httponly=True, samesite="Strict"
        )
        return response

    async def _read(
        self, http: web.BaseRequest, raw_path: str, raw_query: str, visit: Visit, caller: Caller
    ) -> web.StreamResponse:
        """A read of the ordinary API with the caller's own rights: objects and lists of them, and
        what kinds there are. Nothing that streams, and nothing from inside a pod."""
        await self._may(http.method, API, caller)
        inner = raw_path.removeprefix(API)
        path = parse_path(inner)
        if http.method != "GET":
            raise status.method_not_allowed(None, http.method.lower())
        if isinstance(path, ResourcePath):
            if path.subresource or "watch" in parse_query(raw_query):
                raise status.resource_not_found()
        elif path.path not in DISCOVERY:
            raise status.resource_not_found()
        kept = CIMultiDict(
            (name, http.headers[name])
            for name in ("Host", "Accept", "User-Agent")
            if name in http.headers
        )
        url = URL(inner + (f"?{raw_query}" if raw_query else ""), encoded=True)
        visit.path = inner if isinstance(path, ResourcePath) else ""
        response = await self._serve(http.clone(rel_url=url, headers=kept), visit, caller)
        response.headers.update(SAFE_HEADERS)
        return response

    async def _live(self, http: web.BaseRequest, cookie: str) -> web.StreamResponse:
        response = web.StreamResponse(headers={**SAFE_HEADERS, "Cache-Control": "no-store"})
        response.headers["Content-Type"] = "text/event-stream"
        response.enable_chunked_encoding()
        await response.prepare(http)
        try:
            async with (
                asyncio.timeout(STREAM_SECONDS),
                self._ui.stream(WatchPage(), credit=1) as stream,
            ):
                async for item in stream:
                    if not self._entry.goes_on(cookie):
                        break
                    body = cast(PageUpdate, item).body
                    async with asyncio.timeout(WRITE_SECONDS):
                        await response.write(b"data: %b\n\n" % body)
        except (ConnectionError, TimeoutError, SteersmanError):
            # The browser comes again, if it is still there.
            pass
        return response

    async def _break(
        self, http: web.BaseRequest, visit: Visit, caller: Caller
    ) -> web.StreamResponse:
        """A fault: the launcher's words as JSON lines. Raises StatusError before the first."""
        body = await _body(http)
        if visit.trail is not None:
            visit.trail.request = body
        command = fault_commands.parse(body)
        self._desk.note("chaos.requested", " ".join(command), user=caller.user)
        answers = chaos_socket.order(self._desk.environment.settings.data_dir, caller.user, command)
        async with aclosing(answers):
            try:
                first = await anext(answers)
            except SteersmanError as error:
                raise status.service_unavailable(str(error)) from error
            visit.started()
            response = web.StreamResponse(headers={**SAFE_HEADERS, "Cache-Control": "no-store"})
            response.headers["Content-Type"] = "application/x-ndjson"
            response.enable_chunked_encoding()
            await response.prepare(http)
            try:
                await response.write(orjson.dumps(first) + b"\n")
                async for answer in answers:
                    await response.write(orjson.dumps(answer) + b"\n")
            except SteersmanError as error:
                last = {"done": True, "ok": False, "error": str(error)}
                await response.write(orjson.dumps(last) + b"\n")
        return response

    async def _whoami(self, http: web.BaseRequest, caller: Caller) -> bytes:
        try:
            await self._desk.authorization.check_path("POST", CHAOS, caller)
            objection = ""
        except StatusError as error:
            objection = str(error)
        by_token = bool(token(_cookie(http, self._cookie)))
        told = {"user": caller.user, "groups": list(caller.groups), "noFaults": objection,
                "byToken": by_token}  # fmt: skip
        return orjson.dumps(told)

    async def _chain(self, query: Mapping[str, str], caller: Caller) -> bytes:
        trace = query.get("trace", "")
        if len(trace) not in (16, 32) or not set(trace) <= set("0123456789abcdef"):
            raise status.bad_request("trace must be 16 or 32 hexadecimal characters")
        return await self._ask(FindChain(trace))

    async def _messages(self, query: Mapping[str, str], caller: Caller) -> bytes:
        sender, receiver = query.get("from", ""), query.get("to", "")
        return await self._ask(FlowMessages(sender, receiver, query.get("type", "")))

    async def _chains(self, query: Mapping[str, str], caller: Caller) -> bytes:
        """Those that wrote the object at ``path``."""
        path, kind, _ = await self._object(query, caller)
        place = "/".join(piece for piece in (path.namespace, path.name) if piece)
        return await self._ask(FindChainsOf(f"{kind.plural}/{place}"))

    async def _history(self, query: Mapping[str, str], caller: Caller) -> bytes:
        """Older versions of the object at ``path``."""
        path, kind, request = await self._object(query, caller)
        place = (self._desk.environment, kind, path.namespace, path.name)
        revision = parse_int(query, "at")
        with self._desk.contained(request):
            if revision:
                return await history.version(*place, revision)
            newest = not parse_bool(query, "local")
            found = await history.versions(*place, parse_int(query, "before"), newest)
            return orjson.dumps(found.told())

    async def _object(
        self, query: Mapping[str, str], caller: Caller
    ) -> tuple[ResourcePath, Kind, ApiRequest]:
        """What the caller may get at ``path`` of the ordinary API. Raises StatusError."""
        path = parse_path(query.get("path", ""))
        if not isinstance(path, ResourcePath) or not path.name or path.subresource:
            raise status.bad_request("path must be that of one object")
        request = api_request("GET", path, {})
        await self._desk.chain.check(request, caller)
        table = self._desk.environment.kinds.table
        kind = table.by_resource(path.group, path.version, path.resource)
        if kind is None or "get" not in kind.verbs:
            raise status.resource_not_found()
        return path, kind, request

    async def _ask(self, question: Message) -> bytes:
        searches = isinstance(question, FindChain | FindChainsOf)
        seconds = CHAIN_SECONDS if searches else ASK_SECONDS
        try:
            return cast(PageAnswer, await self._ui.ask(question, seconds)).body
        except SteersmanError as error:
            raise status.service_unavailable(str(error)) from error

    @property
    def _ui(self) -> Ref:
        environment = self._desk.environment
        return environment.ref(names.address(UI_ACTOR, environment.replica))


async def _body(http: web.BaseRequest) -> bytes:
    """Raises StatusError 413."""
    if http.content_length is None or http.content_length > BODY_BYTES_MAX:
        raise status.too_large()
    return await read_body(http)


def _cookie(http: web.BaseRequest, name: str) -> str:
    try:
        found = SimpleCookie(http.headers.get("Cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""


def _file(name: str, known: str) -> web.Response:
    """Raises StatusError 404."""
    found = page_files.load().get(name)
    if found is None:
        raise status.resource_not_found()
    headers: dict[str, Any] = {**SAFE_HEADERS, "Cache-Control": "no-cache", "ETag": found.etag}
    if found.etag in known:
        return web.Response(status=304, headers=headers)
    return web.Response(body=found.body, headers={**headers, "Content-Type": found.content_type})


def _json(body: bytes) -> web.Response:
    headers = {**SAFE_HEADERS, "Cache-Control": "no-store", "Content-Type": "application/json"}
    return web.Response(body=body, headers=headers)


def _to_login() -> web.Response:
    return web.Response(status=302, headers={**SAFE_HEADERS, "Location": LOGIN})
