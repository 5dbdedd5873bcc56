"""Watches over a WebSocket, as browsers open them."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest

from tests.support.control_plane import ControlPlane, control_plane
from tests.unit.actors.apiserver.test_http_server import context, session, url

MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[ControlPlane]:
    async with control_plane(tmp_path, http=True) as plane:
        yield plane


async def test_each_event_is_a_message(door: ControlPlane) -> None:
    await door.create("configmaps", {"metadata": {"name": "a"}}, "default")
    async with session(door) as client:
        place = url(door, f"{MAPS}?watch=1&fieldSelector=metadata.name!=kube-root-ca.crt")
        async with client.ws_connect(place) as socket:
            first = orjson.loads(await socket.receive_str(timeout=5))
            assert (first["type"], first["object"]["metadata"]["name"]) == ("ADDED", "a")
            made = {"metadata": {"name": "b"}, "data": {"x": "ü\n"}}
            await door.create("configmaps", made, "default")
            second = orjson.loads(await socket.receive_str(timeout=5))
            assert second["object"]["data"] == {"x": "ü\n"}
            await socket.send_str("clients have nothing to say")
            await door.create("configmaps", {"metadata": {"name": "c"}}, "default")
            assert "ADDED" in await socket.receive_str(timeout=5)


async def test_it_ends_with_its_time(door: ControlPlane) -> None:
    async with (
        session(door) as client,
        client.ws_connect(url(door, f"{MAPS}?watch=1&timeoutSeconds=1&labelSelector=a")) as socket,
    ):
        message = await socket.receive(timeout=5)
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)


async def test_tables_and_refusals(door: ControlPlane) -> None:
    await door.create("configmaps", {"metadata": {"name": "a"}}, "default")
    table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    async with session(door) as client:
        async with client.ws_connect(url(door, f"{MAPS}?watch=1"), headers=table) as socket:
            assert orjson.loads(await socket.receive_str(timeout=5))["object"]["kind"] == "Table"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(url(door, f"{MAPS}?watch=1&resourceVersion=x"))
        assert refused.value.status == 400


async def test_a_token_comes_as_a_subprotocol(door: ControlPlane) -> None:
    token = base64.urlsafe_b64encode(b"no-such-token").rstrip(b"=").decode()
    shown = f"base64url.bearer.authorization.k8s.io.{token}"
    async with session(door, "") as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(url(door, f"{MAPS}?watch=1"), protocols=(shown, "x.k8s.io"))
        assert refused.value.status == 401
    async with session(door) as client:
        place = url(door, f"{MAPS}?watch=1")
        async with client.ws_connect(place, protocols=("base64.binary.k8s.io",)) as socket:
            assert socket.protocol == "base64.binary.k8s.io"


async def test_who_closes_it_is_let_go(door: ControlPlane) -> None:
    async with session(door) as client:
        for _ in range(3):
            socket = await client.ws_connect(
                url(door, f"{MAPS}?watch=1"), ssl=context(door, "admin")
            )
            async with asyncio.timeout(5):
                await socket.close()
            assert socket.close_code == 1000
