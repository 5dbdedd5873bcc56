"""Subresources through the chain, on the real store."""

from typing import Any

import orjson
import pytest

from actors.apiserver.subresources.table import handler_of
from actors.kit.actor import Actor, Delivery, Sink
from cluster.api.kinds import SERVED
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from cluster.messages.base import Message
from cluster.messages.kubelet import LogChunk, ReadLogs
from tests.support.control_plane import REPLICA, ControlPlane

POD: dict[str, Any] = {
    "metadata": {"name": "p"},
    "spec": {"containers": [{"name": "c", "image": "nginx"}]},
}


def post(resource: str, name: str, part: str, body: dict[str, Any], **more: str) -> ApiRequest:
    return ApiRequest(
        "create",
        resource,
        namespace="default",
        name=name,
        subresource=part,
        body=orjson.dumps(body),
        **more,  # type: ignore[arg-type]
    )


def test_whatever_is_advertised_has_a_handler() -> None:
    for kind in SERVED:
        for name in kind.subresources:
            assert handler_of(kind, name) is not None, f"{kind.plural}/{name}"


async def test_binding_and_eviction(plane: ControlPlane) -> None:
    await plane.create("pods", POD, "default")
    binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n1"}}
    assert (await plane.ask(post("pods", "p", "binding", binding))).code == 201
    assert (await plane.get("pods", "p", "default"))["spec"]["nodeName"] == "n1"
    with pytest.raises(StatusError) as twice:
        await plane.ask(post("pods", "p", "binding", binding))
    assert twice.value.code == 409
    eviction = {"metadata": {"name": "p"}}
    with pytest.raises(StatusError, match="does not match name in Eviction object"):
        await plane.ask(post("pods", "p", "eviction", {"metadata": {"name": "q"}}))
    assert (await plane.ask(post("pods", "p", "eviction", eviction))).code == 201
    assert (await plane.get("pods", "p", "default"))["metadata"]["deletionTimestamp"]


async def test_the_older_door_to_bindings(plane: ControlPlane) -> None:
    await plane.create("pods", POD, "default")
    body = {"metadata": {"name": "p"}, "target": {"name": "n1"}}
    request = ApiRequest("create", "bindings", namespace="default", body=orjson.dumps(body))
    assert (await plane.ask(request)).code == 201
    assert (await plane.get("pods", "p", "default"))["spec"]["nodeName"] == "n1"


async def test_scale(plane: ControlPlane) -> None:
    deployment = {
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "x"}]},
            },
        },
    }
    await plane.create("deployments", deployment, "default", "apps")
    scaled = await plane.patch(
        "deployments", "web", {"spec": {"replicas": 3}}, "default", "apps", "scale"
    )
    assert (scaled["kind"], scaled["spec"]) == ("Scale", {"replicas": 3})
    request = ApiRequest(
        "get",
        "deployments",
        "apps",
        namespace="default",
        name="web",
        subresource="scale",
        accept="application/json;as=Table;v=v1;g=meta.k8s.io",
    )
    table = orjson.loads((await plane.ask(request)).body)
    shown = [column["name"] for column in table["columnDefinitions"]]
    assert shown == ["Name", "Desired", "Available", "Age"]
    assert table["rows"][0]["cells"][:3] == ["web", 3, 0]
    live = await plane.get("deployments", "web", "default", "apps")
    assert (live["spec"]["replicas"], live["metadata"]["generation"]) == (3, 2)


async def test_tokens_prove_their_account_while_it_lives(plane: ControlPlane) -> None:
    await plane.create("serviceaccounts", {"metadata": {"name": "bot"}}, "default")
    answer = await plane.ask(post("serviceaccounts", "bot", "token", {"spec": {}}))
    token = orjson.loads(answer.body)["status"]["token"]

    async def review() -> dict[str, Any]:
        body = orjson.dumps({"spec": {"token": token}})
        request = ApiRequest("create", "tokenreviews", "authentication.k8s.io", body=body)
        found: dict[str, Any] = orjson.loads((await plane.ask(request)).body)["status"]
        return found

    known = await review()
    assert known["authenticated"]
    assert known["user"]["username"] == "system:serviceaccount:default:bot"
    await plane.delete("serviceaccounts", "bot", "default")
    assert not (await review())["authenticated"]


class Kubelet(Actor):
    """Says two lines for any container."""

    async def serve(self, message: Message, sink: Sink, delivery: Delivery) -> None:
        assert isinstance(message, ReadLogs)
        await sink.send(LogChunk(f"{message.container} {message.tail}\n".encode()))
        await sink.send(LogChunk(b"two\n"))


@pytest.mark.parametrize("part", ["binding", "eviction"])
async def test_a_body_names_the_pod_it_is_about(plane: ControlPlane, part: str) -> None:
    await plane.create("pods", POD, "default")
    for metadata in ({}, {"name": "other"}):
        body = {"metadata": metadata} | ({"target": {"name": "n1"}} if part == "binding" else {})
        with pytest.raises(StatusError, match="name in URL does not match name in") as refused:
            await plane.ask(post("pods", "p", part, body))
        assert refused.value.code == 400


async def test_a_pod_that_waits_for_a_node_has_no_log(plane: ControlPlane) -> None:
    await plane.create("pods", POD, "default")
    request = ApiRequest("get", "pods", namespace="default", name="p", subresource="log")
    assert (await plane.ask(request)).body == b""


async def test_options_of_logs_are_held_to_their_rules(plane: ControlPlane) -> None:
    await plane.create("pods", POD, "default")
    for query, field in (
        ({"tailLines": "-1"}, "tailLines"),
        ({"limitBytes": "0"}, "limitBytes"),
        ({"sinceSeconds": "-5"}, "sinceSeconds"),
        ({"sinceSeconds": "5", "sinceTime": "2026-01-01T00:00:00Z"}, ""),
    ):
        request = ApiRequest(
            "get", "pods", namespace="default", name="p", subresource="log", query=query
        )
        with pytest.raises(StatusError) as refused:
            await plane.ask(request)
        assert refused.value.code == 422
        assert refused.value.status["details"]["causes"][0].get("field", "") == field


async def test_logs_come_from_the_kubelet(plane: ControlPlane) -> None:
    await plane.system.spawn("kubelet", Kubelet)
    body = {**POD, "spec": {**POD["spec"], "nodeName": REPLICA}}
    await plane.create("pods", body, "default")
    request = ApiRequest(
        "get",
        "pods",
        namespace="default",
        name="p",
        subresource="log",
        query={"tailLines": "5"},
    )
    assert (await plane.ask(request)).body == b"c 5\ntwo\n"
    wrong = ApiRequest(
        "get",
        "pods",
        namespace="default",
        name="p",
        subresource="log",
        query={"container": "other"},
    )
    with pytest.raises(StatusError) as refused:
        await plane.ask(wrong)
    assert refused.value.code == 400
