"""The operator's paths by HTTPS: who may, what the store is asked, what its refusals look like."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from actors.apiserver.operations import PATHS
from actors.kit.actor import Delivery, Sink
from cluster import errors
from cluster.errors import SteersmanError
from cluster.messages.base import Done, Message
from cluster.messages.store import (
    ChangeMembership,
    MembershipRequest,
    MembershipStatus,
    MemberStatus,
    Metrics,
    MetricsRequest,
    SnapshotPiece,
    SnapshotRead,
    TransferLeadership,
)
from tests.support.control_plane import ControlPlane, control_plane
from tests.unit.actors.apiserver.fake_store import FakeStore
from tests.unit.actors.apiserver.test_http_server import session, url

LEADER = MemberStatus("replica-1", "voter", 7, "replicate", 0.0, True)
STATUS = MembershipStatus((LEADER,), False, 3)
JSON = {"Content-Type": "application/json"}


class OperatedStore(FakeStore):
    """Answers what operators ask; ``fails``: with this error instead."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Message] = []
        self.fails: SteersmanError | None = None
        self.pieces = [b"head", b"x" * 100_000, b"tail"]
        self.breaks_after = len(self.pieces)

    async def handle(self, message: Message, delivery: Delivery) -> Message | None:
        match message:
            case MembershipRequest() | ChangeMembership():
                answer: Message = STATUS
            case TransferLeadership():
                answer = Done()
            case MetricsRequest():
                answer = Metrics(b"# TYPE steersman_store_term gauge\nsteersman_store_term 3.0\n")
            case _:
                return await super().handle(message, delivery)
        self.asked.append(message)
        if self.fails is not None:
            raise self.fails
        return answer

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        if not isinstance(message, SnapshotRead):
            await super().serve(message, sink, delivery)
            return
        for piece in self.pieces[: self.breaks_after]:
            await sink.send(SnapshotPiece(piece))
        if self.breaks_after < len(self.pieces):
            raise errors.NotLeader("the leader went away")


@pytest.fixture
def store() -> OperatedStore:
    return OperatedStore()


@pytest.fixture
async def door(tmp_path: Path, store: OperatedStore) -> AsyncIterator[ControlPlane]:
    async with control_plane(tmp_path, http=True, store=lambda settings: store) as started:
        yield started


async def call(plane: ControlPlane, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    data = None if body is None else orjson.dumps(body)
    where = url(plane, path)
    async with session(plane) as admin, admin.request(method, where, data=data, headers=JSON) as it:
        return it.status, orjson.loads(await it.read())


async def test_members_are_told_and_changed(door: ControlPlane, store: OperatedStore) -> None:
    code, told = await call(door, "GET", "/debug/store/members")
    assert (code, told["members"][0]["name"], told["joint"]) == (200, "replica-1", False)
    change = {"action": "add-learner", "member": "replica-4"}
    assert (await call(door, "POST", "/debug/store/members", change))[0] == 200
    voters = {"action": "replace", "voters": ["replica-1", "replica-2"]}
    assert (await call(door, "POST", "/debug/store/members", voters))[0] == 200
    assert (await call(door, "POST", "/debug/store/transfer", {"to": "replica-2"}))[0] == 200
    assert (await call(door, "POST", "/debug/store/transfer"))[0] == 200
    assert store.asked == [
        MembershipRequest(),
        ChangeMembership("add-learner", "replica-4"),
        ChangeMembership("replace", voters=("replica-1", "replica-2")),
        TransferLeadership("replica-2"),
        TransferLeadership(),
    ]


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (errors.StoreError("the learner lags: wait"), 409, "the learner lags: wait"),
        (errors.NotLeader("nobody took over in time"), 503, "nobody took over in time"),
        (errors.AskTimeout("late"), 504, "did not answer in time"),
        (errors.ActorDown("gone"), 503, "no leader"),
    ],
)
async def test_what_the_store_refuses_is_a_status(
    door: ControlPlane, store: OperatedStore, error: SteersmanError, code: int, text: str
) -> None:
    store.fails = error
    change = {"action": "promote", "member": "replica-4"}
    for path, body in (("members", change), ("transfer", {})):
        told_code, told = await call(door, "POST", f"/debug/store/{path}", body)
        assert (told_code, told["kind"]) == (code, "Status")
        assert text in told["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("members", {"action": "explode", "member": "x"}),
        ("members", {"member": "x"}),
        ("members", {"action": "remove", "member": 3}),
        ("members", [1]),
        ("transfer", {"too": "replica-1"}),
    ],
)
async def test_wrong_bodies_never_reach_the_store(
    door: ControlPlane, store: OperatedStore, path: str, body: Any
) -> None:
    code, told = await call(door, "POST", f"/debug/store/{path}", body)
    assert (code, told["reason"]) == (400, "BadRequest")
    assert store.asked == []


async def test_only_who_may_gets_in(door: ControlPlane, store: OperatedStore) -> None:
    async with session(door) as admin:
        for path in PATHS:
            headers = {"Impersonate-User": "eve"}
            async with admin.get(url(door, path), headers=headers) as answer:
                assert answer.status == 403, path
        async with admin.delete(url(door, "/metrics")) as answer:
            assert answer.status == 405
    assert store.asked == []


async def test_a_scraper_needs_the_url_and_nothing_else(door: ControlPlane) -> None:
    """RBAC as Prometheus' own manifests grant it: nonResourceURLs /metrics, verb get."""
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "scraper"},
        "rules": [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}],
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "scraper"},
        "subjects": [
            {"kind": "User", "name": "scraper", "apiGroup": "rbac.authorization.k8s.io"}
        ],
        "roleRef": {
            "kind": "ClusterRole", "name": "scraper", "apiGroup": "rbac.authorization.k8s.io",
        },
    }  # fmt: skip
    group = "/apis/rbac.authorization.k8s.io/v1"
    assert (await call(door, "POST", f"{group}/clusterroles", role))[0] == 201
    assert (await call(door, "POST", f"{group}/clusterrolebindings", binding))[0] == 201
    async with session(door) as admin:
        headers = {"Impersonate-User": "scraper"}
        for _ in range(100):
            async with admin.get(url(door, "/metrics"), headers=headers) as answer:
                if answer.status == 200:
                    break
        assert answer.status == 200
        async with admin.get(url(door, "/debug/store/members"), headers=headers) as answer:
            assert answer.status == 403


async def metrics(plane: ControlPlane) -> dict[str, float]:
    async with session(plane) as admin, admin.get(url(plane, "/metrics")) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = await answer.text()
    families = text_string_to_metric_families(text)
    return {sample.name: sample.value for family in families for sample in family.samples}


async def test_metrics_are_the_store_s_and_the_process_s(
    door: ControlPlane, store: OperatedStore
) -> None:
    found = await metrics(door)
    assert found["steersman_store_term"] == 3
    assert found["process_resident_memory_bytes"] > 1 << 20
    store.fails = errors.ActorDown("gone")
    found = await metrics(door)
    assert "steersman_store_term" not in found
    assert found["process_resident_memory_bytes"] > 1 << 20


async def test_a_snapshot_comes_whole_or_visibly_broken(
    door: ControlPlane, store: OperatedStore
) -> None:
    path = url(door, "/debug/store/snapshot")
    async with session(door) as admin:
        async with admin.get(path) as answer:
            assert await answer.read() == b"".join(store.pieces)
        store.breaks_after = 2
        with pytest.raises(aiohttp.ClientPayloadError):
            async with admin.get(path) as answer:
                await answer.read()
        store.breaks_after = 0
        async with admin.get(path) as answer:
            assert answer.status == 503
            assert "the leader went away" in orjson.loads(await answer.read())["message"]
