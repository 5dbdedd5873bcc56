"""A cluster that is one table of objects: as much of Kubernetes as a scenario's workload needs.

Controllers act at once; what a test plants (``lies``) is told to clients instead of the truth.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Any

import orjson

from cluster.chaos.observations import Container, Forwarded, StoreSeen, Visit
from cluster.chaos.orders import Active, Healed, Order, View
from cluster.chaos.picking import OWNING_SERVICE
from cluster.errors import ActorDown, StatusError
from cluster.messages.apiserver import ApiRequest
from deploy.chaos.ground import ASK_SECONDS, Event, Object
from deploy.chaos.hands import Hindered

Key = tuple[str, str, str]
ADDRESS = "10.96.0.9"


class FakeGround:
    """``down``: replicas that do not answer. ``lies``: by verb and resource, what is done to the
    answer (or the request) of a plain cluster."""

    replicas = ("r1", "r2", "r3")
    nodes = ("n1", "n2")

    def __init__(self) -> None:
        self.revision = 10
        self.objects: dict[Key, Object] = {}
        self.log: list[tuple[str, Object, str, int]] = []
        self.news = asyncio.Condition()
        self.down: set[str] = set()
        self.leader, self.term = "r1", 1
        self.lies: dict[tuple[str, str], Callable[[ApiRequest, Any], Any]] = {}
        self.mute_events: Callable[[Event], bool] = lambda event: False
        self.more_containers: list[Container] = []
        self.failing: Callable[[], str] = lambda: ""
        self.answering: Callable[[list[str]], str] = lambda pods: pods[0]
        self.chains: list[tuple[str, float, float]] = []
        self._count = itertools.count(1)
        for node in self.nodes:
            ready = {"type": "Ready", "status": "True"}
            self._put("nodes", {"metadata": {"name": node}, "spec": {},
                                "status": {"conditions": [ready]}})  # fmt: skip

    def wall(self) -> float:
        return 1000.0 + asyncio.get_running_loop().time()

    # -- the API

    async def ask(self, request: ApiRequest, turn: int, seconds: float = ASK_SECONDS) -> Object:
        await asyncio.sleep(0.005)
        if self.replicas[turn % 3] in self.down:
            await asyncio.sleep(0.5)
            raise ActorDown("no answer")
        lie = self.lies.get((request.verb, request.resource))
        if lie is not None:
            found = lie(request, lambda: self._carry_out(request))
        else:
            found = self._carry_out(request)
        async with self.news:
            self.news.notify_all()
        return orjson.loads(orjson.dumps(found))  # type: ignore[no-any-return] # JSON

    def _carry_out(self, request: ApiRequest) -> Object:
        key = (request.resource, request.namespace, request.name)
        match request.verb:
            case "list":
                return self._list(request)
            case "get":
                return self._get(key)
            case "create" if request.subresource == "eviction":
                self._get(key)
                self._remove(key)
            case "create":
                body = orjson.loads(request.body)
                if (request.resource, request.namespace, body["metadata"]["name"]) in self.objects:
                    raise _refused(409, "AlreadyExists", body["metadata"]["name"])
                return self._put(request.resource, body, request.namespace)
            case "update":
                body = orjson.loads(request.body)
                old = self._get(key)["metadata"]
                if body["metadata"].get("resourceVersion") != old["resourceVersion"]:
                    raise _refused(409, "Conflict", request.name)
                return self._put(request.resource, body, request.namespace)
            case "patch":
                obj = orjson.loads(orjson.dumps(self._get(key)))
                _merge(obj, orjson.loads(request.body))
                return self._put(request.resource, obj, request.namespace)
            case "delete":
                self._get(key)
                self._remove(key)
                for other in [one for one in self.objects if one[1] == request.name]:
                    if request.resource == "namespaces":
                        self._remove(other)
        self._control()
        return {}

    def _get(self, key: Key) -> Object:
        if key not in self.objects:
            raise _refused(404, "NotFound", key[2])
        return self.objects[key]

    def _list(self, request: ApiRequest) -> Object:
        resource, space = request.resource, request.namespace
        items = [
            obj
            for (kind, namespace, _), obj in self.objects.items()
            if kind == resource and space in ("", namespace)
        ]
        if resource == "endpointslices":
            items = self._slices(space)
        return {"metadata": {"resourceVersion": str(self.revision)}, "items": items}

    def _put(self, resource: str, obj: Object, namespace: str = "") -> Object:
        meta = obj["metadata"]
        key = (resource, namespace, meta["name"])
        kind = "MODIFIED" if key in self.objects else "ADDED"
        self.revision += 1
        meta.update(namespace=namespace, resourceVersion=str(self.revision))
        meta.setdefault("uid", f"uid-{next(self._count)}")
        meta["generation"] = meta.get("generation", 0) + 1
        if resource == "services":
            obj["spec"].setdefault("clusterIP", ADDRESS)
        self.objects[key] = obj
        self.log.append((resource, orjson.loads(orjson.dumps(obj)), kind, self.revision))
        if resource == "pods":
            self._tell_slice(namespace, meta["labels"]["app"])
        if resource in ("deployments", "statefulsets"):
            self._control()
        return obj

    def _remove(self, key: Key) -> None:
        obj = self.objects.pop(key)
        self.revision += 1
        last = orjson.loads(orjson.dumps(obj))
        last["metadata"]["resourceVersion"] = str(self.revision)
        self.log.append((key[0], last, "DELETED", self.revision))
        if key[0] == "pods":
            self._tell_slice(key[1], obj["metadata"]["labels"]["app"])

    # -- controllers

    def _control(self) -> None:
        for (resource, space, name), obj in list(self.objects.items()):
            if resource in ("deployments", "statefulsets"):
                size = obj["spec"]["replicas"]
                self._make_pods(space, name, size)
                obj["status"] = dict.fromkeys(
                    ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), size
                )
                obj["status"]["observedGeneration"] = obj["metadata"]["generation"]

    def _make_pods(self, space: str, app: str, size: int) -> None:
        wanted = {f"{app}-{ordinal}" for ordinal in range(size)}
        have = {
            key[2]
            for key, obj in self.objects.items()
            if key[0] == "pods" and key[1] == space and obj["metadata"]["labels"]["app"] == app
        }
        for name in sorted(have - wanted):
            self._remove(("pods", space, name))
        for name in sorted(wanted - have):
            number = next(self._count)
            self._put("pods", {
                "metadata": {"name": name, "labels": {"app": app}},
                "spec": {"nodeName": self.nodes[number % 2], "containers": [{"image": "i"}]},
                "status": {"podIP": f"10.1.0.{number}",
                           "conditions": [{"type": "Ready", "status": "True"}]},
            }, space)  # fmt: skip

    def _slices(self, space: str) -> list[Object]:
        apps = [key[2] for key in self.objects if key[:2] == ("services", space)]
        return [self._slice(space, app) for app in apps]

    def _slice(self, space: str, app: str) -> Object:
        pods = [
            pod
            for (kind, namespace, _), pod in self.objects.items()
            if kind == "pods" and namespace == space and pod["metadata"]["labels"]["app"] == app
        ]
        return {
            "metadata": {"name": app, "namespace": space, "labels": {OWNING_SERVICE: app},
                         "resourceVersion": str(self.revision)},
            "endpoints": [{
                "addresses": [pod["status"]["podIP"]],
                "targetRef": {"uid": pod["metadata"]["uid"], "name": pod["metadata"]["name"]},
            } for pod in pods],
        }  # fmt: skip

    def _tell_slice(self, space: str, app: str) -> None:
        self.revision += 1
        self.log.append(("endpointslices", self._slice(space, app), "MODIFIED", self.revision))

    # -- watches

    @asynccontextmanager
    async def watch(self, request: ApiRequest, turn: int) -> AsyncIterator[AsyncIterator[Event]]:
        async with aclosing(self._events(request, self.replicas[turn % 3])) as events:
            yield events

    async def _events(self, request: ApiRequest, replica: str) -> AsyncIterator[Event]:
        after, position = int(request.query["resourceVersion"]), 0
        while True:
            for resource, obj, kind, revision in self.log[position:]:
                position += 1
                event = Event(kind, obj, revision)
                mine = resource == request.resource and obj["metadata"]["namespace"] == (
                    request.namespace
                )
                if mine and revision > after and not self.mute_events(event):
                    if replica in self.down:
                        raise ActorDown("the stream broke")
                    yield event
            async with self.news:
                await self.news.wait()

    # -- the rest of the ground

    async def visit(self, service: Object, turn: int) -> Visit | None:
        now, name = asyncio.get_running_loop().time(), service["metadata"]["name"]
        pods = [
            pod["metadata"]["uid"]
            for key, pod in self.objects.items()
            if key[0] == "pods" and pod["metadata"]["labels"]["app"] == name
        ]
        pod = self.answering(pods)
        return Visit(name, now, now + 0.01, self.failing(), "n1", "n1", pod=pod)

    async def stores(self) -> list[StoreSeen]:
        return [
            StoreSeen(name, "leader" if name == self.leader else "follower", self.term,
                      self.revision, self.revision, "same")
            for name in self.replicas
            if name not in self.down
        ]  # fmt: skip

    async def containers(self) -> list[Container] | None:
        pods = [obj for key, obj in self.objects.items() if key[0] == "pods"]
        return [
            Container(pod["spec"]["nodeName"], f"c-{pod['metadata']['uid']}",
                      pod["metadata"]["uid"], pod["metadata"]["namespace"],
                      pod["metadata"]["name"], "main", True)
            for pod in pods
        ] + self.more_containers  # fmt: skip

    async def forwards(self) -> list[Forwarded] | None:
        return None

    async def chain(self, subject: str, since: float, until: float) -> list[str]:
        self.chains.append((subject, since, until))
        return [f"what caused {subject}"]


class FakeHands:
    """Kills replicas of a ``FakeGround``. ``doubtful``: verbs whose effect cannot be
    proven; ``also``: what else happens with each."""

    def __init__(self, ground: FakeGround) -> None:
        self.ground = ground
        self.standing: list[Active] = []
        self.done: list[tuple[float, str]] = []
        self.doubtful: set[str] = set()
        self.impossible = False
        # Seconds (of the loop) until which an engine does not answer.
        self.hindered = 0.0
        self.also: Callable[[], None] = lambda: None

    async def view(self) -> View:
        return View({name: name for name in self.ground.replicas}, {}, self.ground.leader)

    async def inject(self, order: Order, seed: int = 0) -> Active:
        if self.impossible:
            raise ValueError("nobody leads")
        now = asyncio.get_running_loop().time()
        if now < self.hindered:
            raise Hindered("the engine does not answer")
        self.also()
        target = self.ground.leader if order.target == "leader" else order.target
        self.done.append((round(now, 2), f"{order.verb} {target}"))
        with self._leading():
            self.ground.down.add(target)
        doubt = "it answers still" if order.verb in self.doubtful else ""
        active = Active(
            f"{order.verb}-{len(self.done)}", order, (target,), since=now,
            proof="" if doubt else f"{target} does not answer", doubt=doubt,
        )  # fmt: skip
        self.standing.append(active)
        return active

    @contextmanager
    def _leading(self) -> Iterator[None]:
        yield
        if self.ground.leader in self.ground.down:
            self.ground.term += 1
            up = [name for name in self.ground.replicas if name not in self.ground.down]
            self.ground.leader = up[0] if up else ""

    async def heal(self, active: Active) -> Healed:
        self.ground.down.discard(active.names[0])
        self.standing = [one for one in self.standing if one.name != active.name]
        return Healed(active, asyncio.get_running_loop().time(), "it answers")

    async def active(self) -> list[Active]:
        return list(self.standing)


def _merge(target: Object, patch: Object) -> None:
    for key, value in patch.items():
        if isinstance(value, dict):
            _merge(target.setdefault(key, {}), value)
        else:
            target[key] = value


def _refused(code: int, reason: str, name: str) -> StatusError:
    return StatusError({"code": code, "reason": reason, "message": f"{name}: {reason}"})
