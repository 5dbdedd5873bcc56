"""Requests that go on to another API server: as whom, what comes back, what never gets there."""

import asyncio
import base64
import ssl
from pathlib import Path

import aiohttp
import orjson
import pytest

from actors.apiserver.aggregation import door
from deploy import pki
from tests.support.extension_server import (
    BASE,
    FLUNDERS,
    GROUP,
    NAME,
    REGISTRATION,
    ExtensionServer,
    event,
)


async def test_the_caller_is_told_and_the_answer_is_the_others(server: ExtensionServer) -> None:
    await server.ready()
    cluster = server.cluster
    async with cluster.http() as http:
        async with http.get(cluster.url(FLUNDERS + "?limit=5&a=%20b")) as answer:
            assert answer.status == 200
            listed = await answer.json()
        assert listed["kind"] == "FlunderList" and listed["items"][0]["metadata"]["name"] == "fish"
        body = orjson.dumps({"kind": "Flunder", "spec": {"x": "y" * 300_000}})
        async with http.post(cluster.url(FLUNDERS), data=body) as answer:
            assert answer.status == 200
        headers = {
            "Impersonate-User": "bob",
            "Impersonate-Group": "system:masters",
            "Impersonate-Uid": "u-1",
            "Impersonate-Extra-Example.com%2fTeam": "red",
        }
        async with http.get(cluster.url(FLUNDERS + "/fish"), headers=headers) as answer:
            assert answer.status == 200
    read, made, other = server.asked(FLUNDERS)
    assert read.path == FLUNDERS + "?limit=5&a=%20b"
    assert read.user == "kubernetes-admin"
    assert sorted(read.groups) == ["system:authenticated", "system:masters"]
    assert (made.method, made.body) == ("POST", body)
    assert (other.user, sorted(other.groups)) == ("bob", ["system:authenticated", "system:masters"])
    sent = dict(other.headers)
    assert sent["x-remote-uid"] == "u-1"
    assert sent["x-remote-extra-example.com%2fteam"] == "red"
    assert sent["host"] == "wardle.default.svc"
    assert not any(name.startswith("impersonate-") for name in sent)


async def test_who_somebody_is_cannot_be_claimed_from_outside(server: ExtensionServer) -> None:
    await server.ready()
    cluster = server.cluster
    claims = {
        "X-Remote-User": "root",
        "X-Remote-Group": "system:masters",
        "X-Remote-Uid": "0",
        "X-Remote-Extra-Scopes": "all",
        "X_Remote_User": "root",
        "x-remote-user": "root",
        "Authorization": "Bearer test-token",
    }
    async with cluster.http() as http:
        connection = {"Connection": "X-Remote-User, X-Remote-Group"}
        async with http.get(cluster.url(FLUNDERS), headers={**claims, **connection}) as answer:
            assert answer.status == 200
        async with http.ws_connect(cluster.url(FLUNDERS + "/x/socket"), headers=claims) as socket:
            await socket.send_str("a")
            assert await socket.receive_str(timeout=10) == "a!"
    for seen in server.asked(FLUNDERS):
        told = [(name, value) for name, value in seen.headers if "remote" in name]
        assert sorted(told) == [
            ("x-remote-group", "system:authenticated"),
            ("x-remote-group", "system:masters"),
            ("x-remote-user", "token-user"),
        ]
        assert "authorization" not in dict(seen.headers)


async def test_this_server_believes_no_claims_itself(server: ExtensionServer) -> None:
    """Neither without a certificate, nor with the front proxy's, which is of another authority."""
    cluster = server.cluster
    claims = {"X-Remote-User": "root", "X-Remote-Group": "system:masters"}
    pods = cluster.url("/api/v1/namespaces/default/pods")
    connector = aiohttp.TCPConnector(ssl=False)
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        http.get(pods, headers=claims) as answer,
    ):
        assert answer.status == 403
        assert 'User "system:anonymous" cannot list' in (await answer.json())["message"]
    async with cluster.http("front-proxy-client") as http:
        with pytest.raises(aiohttp.ClientError):
            async with http.get(pods, headers=claims):
                pass


async def test_rules_are_asked_first(server: ExtensionServer) -> None:
    await server.ready()
    cluster = server.cluster
    bob = {"Impersonate-User": "bob"}
    refused = f'flunders.{GROUP} is forbidden: User "bob" cannot list resource "flunders"'
    async with cluster.http() as http:
        async with http.get(cluster.url(FLUNDERS), headers=bob) as answer:
            assert answer.status == 403
            assert refused in (await answer.json())["message"]
        for path in (FLUNDERS + "/fish/status", BASE + "/flunders?watch=1"):
            async with http.get(cluster.url(path), headers=bob) as answer:
                assert answer.status == 403
        # Discovery is everybody's.
        async with http.get(cluster.url(BASE), headers=bob) as answer:
            assert answer.status == 200
        rule = {"apiGroups": [GROUP], "resources": ["flunders"], "verbs": ["list"]}
        rbac = "rbac.authorization.k8s.io"
        role = {"metadata": {"name": "r"}, "rules": [rule]}
        await cluster.plane.create("roles", role, "default", rbac)
        binding = {
            "metadata": {"name": "r"},
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "r"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": "bob"}],
        }
        await cluster.plane.create("rolebindings", binding, "default", rbac)
        async with http.get(cluster.url(FLUNDERS), headers=bob) as answer:
            assert answer.status == 200
        async with http.get(cluster.url(FLUNDERS + "/fish"), headers=bob) as answer:
            assert answer.status == 403
        for path in (FLUNDERS + "/..%2Ffish", BASE + "//flunders", BASE + "/../v1/flunders"):
            url = cluster.url(path)
            async with http.get(aiohttp.client.URL(url, encoded=True), headers=bob) as answer:
                assert answer.status in (400, 404), path
    assert [one.path for one in server.asked(FLUNDERS)] == [FLUNDERS]


async def test_a_watch_is_streamed_and_ends_with_its_client(server: ExtensionServer) -> None:
    await server.ready()
    cluster = server.cluster
    async with cluster.http() as http:
        async with http.get(cluster.url(FLUNDERS + "?watch=1")) as answer:
            for name in ("a", "b"):
                server.events.put_nowait(event(name))
                line = await asyncio.wait_for(answer.content.readline(), 10)
                assert orjson.loads(line)["object"]["metadata"]["name"] == name
            answer.close()
        server.events.put_nowait(event("c"))
        server.events.put_nowait(event("d"))
        await asyncio.wait_for(server.held.wait(), 10)


async def test_a_server_that_is_not_the_one_is_told_nothing(server: ExtensionServer) -> None:
    """Its certificate is of another authority; the probe does not mind, requests do."""
    authority = pki.path(server.cluster.plane.settings, "ca.crt")
    bundle = base64.b64encode(Path(authority).read_bytes()).decode()
    await server.register(caBundle=bundle)
    await server.until("True", "Passed")
    async with server.cluster.http() as http, http.get(server.cluster.url(FLUNDERS)) as answer:
        assert answer.status == 503
        assert "certificate verify failed" in (await answer.json())["message"]
    assert server.asked(FLUNDERS) == []
    live = await server.cluster.plane.get("apiservices", NAME, group=REGISTRATION)
    live["spec"] = server.object(caBundle=None, insecureSkipTLSVerify=True)["spec"]
    await server.cluster.plane.update("apiservices", live, REGISTRATION)
    async with server.cluster.http() as http:
        for _ in range(400):
            async with http.get(server.cluster.url(FLUNDERS)) as answer:
                if answer.status == 200:
                    return
            await asyncio.sleep(0.02)
    raise AssertionError("the server is not asked")


async def test_built_in_groups_stay_here(server: ExtensionServer) -> None:
    """Whoever may write APIServices sees no Secrets go by."""
    plane, http = server.cluster.plane, server.cluster.http
    service = {"namespace": "default", "name": "wardle"}
    spec = {"service": service, "caBundle": server.bundle}
    for name in ("v1.apps", "v1."):
        await plane.patch("apiservices", name, {"spec": spec}, group=REGISTRATION)
    path = "/apis/apps/v1/namespaces/default/deployments"
    async with http() as client:
        for _ in range(400):
            for one in (path, "/api/v1/namespaces/default/secrets"):
                async with client.get(server.cluster.url(one)) as answer:
                    assert answer.status == 200
            live = await plane.list("apiservices", group=REGISTRATION)
            # And what the API server looks after is made right again.
            if not any("service" in item["spec"] for item in live["items"]):
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError("a local APIService keeps its Service")
    assert server.asked("/api") == []


async def test_nobody_is_led_elsewhere(server: ExtensionServer) -> None:
    """A client that followed would take its credentials along."""
    await server.ready()
    text = "the backend attempted to redirect this request, which is not permitted"
    async with server.cluster.http() as http:
        for headers in ({}, {"Connection": "Upgrade", "Upgrade": "SPDY/3.1"}):
            url = server.cluster.url(FLUNDERS + "/elsewhere")
            async with http.get(url, headers=headers, allow_redirects=False) as answer:
                assert (answer.status, await answer.text()) == (502, text)


async def test_any_protocol_passes(server: ExtensionServer) -> None:
    """Not only those that aiohttp knows."""
    await server.ready()
    cluster = server.cluster
    host, _, port = cluster.url("").removeprefix("https://").partition(":")
    tls = ssl.create_default_context(cafile=pki.path(cluster.plane.settings, "ca.crt"))
    reader, writer = await asyncio.open_connection(host, int(port), ssl=tls)
    head = (
        f"POST {FLUNDERS}/x/raw HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer test-token\r\n"
        "Connection: Upgrade\r\nUpgrade: echo/1\r\nX-Remote-User: root\r\n\r\n"
    )
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert answer.startswith(b"HTTP/1.1 101")
    for piece in (b"one", b"two"):
        writer.write(piece)
        assert await asyncio.wait_for(reader.readexactly(4), 10) == piece + b"!"
    writer.close()
    [seen] = server.asked(FLUNDERS)
    assert seen.user == "token-user"


async def test_an_answer_that_does_not_come(
    server: ExtensionServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "HEAD_SECONDS", 0.2)
    await server.ready()
    url = server.cluster.url(FLUNDERS + "/never")
    async with server.cluster.http() as http, http.get(url) as answer:
        assert answer.status == 504
        message = (await answer.json())["message"]
        assert message == "Timeout: request did not complete within the allotted timeout"
