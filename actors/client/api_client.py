"""The client of the API server: what every component reads and writes the cluster with.

Job: turn calls into ``ApiRequest`` messages, decode answers, fail over between API servers and
retry what may be retried. Reads are linearizable at every server (none passes a resource version),
and a watch names the revision it continues from, so a switch never goes back in time.
Must not know: caches, controllers, what the objects mean.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import msgspec
import orjson

from actors.client import retries
from actors.kit.context import Context
from actors.kit.ref import Stream
from cluster.api.names import SUFFIX_LENGTH, random_suffix
from cluster.api.resources import Resource
from cluster.api.types import Object
from cluster.errors import StatusError, SteersmanError
from cluster.limits import LIST_PAGE_DEFAULT
from cluster.messages.apiserver import ApiRequest, ApiResponse, Verb

MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"

REQUEST_SECONDS = 10.0
# A call gives up after this long over all its tries; the caller's own backoff then goes on.
CALL_SECONDS = 30.0
# Of names made from generateName.
NAME_TRIES = 8


class ListMeta(msgspec.Struct):
    """Metadata of a list answer."""

    resourceVersion: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class ListDocument(msgspec.Struct):
    """A list answer whose items stay encoded."""

    metadata: ListMeta
    items: list[msgspec.Raw] | None = None


# Inside the class "list" is the verb.
Objects: TypeAlias = list[Object]
Encoded: TypeAlias = list[bytes]
Traced: TypeAlias = list[tuple[bytes, str]]
PatchBody: TypeAlias = Object | list[Any] | bytes

_LIST_DECODER = msgspec.json.Decoder(ListDocument)


class ApiClient:
    """Calls on the API. All raise ``StatusError`` for what the API refuses, ``Fenced`` when the
    fence is over, ``TemporaryFault`` when no server answered in time."""

    def __init__(
        self,
        ctx: Context,
        servers: Sequence[str],
        fence: Callable[[], int] = lambda: 0,
        field_manager: str = "",
    ) -> None:
        """``servers``: addresses in order of preference; they may change meanwhile. ``fence``: the
        leader's term for writes (0: none). ``field_manager``: the name under which the writes own
        fields."""
        if not servers:
            raise ValueError("an API client needs at least one server address")
        self.ctx = ctx
        self.servers = servers
        self._fence = fence
        self._manager = field_manager
        self._current = servers[0]

    @property
    def server(self) -> str:
        """The address that the next request goes to."""
        if self._current not in self.servers:
            self._current = self.servers[0]
        return self._current

    async def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """The object as it is now. ``StatusError`` 404 if there is none."""
        return await self._object(_request("get", resource, namespace, name), "safe")

    async def list(
        self,
        resource: Resource,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
    ) -> tuple[Objects, int]:
        """All objects (of all namespaces if '') and the revision of the list."""
        raw, revision = await self.list_raw(resource, namespace, label_selector, field_selector)
        return [orjson.loads(item) for item in raw], revision

    async def list_raw(
        self,
        resource: Resource,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        limit: int = 0,
    ) -> tuple[Encoded, int]:
        """As ``list``, each item as its own JSON bytes; fetched in pages of one revision.

        ``limit`` > 0: at most one page of so many. A page whose continuation expired (410) starts
        the list anew, once without pages.
        """
        scope = (namespace, label_selector, field_selector)
        traced, revision = await self._list(resource, scope, limit, False)
        return [item for item, _ in traced], revision

    async def list_traced(
        self, resource: Resource, namespace: str, label_selector: str, field_selector: str
    ) -> tuple[Traced, int]:
        """As ``list_raw``, each item with the context of the write that made it as it is ('' if
        nobody knows)."""
        scope = (namespace, label_selector, field_selector)
        return await self._list(resource, scope, 0, True)

    async def _list(
        self, resource: Resource, scope: tuple[str, str, str], limit: int, traces: bool
    ) -> tuple[Traced, int]:
        namespace, labels, fields = scope
        query = _selectors(labels, fields)
        request = _request("list", resource, namespace, query=query)
        request = msgspec.structs.replace(request, traces=traces)
        try:
            return await self._pages(request, limit or LIST_PAGE_DEFAULT, limit)
        except StatusError as error:
            if error.code != 410:
                raise
            return await self._pages(request, 0, limit)

    async def _pages(self, request: ApiRequest, page: int, limit: int) -> tuple[Traced, int]:
        found: Traced = []
        token, query = "", request.query
        while True:
            query = dict(query)
            if page:
                query["limit"] = str(page)
            if token:
                query["continue"] = token
            request = msgspec.structs.replace(request, query=query)
            response = await self._call(request, "safe")
            answer = _LIST_DECODER.decode(response.body)
            items = answer.items or []
            traces = response.traces if len(response.traces) == len(items) else ("",) * len(items)
            # Raw items are views of the whole answer: copy, so that one object cannot keep it all.
            found.extend(zip(map(bytes, items), traces, strict=True))
            token = answer.metadata.continue_
            if not token or limit:
                return found, int(answer.metadata.resourceVersion or 0)

    def watch(
        self,
        resource: Resource,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        revision: int = 0,
    ) -> Stream:
        """Stream of ``WatchBatch`` of what happened after ``revision``, with bookmarks."""
        query = _selectors(label_selector, field_selector)
        query["allowWatchBookmarks"] = "true"
        if revision:
            query["resourceVersion"] = str(revision)
        request = _request("watch", resource, namespace, query=query)
        return self.ctx.ref(self.server).stream(request)

    def fail_over(self, error: SteersmanError, server: str) -> None:
        """Tell that a request or stream at ``server`` failed: the next goes elsewhere if that may
        help. Of many that fail together only the first moves on."""
        if server == self.server and retries.should_switch(error):
            following = self.servers.index(server) + 1
            self._current = self.servers[following % len(self.servers)]

    def come_home(self) -> None:
        """Ask the preferred server again, whatever was wrong with it."""
        self._current = self.servers[0]

    async def create(
        self,
        resource: Resource,
        obj: Object,
        namespace: str | None = None,
        name: str = "",
        subresource: str = "",
    ) -> Object:
        """Create ``obj``; with ``subresource`` post it there (``name`` then says to which object).

        An object with only a generateName gets its name here, so that a try whose outcome is
        unknown can be repeated without making two.
        """
        meta = obj.get("metadata") or {}
        where = (meta.get("namespace") or "") if namespace is None else namespace
        if subresource:
            request = _request("create", resource, where, name, subresource, obj)
            return await self._object(request, "unsafe")
        if meta.get("name") or not meta.get("generateName"):
            return await self._create_named(resource, obj, where)
        for attempt in range(NAME_TRIES):
            named = {**obj, "metadata": {**meta, "name": self._make_name(meta["generateName"])}}
            try:
                return await self._create_named(resource, named, where)
            except StatusError as error:
                if error.reason != "AlreadyExists" or attempt == NAME_TRIES - 1:
                    raise
        raise AssertionError("unreachable: the last try raises")

    async def _create_named(self, resource: Resource, obj: Object, namespace: str) -> Object:
        request = _request("create", resource, namespace, body=obj, query=self._owner())
        unknown = False

        def note_unknown(error: SteersmanError) -> None:
            nonlocal unknown
            unknown = unknown or not retries.is_outcome_known(error)

        try:
            return await self._object(request, "safe", note_unknown)
        except StatusError as error:
            if not (unknown and error.reason == "AlreadyExists"):
                raise
            # An earlier try of this very call may have made it: it is ours if it says the same.
            name = str((obj.get("metadata") or {}).get("name", ""))
            existing = await self.get(resource, namespace, name)
            if _owner_uids(existing) != _owner_uids(obj):
                raise
            return existing

    async def update(self, resource: Resource, obj: Object, subresource: str = "") -> Object:
        """Replace the object; 409 Conflict if its resourceVersion is not the present one."""
        meta = obj["metadata"]
        request = _request(
            "update",
            resource,
            meta.get("namespace") or "",
            meta["name"],
            subresource,
            obj,
            self._owner(),
        )
        return await self._object(request, "safe" if meta.get("resourceVersion") else "unsafe")

    async def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        patch: PatchBody,
        content_type: str = MERGE_PATCH,
        subresource: str = "",
        force: bool = False,
    ) -> Object:
        """Patch one object. ``force`` takes fields over (server-side apply)."""
        body = patch if isinstance(patch, bytes) else orjson.dumps(patch)
        query = self._owner()
        if force:
            query["force"] = "true"
        request = msgspec.structs.replace(
            _request("patch", resource, namespace, name, subresource, query=query),
            body=body,
            content_type=content_type,
        )
        return await self._object(request, "unsafe" if content_type == JSON_PATCH else "safe")

    async def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        uid: str = "",
        grace: int | None = None,
        propagation: str = "",
        version: str = "",
    ) -> Object:
        """Delete one object, only if its uid is ``uid`` (when given). ``grace``: seconds.

        ``propagation``: Background, Foreground or Orphan ('': the server's default). ``version``:
        only while that is its resourceVersion.
        """
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions"}
        wanted = {"uid": uid, "resourceVersion": version}
        if uid or version:
            options["preconditions"] = {key: value for key, value in wanted.items() if value}
        if grace is not None:
            options["gracePeriodSeconds"] = grace
        if propagation:
            options["propagationPolicy"] = propagation
        request = _request("delete", resource, namespace, name, body=options)
        return await self._object(request, "safe" if uid else "unsafe")

    async def delete_collection(self, resource: Resource, namespace: str) -> None:
        """Delete all objects of a namespace."""
        await self._call(_request("deletecollection", resource, namespace), "safe")

    async def _object(
        self,
        request: ApiRequest,
        repeat: retries.Repeat,
        on_fault: Callable[[SteersmanError], None] | None = None,
    ) -> Object:
        response = await self._call(request, repeat, on_fault)
        if not response.body:
            return {}
        decoded: Object = orjson.loads(response.body)
        return decoded

    async def _call(
        self,
        request: ApiRequest,
        repeat: retries.Repeat,
        on_fault: Callable[[SteersmanError], None] | None = None,
    ) -> ApiResponse:
        """Send, fail over, send again as the rules in ``retries`` allow."""
        if request.verb not in ("get", "list", "watch"):
            request = msgspec.structs.replace(request, fence=self._fence())
        if request.subresource == "eviction":
            repeat = "unsafe"
        loop = asyncio.get_running_loop()
        until = loop.time() + CALL_SECONDS
        attempt = 0
        while True:
            server = self.server
            try:
                answer = await self.ctx.ref(server).ask(request, timeout=REQUEST_SECONDS)
                assert isinstance(answer, ApiResponse), answer
                return answer
            except SteersmanError as error:
                self.fail_over(error, server)
                blocked = request.subresource == "eviction" and isinstance(error, StatusError)
                if blocked or not retries.may_repeat(error, repeat):
                    raise
                if on_fault is not None:
                    on_fault(error)
                pause = retries.backoff(attempt, self.ctx.world.entropy.random())
                pause = max(pause, min(retries.retry_after(error), retries.BACKOFF_MAX_SECONDS))
                if loop.time() + pause >= until:
                    raise
            attempt += 1
            await asyncio.sleep(pause)

    def _owner(self) -> dict[str, str]:
        return {"fieldManager": self._manager} if self._manager else {}

    def _make_name(self, prefix: str) -> str:
        suffix = random_suffix(self.ctx.world.entropy.choice)
        return prefix[: 63 - SUFFIX_LENGTH] + suffix


def _request(
    verb: Verb,
    resource: Resource,
    namespace: str = "",
    name: str = "",
    subresource: str = "",
    body: Object | None = None,
    query: dict[str, str] | None = None,
) -> ApiRequest:
    return ApiRequest(
        verb=verb,
        resource=resource.plural,
        group=resource.group,
        version=resource.version,
        namespace=namespace,
        name=name,
        subresource=subresource,
        query=query or {},
        body=b"" if body is None else orjson.dumps(body),
    )


def _selectors(label_selector: str, field_selector: str) -> dict[str, str]:
    query = {}
    if label_selector:
        query["labelSelector"] = label_selector
    if field_selector:
        query["fieldSelector"] = field_selector
    return query


def _owner_uids(obj: Object) -> list[str]:
    owners = (obj.get("metadata") or {}).get("ownerReferences") or ()
    return sorted(str(owner.get("uid")) for owner in owners)
