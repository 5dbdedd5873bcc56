"""A captured node that speaks messages itself: forged senders, paths that no URL can hold, and the
actors behind the API server.

Who it is says its certificate (here: the transport), whatever it writes into its messages.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from actors.kit.ref import Ref
from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from actors.kit.transports.memory import MemoryNetwork
from actors.kit.world.memory import SeededEntropy
from actors.kit.world.memory_disk import SimDisk
from actors.kit.world.real import RealClock, RealEntropy
from actors.kit.world.world import World
from cluster import names
from cluster.errors import ActorDown, PeerFault, StatusError
from cluster.messages.apiserver import ApiRequest, ApiResponse, SettingsChanged
from cluster.messages.base import Message
from cluster.messages.store import (
    ChangeMembership,
    HandOver,
    MembershipRequest,
    Put,
    Range,
    SnapshotRead,
    TransferLeadership,
    Txn,
)
from cluster.settings import NodeSettings
from tests.support.control_plane import REPLICA, ControlPlane, control_plane

pytestmark = pytest.mark.asyncio(loop_scope="module")

NODE = "n1"
OWN = (f"kubelet@{NODE}", f"apiserver@{NODE}", f"controllers/deployment@{NODE}")
FORGED = (f"apiserver/test@{REPLICA}", f"controllers@{REPLICA}", f"store@{REPLICA}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sides(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[ControlPlane, ActorSystem]]:
    """A control plane, and a process that has the certificate of node n1."""
    wires = MemoryNetwork(SeededEntropy(1), latency=(0.0, 0.001))
    node = NodeSettings(NODE, "a", "10.245.0.1", "127.0.0.1:7101", "10.244.1.0/24", share=0.5)
    folder: Path = tmp_path_factory.mktemp("messages")
    transport = wires.transport(REPLICA)
    async with control_plane(folder, nodes=(node,), transport=transport) as plane:
        world = World(RealClock(), RealEntropy(), SimDisk())
        at_node = wires.transport(NODE, f"system:node:{NODE}", (names.GROUP_NODES,))
        async with actor_system(NODE, world=world, transport=at_node) as system:
            for name in ("mine", "treasure"):
                await plane.create("secrets", {"metadata": {"name": name}}, "default")
            spec: dict[str, Any] = {
                "nodeName": NODE,
                "containers": [{"name": "c", "image": "x"}],
                "volumes": [{"name": "v", "secret": {"secretName": "mine"}}],
            }
            await plane.create("pods", {"metadata": {"name": "own"}, "spec": spec}, "default")
            other = {**spec, "nodeName": "n2", "volumes": []}
            await plane.create("pods", {"metadata": {"name": "other"}, "spec": other}, "default")
            yield plane, system


def api(system: ActorSystem, sender: str = OWN[0]) -> Ref:
    return system.ref(names.address(names.APISERVER, REPLICA), sender=sender)


async def code(ref: Ref, request: ApiRequest) -> int:
    try:
        answer = await ref.ask(request, 5.0)
    except StatusError as error:
        return error.code
    assert isinstance(answer, ApiResponse)
    return answer.code


async def test_whatever_its_actor_is_called_it_is_the_node(
    sides: tuple[ControlPlane, ActorSystem],
) -> None:
    _, system = sides
    rbac = "rbac.authorization.k8s.io"
    for sender in OWN:
        ref = api(system, sender)
        for request in (
            ApiRequest("get", "secrets", namespace="default", name="treasure"),
            ApiRequest("list", "secrets"),
            ApiRequest("list", "pods"),
            ApiRequest("get", "pods", namespace="default", name="other"),
            ApiRequest("delete", "nodes", name="n1"),
            ApiRequest("list", "clusterroles", rbac),
            ApiRequest("create", "clusterrolebindings", rbac, body=b"{}"),
        ):
            assert await code(ref, request) == 403, (sender, request)
        own = ApiRequest("get", "secrets", namespace="default", name="mine")
        assert await code(ref, own) == 200
        body = orjson.dumps({"metadata": {}})
        review = ApiRequest("create", "selfsubjectreviews", "authentication.k8s.io", body=body)
        answer = await ref.ask(review, 5.0)
        assert isinstance(answer, ApiResponse)
        info = orjson.loads(answer.body)["status"]["userInfo"]
        assert info["username"] == f"system:node:{NODE}"
        assert info["groups"] == ["system:nodes", "system:authenticated"]


@pytest.mark.parametrize(
    "request_",
    [
        ApiRequest("get", "secrets", namespace="default", name="../default/treasure"),
        ApiRequest("get", "secrets", namespace="default/mine/..", name="treasure"),
        ApiRequest("list", "secrets", namespace="default", name="mine/../treasure"),
        ApiRequest("list", "secrets", name="mine"),
        ApiRequest("list", "secrets", namespace="", query={"fieldSelector": "metadata.name=mine"}),
        ApiRequest("list", "configmaps", namespace="default", name="kube-root-ca.crt/../x"),
        ApiRequest("get", "services", namespace="../secrets/default", name="treasure"),
        ApiRequest("get", "nodes", name="../secrets/default/treasure"),
        ApiRequest("get", "secrets", version="v1/../v1", namespace="default", name="treasure"),
        ApiRequest("get", "Secrets", namespace="default", name="treasure"),
        ApiRequest("get", "secrets", namespace="default", name="treasure", subresource="../mine"),
        ApiRequest("get", "../secrets", namespace="default", name="treasure"),
        ApiRequest("list", "pods", query={"fieldSelector": "spec.nodeName!=x\\,spec.nodeName=n1"}),
        ApiRequest("list", "pods", query={"fieldSelector": "spec.nodeName=n1,"}),
        ApiRequest("get", "pods", namespace="default", name="own", subresource="exec"),
        ApiRequest("create", "pods", namespace="default", name="own", subresource="exec"),
        ApiRequest("create", "pods", namespace="default", name="other", subresource="binding"),
    ],
)
async def test_words_that_no_url_could_hold(
    sides: tuple[ControlPlane, ActorSystem], request_: ApiRequest
) -> None:
    _, system = sides
    try:
        answer = await api(system).ask(request_, 5.0)
    except StatusError as error:
        assert error.code in (400, 403, 404), error
        return
    assert isinstance(answer, ApiResponse)
    assert b"treasure" not in answer.body and b'"name":"other"' not in answer.body


async def test_a_watch_is_judged_as_a_list(sides: tuple[ControlPlane, ActorSystem]) -> None:
    _, system = sides
    for request in (
        ApiRequest("watch", "secrets"),
        ApiRequest("watch", "secrets", name="mine"),
        ApiRequest("watch", "secrets", namespace="default", name="treasure"),
        ApiRequest("watch", "pods"),
        ApiRequest("watch", "pods", query={"fieldSelector": "spec.nodeName=n2"}),
    ):
        with pytest.raises(StatusError) as refused:
            async with api(system).stream(request) as stream:
                async for _ in stream:
                    raise AssertionError(request)
        assert refused.value.code in (400, 403), request


@pytest.mark.parametrize(
    "message",
    [
        Range("/registry/core/secrets/", "/registry/core/secrets0"),
        Txn(success=(Put("/registry/core/secrets/default/mine", b"{}"),)),
        MembershipRequest(),
        ChangeMembership("remove", REPLICA),
        TransferLeadership(NODE),
        HandOver(),
    ],
)
async def test_the_store_does_not_answer_a_node(
    sides: tuple[ControlPlane, ActorSystem], message: Message
) -> None:
    """And whoever forges its sender is no peer to go on with: the connection ends."""
    plane, system = sides
    for sender in (*OWN, *FORGED):
        ref = system.ref(names.address(names.STORE, REPLICA), sender=sender)
        with pytest.raises(PeerFault if sender in OWN else ActorDown):
            await ref.ask(message, 5.0)
    assert (await plane.get("secrets", "mine", "default"))["metadata"]["uid"]
    assert await eventually(system, "mine") == 200


async def test_the_store_streams_nothing_to_a_node(
    sides: tuple[ControlPlane, ActorSystem],
) -> None:
    _, system = sides
    for sender in (OWN[0], *FORGED):
        ref = system.ref(names.address(names.STORE, REPLICA), sender=sender)
        with pytest.raises(PeerFault if sender in OWN else ActorDown):
            async with ref.stream(SnapshotRead()) as stream:
                async for _ in stream:
                    raise AssertionError("a piece of the snapshot")
    assert await eventually(system, "mine") == 200


@pytest.mark.parametrize("sender", FORGED)
async def test_a_sender_of_another_process_ends_the_connection(
    sides: tuple[ControlPlane, ActorSystem], sender: str
) -> None:
    plane, system = sides
    stolen = ApiRequest("get", "secrets", namespace="default", name="treasure")
    with pytest.raises(ActorDown):
        await api(system, sender).ask(stolen, 5.0)
    api(system, sender).tell(SettingsChanged())
    assert (await plane.get("namespaces", "default"))["metadata"]["name"] == "default"
    assert await eventually(system, "treasure") == 403


async def eventually(system: ActorSystem, secret: str) -> int:
    """The API server's answer to the node itself, once it is connected again."""
    for _ in range(100):
        try:
            return await code(
                api(system), ApiRequest("get", "secrets", namespace="default", name=secret)
            )
        except ActorDown:
            await system.world.clock.sleep(0.02)
    raise AssertionError("the node is not connected again")
