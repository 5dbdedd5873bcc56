"""A small API server in memory for tests: objects with revisions, watches, conflicts, finalizers.

It knows the rules that clients and controllers rely on, and none of the schemas.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson

from actors.apiserver.schema_files import load_definitions
from actors.kit.actor import Actor, Delivery, Sink
from actors.kit.tracing import current_trace
from cluster.api.kind import Kind
from cluster.api.kind_table import BUILT_IN, KindTable
from cluster.api.patches import json_patch, merge_patch
from cluster.api.resources import NAMESPACES, Resource
from cluster.api.schema import Definitions
from cluster.api.selectors import parse_label_selector
from cluster.api.status import (
    Cause,
    already_exists,
    conflict,
    expired,
    not_found,
    resource_not_found,
    status_error,
)
from cluster.api.strategic import strategic_merge_patch
from cluster.api.types import Object
from cluster.errors import Fenced
from cluster.messages.apiserver import ApiRequest, ApiResponse, WatchBatch, WatchEvent
from cluster.messages.base import Message

Place = tuple[str, str]
Name = tuple[str, str]


@cache
def definitions() -> Definitions:
    """Compiled once for all tests."""
    return load_definitions()


@dataclass
class FakeState:
    """What all fake servers of one test share. ``fault``: called with each request; may raise."""

    revision: int = 1
    compacted: int = 0
    objects: dict[Place, dict[Name, Object]] = field(default_factory=dict)
    history: list[tuple[Place, WatchEvent]] = field(default_factory=list)
    requests: list[ApiRequest] = field(default_factory=list)
    fault: Callable[[ApiRequest], None] | None = None
    fault_after: Callable[[ApiRequest], None] | None = None
    fence: int = 0
    uids: int = 0
    now: Callable[[], str] = lambda: "2026-01-01T00:00:00Z"
    watch_delay: float = 0.0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    closed: int = 0
    kinds: KindTable = BUILT_IN

    def all(self, resource: Resource) -> list[Object]:
        return list(self.objects.get((resource.group, resource.plural), {}).values())

    def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        return self.objects.get((resource.group, resource.plural), {}).get((namespace, name))

    def writes(self, verb: str = "", resource: Resource | None = None) -> list[ApiRequest]:
        return [
            request
            for request in self.requests
            if request.verb not in ("get", "list", "watch")
            and verb in ("", request.verb)
            and (resource is None or request.resource == resource.plural)
        ]

    def put(self, resource: Resource, obj: Object) -> Object:
        """Write as a test, past all rules but revisions and uids."""
        place = (resource.group, resource.plural)
        meta = obj["metadata"]
        obj = orjson.loads(orjson.dumps(obj))
        obj.setdefault("apiVersion", resource.api_version)
        obj.setdefault("kind", resource.kind)
        name = (meta.get("namespace") or "", meta["name"])
        known = self.objects.setdefault(place, {}).get(name)
        if known is not None:
            for kept in ("uid", "creationTimestamp"):
                obj["metadata"].setdefault(kept, known["metadata"][kept])
        return self.store(place, name, obj, "MODIFIED" if known else "ADDED")

    def remove(self, resource: Resource, namespace: str, name: str) -> None:
        self.drop((resource.group, resource.plural), (namespace, name))

    def store(self, place: Place, name: Name, obj: Object, kind: str) -> Object:
        self.revision += 1
        meta = obj["metadata"]
        meta["resourceVersion"] = str(self.revision)
        if not meta.get("uid"):
            self.uids += 1
            meta["uid"] = f"uid-{self.uids}"
        meta.setdefault("creationTimestamp", self.now())
        self.objects.setdefault(place, {})[name] = obj
        self.emit(place, kind, obj)
        return obj

    def drop(self, place: Place, name: Name) -> None:
        obj = self.objects[place].pop(name)
        self.revision += 1
        last = {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(self.revision)}}
        self.emit(place, "DELETED", last)

    def emit(self, place: Place, kind: Any, obj: Object) -> None:
        event = WatchEvent(kind, orjson.dumps(obj), self.revision, current_trace())
        self.history.append((place, event))
        self.wake()

    def bookmark(self, resource: Resource) -> None:
        self.emit((resource.group, resource.plural), "BOOKMARK", {"metadata": {}})

    def compact(self) -> None:
        """Forget all history: watches from before are answered 410."""
        self.compacted = self.revision
        self.history.clear()

    def close_streams(self) -> None:
        self.closed += 1
        self.wake()

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class FakeApiServer(Actor):
    """One server; several may share a state."""

    def __init__(self, state: FakeState) -> None:
        self.state = state

    async def handle(self, message: Message, delivery: Delivery) -> Message:
        assert isinstance(message, ApiRequest)
        self.state.requests.append(message)
        if self.state.fault is not None:
            self.state.fault(message)
        if message.fence and message.fence < self.state.fence:
            raise Fenced("the term is over")
        kind = self.state.kinds.by_resource(message.group, message.version, message.resource)
        if kind is None and "." in message.group:
            raise resource_not_found()
        assert kind is not None, message
        answer = getattr(self, f"_{message.verb}")(message, kind)
        if self.state.fault_after is not None:
            self.state.fault_after(message)
        code = 201 if message.verb == "create" else 200
        return ApiResponse(code, orjson.dumps(answer))

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        assert isinstance(message, ApiRequest) and message.verb == "watch"
        state = self.state
        state.requests.append(message)
        if state.fault is not None:
            state.fault(message)
        closed = state.closed
        after = int(message.query.get("resourceVersion") or state.revision)
        while state.closed == closed:
            if after < state.compacted:
                raise expired()
            changed = state.changed
            place = (message.group, message.resource)
            found = [
                event
                for where, event in state.history
                if where == place and event.revision > after and _in_scope(event, message)
            ]
            if found:
                after = found[-1].revision
                if state.watch_delay:
                    await asyncio.sleep(state.watch_delay)
                await sink.send(WatchBatch(tuple(found)))
            else:
                await changed.wait()

    def _get(self, request: ApiRequest, kind: Kind) -> Object:
        found = self._table(request).get((request.namespace, request.name))
        if found is None:
            raise not_found(kind, request.name)
        return found

    def _list(self, request: ApiRequest, kind: Kind) -> Object:
        selector = parse_label_selector(request.query.get("labelSelector", ""))
        items = [
            obj
            for (namespace, _), obj in self._table(request).items()
            if request.namespace in ("", namespace)
            and selector.matches(obj["metadata"].get("labels"))
        ]
        start = int(request.query.get("continue") or 0)
        limit = int(request.query.get("limit") or 0) or len(items)
        meta: Object = {"resourceVersion": str(self.state.revision)}
        if start + limit < len(items):
            meta["continue"] = str(start + limit)
        return {"kind": "List", "metadata": meta, "items": items[start : start + limit]}

    def _create(self, request: ApiRequest, kind: Kind) -> Object:
        obj = orjson.loads(request.body)
        meta = obj["metadata"]
        if kind.namespaced:
            meta["namespace"] = request.namespace
            self._check_namespace(request, kind)
        obj.setdefault("apiVersion", kind.api_version)
        obj.setdefault("kind", kind.kind)
        name = (request.namespace, meta["name"])
        if name in self._table(request):
            raise already_exists(kind, meta["name"])
        meta["generation"] = 1
        if kind.kind == "Namespace":
            obj.setdefault("spec", {}).setdefault("finalizers", ["kubernetes"])
        if kind.kind != "Pod":
            obj.pop("status", None)
        else:
            obj["status"] = {"phase": "Pending"}
        return self.state.store(_place(request), name, obj, "ADDED")

    def _update(self, request: ApiRequest, kind: Kind) -> Object:
        return self._replace(request, kind, orjson.loads(request.body))

    def _patch(self, request: ApiRequest, kind: Kind) -> Object:
        old, patch = self._get(request, kind), orjson.loads(request.body)
        if request.content_type == "application/strategic-merge-patch+json":
            changed = strategic_merge_patch(old, patch, definitions().schema_for(kind.definition))
        elif request.content_type == "application/json-patch+json":
            changed = json_patch(old, patch)
        else:
            changed = merge_patch(old, patch)
        return self._replace(request, kind, changed)

    def _replace(self, request: ApiRequest, kind: Kind, new: Object) -> Object:
        old = self._get(request, kind)
        meta, before = dict(new["metadata"]), old["metadata"]
        for field_name in ("resourceVersion", "uid"):
            if meta.get(field_name) not in (None, "", before[field_name]):
                raise conflict(kind, request.name)
        fixed = ("uid", "creationTimestamp", "deletionTimestamp", "generation", "namespace")
        meta.update({name: before[name] for name in fixed if name in before})
        if request.subresource == "status":
            result = {**old, "metadata": {**before}, "status": new.get("status")}
        elif request.subresource == "finalize":
            result = {**old, "metadata": {**before}, "spec": new["spec"]}
        else:
            result = {**new, "metadata": meta}
            result.pop("status", None)
            if "status" in old:
                result["status"] = old["status"]
            if result.get("spec") != old.get("spec"):
                result["metadata"]["generation"] = int(before.get("generation") or 0) + 1
        if _same(result, old):
            return old
        name = (request.namespace, request.name)
        stored = self.state.store(_place(request), name, result, "MODIFIED")
        if _may_go(stored):
            self.state.drop(_place(request), name)
        return stored

    def _delete(self, request: ApiRequest, kind: Kind) -> Object:
        options = orjson.loads(request.body) if request.body else {}
        old = self._get(request, kind)
        wanted = options.get("preconditions") or {}
        for key, word in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
            if wanted.get(key, old["metadata"][key]) != old["metadata"][key]:
                why = f"the {word} in the precondition does not match"
                raise conflict(kind, request.name, why)
        finalizers = list(old["metadata"].get("finalizers") or ())
        policy = options.get("propagationPolicy", "")
        extra = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}.get(policy)
        if extra and extra not in finalizers:
            finalizers.append(extra)
        name = (request.namespace, request.name)
        grace = options.get("gracePeriodSeconds")
        is_bound = kind.kind == "Pod" and (old.get("spec") or {}).get("nodeName")
        waits = (
            is_bound and grace != 0 and old["status"].get("phase") not in ("Failed", "Succeeded")
        )
        meta = {**old["metadata"], "finalizers": finalizers}
        meta.setdefault("deletionTimestamp", self.state.now())
        if not finalizers:
            del meta["finalizers"]
        marked = {**old, "metadata": meta}
        if kind.kind == "Namespace":
            marked["status"] = {"phase": "Terminating"}
        if kind.kind == "Pod" and not waits:
            meta["deletionGracePeriodSeconds"] = 0
        if waits or not _may_go(marked):
            if _same(marked, old):
                return old
            return self.state.store(_place(request), name, marked, "MODIFIED")
        self.state.drop(_place(request), name)
        return {"kind": "Status", "status": "Success"}

    def _deletecollection(self, request: ApiRequest, kind: Kind) -> Object:
        for namespace, name in list(self._table(request)):
            if namespace == request.namespace:
                self.state.drop(_place(request), (namespace, name))
        return {"kind": "Status", "status": "Success"}

    def _table(self, request: ApiRequest) -> dict[Name, Object]:
        return self.state.objects.setdefault(_place(request), {})

    def _check_namespace(self, request: ApiRequest, kind: Kind) -> None:
        namespace = self.state.find(NAMESPACES, "", request.namespace)
        if namespace is not None and namespace["metadata"].get("deletionTimestamp"):
            cause = Cause("metadata.namespace", "NamespaceTerminating", "is being terminated")
            raise status_error(403, "Forbidden", "namespace is being terminated", causes=[cause])


def _place(request: ApiRequest) -> Place:
    return request.group, request.resource


def _in_scope(event: WatchEvent, request: ApiRequest) -> bool:
    if event.kind == "BOOKMARK" or not request.namespace:
        return True
    obj: Object = orjson.loads(event.object)
    return bool(obj["metadata"].get("namespace") == request.namespace)


def _may_go(obj: Object) -> bool:
    meta = obj["metadata"]
    if not meta.get("deletionTimestamp") or meta.get("finalizers"):
        return False
    if obj.get("kind") == "Pod" and (obj.get("spec") or {}).get("nodeName"):
        return bool(meta.get("deletionGracePeriodSeconds") == 0)
    return not (obj.get("kind") == "Namespace" and (obj.get("spec") or {}).get("finalizers"))


def _same(one: Object, other: Object) -> bool:
    def bare(obj: Object) -> Object:
        meta = {**obj["metadata"], "resourceVersion": "", "generation": 0}
        return {**obj, "metadata": meta}

    return bare(one) == bare(other)


def pod(name: str, namespace: str = "default", **status: Any) -> Object:
    """A small pod for tests."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [{"name": "main", "image": "web"}]},
        "status": {"phase": "Pending", **status},
    }
