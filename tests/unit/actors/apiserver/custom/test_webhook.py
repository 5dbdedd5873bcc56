"""Conversion webhooks: asked over TLS, believed or not; objects come and go in both versions."""

import base64
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from deploy import pki
from tests.support.control_plane import REPLICA, ControlPlane, free_port
from tests.support.widgets import CRDS, GROUP, definition, established, version, widget
from tests.unit.actors.apiserver.custom.test_custom_resources import until_gone

Json = dict[str, Any]


class Webhook:
    """Turns ``color`` of v1 into ``colour`` of v2 and back."""

    def __init__(self) -> None:
        self.asked = 0
        self.refuse = ""

    async def answer(self, request: web.Request) -> web.Response:
        asked = (await request.json())["request"]
        self.asked += 1
        result: Json = {"status": "Success"}
        if self.refuse:
            result = {"status": "Failed", "message": self.refuse}
        objects = [self._convert(obj, asked["desiredAPIVersion"]) for obj in asked["objects"]]
        response = {"uid": asked["uid"], "result": result, "convertedObjects": objects}
        return web.json_response({"kind": "ConversionReview",
                                  "apiVersion": "apiextensions.k8s.io/v1",
                                  "response": response})  # fmt: skip

    def _convert(self, obj: Json, wanted: str) -> Json:
        spec = dict(obj["spec"])
        old, new = ("color", "colour") if wanted.endswith("v2") else ("colour", "color")
        if old in spec:
            spec[new] = spec.pop(old)
        return {**obj, "apiVersion": wanted, "spec": spec}


@pytest.fixture
def webhook() -> Webhook:
    return Webhook()


@pytest.fixture
async def converted(plane: ControlPlane, webhook: Webhook) -> AsyncIterator[ControlPlane]:
    port = free_port()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(
        pki.path(plane.settings, f"{REPLICA}.crt"), pki.path(plane.settings, f"{REPLICA}.key")
    )
    runner = web.ServerRunner(web.Server(webhook.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
    bundle = base64.b64encode(Path(pki.path(plane.settings, "ca.crt")).read_bytes()).decode()
    second = version("v2", storage=False)
    spec = second["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["colour"] = spec["properties"].pop("color")
    spec["required"], second["selectableFields"] = ["colour"], []
    made = definition(version("v1"), second)
    made["spec"]["conversion"] = {
        "strategy": "Webhook",
        "webhook": {
            "clientConfig": {"url": f"https://127.0.0.1:{port}/convert", "caBundle": bundle},
            "conversionReviewVersions": ["v1"],
        },
    }
    await established(plane, made)
    yield plane
    await runner.cleanup()


async def get(plane: ControlPlane, version: str) -> Json:
    request = ApiRequest("get", "widgets", GROUP, version, namespace="default", name="w")
    return await plane._json(request, "apiserver/test")


async def test_each_version_shows_its_own_fields(converted: ControlPlane, webhook: Webhook) -> None:
    await converted.create("widgets", widget(color="blue"), "default", GROUP)
    assert webhook.asked == 0
    found = await get(converted, "v2")
    assert found["apiVersion"] == "example.com/v2" and found["spec"]["colour"] == "blue"
    assert webhook.asked == 1
    found["spec"]["colour"] = "red"
    request = ApiRequest(
        "update", "widgets", GROUP, "v2", namespace="default", name="w", body=orjson.dumps(found)
    )
    changed = await converted._json(request, "apiserver/test")
    assert changed["spec"]["colour"] == "red" and changed["apiVersion"] == "example.com/v2"
    stored = await get(converted, "v1")
    assert stored["spec"]["color"] == "red" and stored["apiVersion"] == "example.com/v1"


async def test_a_long_list_is_converted_whole(converted: ControlPlane, webhook: Webhook) -> None:
    for number in range(5):
        obj = widget(f"w{number}", free={"much": "x" * 100_000})
        await converted.create("widgets", obj, "default", GROUP)
    request = ApiRequest("list", "widgets", GROUP, "v2", namespace="default")
    listed = await converted._json(request, "apiserver/test")
    assert [len(item["spec"]["free"]["much"]) for item in listed["items"]] == [100_000] * 5
    assert webhook.asked == 1


async def test_a_webhook_that_refuses(converted: ControlPlane, webhook: Webhook) -> None:
    await converted.create("widgets", widget(), "default", GROUP)
    webhook.refuse = "not today"
    with pytest.raises(StatusError) as refused:
        await get(converted, "v2")
    assert refused.value.code == 500
    assert str(refused.value) == (
        "Internal error occurred: conversion webhook for example.com/v2, Kind=Widget failed: "
        "not today"
    )
    assert (await get(converted, "v1"))["spec"]["color"] == "red"


async def test_a_definition_goes_though_its_webhook_is_gone(
    converted: ControlPlane, webhook: Webhook
) -> None:
    await converted.create("widgets", widget(), "default", GROUP)
    webhook.refuse = "gone"
    await converted.delete(CRDS[0], "widgets.example.com", group=CRDS[1])
    await until_gone(converted)
