"""The one chain behind both doors: authorize → admit → validate → store → render.

Job: from an authenticated ApiRequest to bytes. Must not know: HTTP, messages' transport.
Authentication happens at the doors, because each has credentials of its own kind.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec
import orjson

from actors.apiserver import component_statuses, patching, rendering, reviews
from actors.apiserver.admission import chain as admission
from actors.apiserver.admission.plugin import Review
from actors.apiserver.authentication import Authentication
from actors.apiserver.authorization import Authorization
from actors.apiserver.call import (
    Call,
    Caller,
    WriteOptions,
    delete_options,
    parse_revision,
    write_options,
)
from actors.apiserver.custom.catching_up import newest_table
from actors.apiserver.environment import Environment
from actors.apiserver.list_options import list_options, watch_options
from actors.apiserver.negotiation import (
    ACCEPTED,
    OBJECT,
    Form,
    check_count,
    included,
    negotiate,
)
from actors.apiserver.object_store import Outcome
from actors.apiserver.pieces import ListResponse
from actors.apiserver.selection import selection_of
from actors.apiserver.shared_watch import View
from actors.apiserver.strategies.table import strategy_of
from actors.apiserver.subresources import binding, log
from actors.apiserver.subresources.handler import Parts
from actors.apiserver.subresources.table import handler_of
from actors.apiserver.watch_stream import WatchStream
from actors.apiserver.writer import Writer
from cluster.api import status
from cluster.api.encoding import decode, encode
from cluster.api.jsonio import decode_object
from cluster.api.kind import SCALE_KIND
from cluster.api.kinds import GROUPS, Kind, by_resource
from cluster.api.types import Object
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest, ApiResponse

# What gathers annotations for the audit log, None if nobody reads them.
Told: TypeAlias = dict[str, str] | None


@dataclass(frozen=True)
class WatchPlan:
    """An accepted watch: its events, and how the client wants them."""

    kind: Kind
    form: Form
    include: str
    stream: WatchStream
    warnings: tuple[str, ...] = ()

    def batches(self) -> AsyncGenerator[View, None]:
        """See ``WatchStream.batches``."""
        return self.stream.batches()


@dataclass
class RequestChain:
    """All methods raise StatusError, or Fenced if the writer's term is over."""

    environment: Environment
    authentication: Authentication
    authorization: Authorization
    parts: Parts

    @property
    def writer(self) -> Writer:
        """What creates, changes and deletes."""
        return self.parts.writer

    async def answer(
        self, request: ApiRequest, caller: Caller, annotations: dict[str, str] | None = None
    ) -> ApiResponse:
        """Serve any verb but watch. ``annotations``: gathers what is for the audit log. Of lists it
        is a ``ListResponse``."""
        call = await self._admit_call(request, caller, annotations)
        if annotations is not None:
            call.annotations = annotations
        try:
            return await self._answer(call)
        except StatusError as error:
            error.warnings = tuple(call.warnings)
            raise

    async def _answer(self, call: Call) -> ApiResponse:
        request = call.request
        if request.subresource:
            return await self._subresource(call)
        if call.kind.create_only and negotiate(request.accept) != OBJECT:
            # There is nothing that it could be a table, or metadata, of.
            raise status.not_acceptable(ACCEPTED)
        if call.kind.kind == "Binding":
            return await self._binding(call)
        if call.kind.create_only:
            return await self._review(call)
        form = negotiate(request.accept)
        if request.verb != "delete":
            # What that is answered with may be a Status, which has one form only.
            check_count(form, request.verb in ("list", "deletecollection"))
        match request.verb:
            case "get":
                return await self._get(call, form)
            case "list":
                return await self._list(call, form)
            case "create":
                return self._written(call, form, await self.writer.create(call))
            case "update":
                return self._written(call, form, await self.writer.update(call))
            case "patch":
                return self._written(call, form, await self.writer.patch(call))
            case "delete":
                return await self._delete(call, form)
            case "deletecollection":
                return await self._delete_collection(call, form)
        raise status.method_not_allowed(call.kind, request.verb)

    async def open_watch(self, request: ApiRequest, caller: Caller, told: Told = None) -> WatchPlan:
        """Accept a watch: everything that can be refused is refused here."""
        call = await self._admit_call(request, caller, told)
        form = negotiate(request.accept, watch=True)
        selection = selection_of(call.kind, request)
        options = watch_options(request.query)
        include = included(form, request.query)
        kind, kinds = call.kind, self.environment.kinds
        stream = WatchStream(self.environment.objects, selection, options)
        if kind.custom is not None:
            stream.served = lambda: (
                kinds.table.by_resource(kind.group, kind.version, kind.plural) is kind
            )
        return WatchPlan(call.kind, form, include, stream, tuple(call.warnings))

    async def open_log(
        self, request: ApiRequest, caller: Caller, told: Told = None
    ) -> AsyncGenerator[bytes, None]:
        """What a container wrote. Raises before the first byte if it cannot be read."""
        call = await self._admit_call(request, caller, told)
        return await log.open_log(self.environment, call)

    async def admit_connect(
        self,
        request: ApiRequest,
        caller: Caller,
        verbs: Sequence[str],
        options: Object,
        told: Told = None,
    ) -> Call:
        """A request that becomes a stream. ``verbs``: what the caller needs; ``options``: the
        object that admission sees."""
        kind = await self._kind_of(request, caller)
        for verb in verbs:
            await self.authorization.check(kind, request, caller, verb, told)
        _check_shape(kind, request)
        call = Call(request, kind, caller, WriteOptions(), self.environment.clock.now())
        review = Review(self.environment, call, options, None, connect=True)
        await admission.admit(review)
        await admission.validate(review)
        return call

    async def _admit_call(self, request: ApiRequest, caller: Caller, told: Told = None) -> Call:
        """Resolve the kind, check that it takes the verb, authorize."""
        kind = await self._kind_of(request, caller)
        await self.authorization.check(kind, request, caller, None, told)
        _check_shape(kind, request)
        agent = request.query.get("userAgent") or caller.component
        options = write_options(request.query, agent, patching.verb(request))
        call = Call(request, kind, caller, options, self.environment.clock.now())
        proof = (caller.impersonator or caller).warning
        if proof:
            call.warnings.append(proof)
        if kind.deprecated:
            call.warnings.append(kind.deprecated)
            if told is not None:
                told["k8s.io/deprecated"] = "true"
        if request.verb == "patch":
            call.may_create = lambda: self.authorization.check(kind, request, caller, "create")
        return call

    async def check(self, request: ApiRequest, caller: Caller, told: Told = None) -> None:
        """May the caller ask that at all? Raises StatusError 403, 404."""
        kind = await self._kind_of(request, caller)
        await self.authorization.check(kind, request, caller, None, told)

    async def _kind_of(self, request: ApiRequest, caller: Caller) -> Kind:
        """Raises StatusError 404; 403 if the caller might not ask for such a kind."""
        table = self.environment.kinds.table
        kind = table.by_resource(request.group, request.version, request.resource)
        if kind is None:
            await self.authorization.check_unknown(request, caller)
            table = await newest_table(self.environment, request)
            kind = table.by_resource(request.group, request.version, request.resource)
        if kind is None:
            known = request.group in GROUPS
            raise status.resource_not_found() if known else status.page_not_found()
        return kind

    async def _get(self, call: Call, form: Form) -> ApiResponse:
        request = call.request
        if call.resource == component_statuses.RESOURCE:
            made = await component_statuses.named(self.environment, call.kind, request.name)
            return self._object(call, form, encode(made))
        revision = parse_revision(request.query)
        objects = self.environment.objects
        item = await objects.get(call.kind, call.namespace, request.name, revision)
        return self._object(call, form, item.value)

    async def _list(self, call: Call, form: Form) -> ApiResponse:
        selection = selection_of(call.kind, call.request)
        if call.resource == component_statuses.RESOURCE:
            page = await component_statuses.page(self.environment)
        else:
            options = list_options(call.request.query)
            page = await self.environment.objects.list(selection, options)
        include = included(form, call.request.query)
        pieces = await rendering.render_list(form, call.kind, page, call.now, include)
        traces: tuple[str, ...] = ()
        if call.request.traces and page.items:
            revisions = [item.mod_revision for item in page.items]
            traces = await self.environment.objects.store.traces(revisions)
        return ListResponse(200, b"", warnings=tuple(call.warnings), traces=traces, pieces=pieces)

    async def _delete(self, call: Call, form: Form) -> ApiResponse:
        options = delete_options(call.request.query, _options_body(call))
        outcome = await self.writer.delete(call, options)
        if outcome.removed and not strategy_of(call.kind).returns_deleted:
            uid = decode(outcome.item.value)["metadata"].get("uid", "")
            body = status.success(call.kind, call.request.name, uid)
            return ApiResponse(200, orjson.dumps(body), warnings=tuple(call.warnings))
        return self._written(call, form, outcome)

    async def _delete_collection(self, call: Call, form: Form) -> ApiResponse:
        """Each in turn, so it may be that some are gone when one is refused. All that the request
        itself can be refused for comes before the first."""
        query = call.request.query
        wanted, selection = list_options(query), selection_of(call.kind, call.request)
        options = delete_options(query, _options_body(call))
        page = await self.environment.objects.list(selection, wanted)
        for item in page.items:
            namespace, name = _place(call.kind, item.key)
            request = msgspec.structs.replace(
                call.request, verb="delete", name=name, namespace=namespace
            )
            one = Call(request, call.kind, call.caller, call.options, call.now)
            one.warnings, one.annotations = call.warnings, call.annotations
            try:
                await self.writer.delete(one, options)
            except StatusError as error:
                if error.code != 404:
                    raise
        pieces = await rendering.render_list(form, call.kind, page, call.now, included(form, query))
        return ListResponse(200, b"", warnings=tuple(call.warnings), pieces=pieces)

    async def _subresource(self, call: Call) -> ApiResponse:
        handler = handler_of(call.kind, call.request.subresource)
        if handler is None:
            raise status.resource_not_found()
        form = negotiate(call.request.accept)
        answer = await handler(self.parts, call)
        body = answer.body
        shape = {"status": call.kind, "scale": SCALE_KIND}.get(call.request.subresource)
        if form != OBJECT and shape is not None:
            include = included(form, call.request.query)
            body = rendering.render_object(form, shape, body, call.now, include)
        return ApiResponse(answer.code, body, answer.content_type, tuple(call.warnings))

    async def _binding(self, call: Call) -> ApiResponse:
        """POST of bindings: the older door to pods/<name>/binding."""
        body, _ = decode_object(call.request.body, call.request.content_type)
        # What is no text or no object there, the schema of Binding refuses in a moment.
        metadata = body.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else ""
        pods = by_resource("", "v1", "pods")
        assert pods is not None
        request = msgspec.structs.replace(
            call.request,
            resource="pods",
            name=name if isinstance(name, str) else "",
            subresource="binding",
        )
        inner = Call(request, pods, call.caller, call.options, call.now)
        inner.warnings, inner.annotations = call.warnings, call.annotations
        answer = await binding.handle(self.parts, inner)
        return ApiResponse(answer.code, answer.body, warnings=tuple(call.warnings))

    async def _review(self, call: Call) -> ApiResponse:
        body = await reviews.answer(
            self.authorization, self.authentication, self.writer.definitions, call
        )
        return ApiResponse(201, orjson.dumps(body), warnings=tuple(call.warnings))

    def _written(self, call: Call, form: Form, outcome: Outcome) -> ApiResponse:
        return self._object(call, form, outcome.item.value, 201 if outcome.created else 200)

    def _object(self, call: Call, form: Form, value: bytes, code: int = 200) -> ApiResponse:
        include = included(form, call.request.query)
        body = rendering.render_object(form, call.kind, value, call.now, include)
        return ApiResponse(code, body, warnings=tuple(call.warnings))


def _check_shape(kind: Kind, request: ApiRequest) -> None:
    """Raises StatusError 404 or 405 for a path or verb that the kind does not have."""
    if kind.custom is not None and not _is_in_scope(kind, request):
        raise status.page_not_found()
    if request.subresource:
        part = kind.subresources.get(request.subresource)
        if part is None and kind.custom is not None:
            raise status.not_found(kind, request.name)
        if part is None:
            raise status.resource_not_found()
        if request.verb not in part.verbs:
            raise status.method_not_allowed(kind, request.verb)
    elif request.verb == "create" and kind.custom is not None and kind.custom.going:
        raise status.status_error(
            405,
            "MethodNotAllowed",
            "create not allowed while custom resource definition is terminating",
            kind=kind.plural,
            group=kind.group,
        )
    elif request.verb not in kind.verbs:
        nowhere = kind.namespaced and not request.namespace and "list" not in kind.verbs
        raise status.resource_not_found() if nowhere else status.no_such_method()
    named = bool(request.name)
    if not kind.namespaced and request.namespace:
        raise status.resource_not_found()
    needs_namespace = named or request.verb not in ("list", "watch", "deletecollection")
    if kind.namespaced and request.verb == "deletecollection" and not request.namespace:
        # Not even an administrator empties all namespaces of them in one request.
        raise status.no_such_method()
    if kind.namespaced and needs_namespace and not request.namespace:
        # Over all namespaces they can only be listed.
        listed = request.verb == "create" and "list" in kind.verbs
        raise status.no_such_method() if listed else status.resource_not_found()
    if not named and request.verb in ("get", "update", "patch", "delete"):
        raise status.bad_request("the request names no object")


def _is_in_scope(kind: Kind, request: ApiRequest) -> bool:
    """Whether the kind has objects where the path looks for them."""
    if not request.namespace and request.verb in ("list", "watch"):
        return True
    return kind.namespaced == bool(request.namespace)


def _options_body(call: Call) -> dict[str, object] | None:
    if not call.request.body:
        return None
    body, _ = decode_object(call.request.body, call.request.content_type)
    return body


def _place(kind: Kind, key: str) -> tuple[str, str]:
    """(namespace, name) of a storage key."""
    rest, _, name = key.rpartition("/")
    return (rest.rpartition("/")[2] if kind.namespaced else "", name)
