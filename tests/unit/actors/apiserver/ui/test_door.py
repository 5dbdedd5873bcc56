"""/ui by HTTP: who gets in, what they may see, what other sites cannot do with their browser."""

import asyncio
import base64
import hashlib
import os
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from actors.apiserver.ui import page_files
from actors.tracing.actor import TracerActor
from cluster import names
from cluster.messages.apiserver import ApiRequest
from cluster.messages.store import Compact
from tests.support.control_plane import TOKEN, ControlPlane, control_plane
from tests.unit.actors.apiserver.test_http_server import context, session, url

TRACE = "0123456789abcdef" * 2
JSON = {"Content-Type": "application/json"}
RBAC = "rbac.authorization.k8s.io"
Json = dict[str, Any]


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[ControlPlane]:
    async with control_plane(tmp_path, http=True) as started:
        traces = tmp_path / "traces"
        traces.mkdir()
        record = {
            "ts": 10.0, "event": "note", "msg": "http.request", "from": "apiserver@replica-1",
            "user": "jane", "trace": TRACE, "span": "1", "subject": "POST /x", "code": 201,
            "process": "replica-1",
        }  # fmt: skip
        wrote = {
            **record, "event": "sent", "msg": "Txn", "span": "2", "parent": "1",
            "subject": "put /registry/core/configmaps/default/x", "trace": TRACE[::-1],
        }  # fmt: skip
        lines = b"".join(orjson.dumps(one) + b"\n" for one in (record, wrote))
        (traces / "trace.jsonl").write_bytes(lines)
        await started.system.spawn(names.TRACER, lambda: TracerActor(traces))
        yield started


async def account(plane: ControlPlane, name: str, role: str = "") -> str:
    """A token of a new ServiceAccount, bound to a ClusterRole."""
    await plane.create("serviceaccounts", {"metadata": {"name": name}}, "default")
    if role:
        binding = {
            "metadata": {"name": f"{name}-{role.replace(':', '-')}"},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
        }
        await plane.create("clusterrolebindings", binding, group=RBAC)
    request = ApiRequest(
        "create", "serviceaccounts", namespace="default", name=name, subresource="token",
        body=orjson.dumps({"spec": {}}),
    )  # fmt: skip
    token: str = orjson.loads((await plane.ask(request)).body)["status"]["token"]
    return token


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def code_of(answer: aiohttp.ClientResponse) -> int:
    await answer.read()
    return answer.status


async def log_in(plane: ControlPlane, client: aiohttp.ClientSession, **body: str) -> int:
    async with client.post(url(plane, "/ui/login"), json=body) as answer:
        found = await code_of(answer)
        morsel = next(iter(answer.cookies.values()), None)
    if morsel is not None:
        assert (morsel["path"], morsel["samesite"]) == ("/ui", "Strict")
        assert morsel["secure"] and morsel["httponly"]
        client.headers["Cookie"] = f"{morsel.key}={morsel.value}"
    return found


async def test_files_are_everybodys_and_run_no_foreign_script(door: ControlPlane) -> None:
    async with session(door, "") as nobody:
        for path in ("/ui/login", *(f"/ui/files/{name}" for name in page_files.load())):
            async with nobody.get(url(door, path)) as answer:
                text = await answer.text()
                assert answer.status == 200, path
                policy = answer.headers["Content-Security-Policy"]
                assert "script-src 'self'" in policy and "unsafe" not in policy
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                tag = answer.headers["ETag"]
            # What the policy forbids would not work: nothing of it is there but what it names.
            inline = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
            assert len(inline) == (1 if "</html>" in text else 0), path
            for script in inline:
                digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
                assert f"'sha256-{digest}'" in policy, path
            for word in (" style=", " onclick=", "innerHTML", "eval("):
                if not path.endswith(".svg"):
                    assert word not in text, (path, word)
            async with nobody.get(url(door, path), headers={"If-None-Match": tag}) as answer:
                assert await code_of(answer) == 304
        for path in ("/ui/files/door.py", "/ui/files/../door.py", "/ui/files/%2e%2e/door.py"):
            async with nobody.get(url(door, path)) as answer:
                assert await code_of(answer) in (401, 404), path


async def test_who_is_not_known_is_sent_to_log_in(door: ControlPlane) -> None:
    async with session(door, "") as nobody:
        async with nobody.get(url(door, "/ui"), allow_redirects=False) as answer:
            assert (await code_of(answer), answer.headers["Location"]) == (302, "/ui/login")
        for path in ("/ui/live", "/ui/whoami", "/ui/chain", "/ui/history", "/ui/api/api/v1/pods"):
            async with nobody.get(url(door, path)) as answer:
                assert await code_of(answer) == 401, path
        for path in ("/ui/chaos", "/ui/login/code"):
            async with nobody.post(url(door, path), json={}) as answer:
                assert await code_of(answer) == 401, path
        assert await log_in(door, nobody) == 401
        assert await log_in(door, nobody, token="wrong") == 401
        assert await log_in(door, nobody, code="replica-1.wrong") == 401
        assert await log_in(door, nobody, code="replica-9.wrong") == 401
        assert await log_in(door, nobody, token="x" * 5000) == 400
        assert await log_in(door, nobody, token="x" * 20_000) == 413
        endless = aiohttp.payload.AsyncIterablePayload(pieces())
        async with nobody.post(url(door, "/ui/login"), data=endless, headers=JSON) as answer:
            assert await code_of(answer) == 413
        assert "Cookie" not in nobody.headers


async def pieces() -> AsyncIterator[bytes]:
    yield b"{}"


async def test_rights(door: ControlPlane) -> None:
    plain, looker = await account(door, "plain"), await account(door, "looker", "steersman:ui")
    breaker = await account(door, "breaker", "steersman:ui-chaos")
    async with session(door, "") as client:
        assert await log_in(door, client, token=plain) == 403
        assert await log_in(door, client, token=breaker) == 403
        assert await log_in(door, client, token=looker) == 200
        for path, code in (
            ("/ui", 200), ("/ui/whoami", 200), (f"/ui/chain?trace={TRACE}", 200),
            ("/ui/chain?trace=zz", 400), ("/ui/messages?from=a&to=b&type=c", 200),
            ("/ui/nothing", 404), ("/ui/api/api", 200), ("/ui/api/apis", 200),
            # The right to look at the page is no right to read objects.
            ("/ui/api/api/v1/namespaces/default/secrets", 403),
            ("/ui/history?path=/api/v1/namespaces/default/serviceaccounts/plain", 403),
            ("/ui/chains?path=/api/v1/namespaces/default/serviceaccounts/plain", 403),
            ("/ui/history?path=/healthz", 400),
        ):  # fmt: skip
            async with client.get(url(door, path)) as answer:
                assert await code_of(answer) == code, path
        async with client.get(url(door, "/ui/whoami")) as answer:
            told = await answer.json()
            assert told["user"] == "system:serviceaccount:default:looker"
            assert told["noFaults"]
        async with client.post(url(door, "/ui/chaos"), json={"command": ["status"]}) as answer:
            assert await code_of(answer) == 403
        # The cookie opens nothing but the page.
        async with client.get(url(door, "/api")) as answer:
            assert await code_of(answer) == 403
        await door.delete("serviceaccounts", "looker", "default")
        async with client.get(url(door, "/ui"), allow_redirects=False) as answer:
            assert await code_of(answer) == 302
        async with client.post(url(door, "/ui/chaos"), json={}, headers=bearer(breaker)) as answer:
            assert await code_of(answer) == 400


async def test_a_code_makes_a_session_once(door: ControlPlane) -> None:
    async with session(door) as admin, session(door, "") as browser:
        async with admin.post(url(door, "/ui/login/code"), json={}) as answer:
            made = await answer.json()
        assert made["seconds"] <= 120
        assert await log_in(door, browser, code=made["code"]) == 200
        async with browser.get(url(door, "/ui/whoami")) as answer:
            told = await answer.json()
            assert (told["user"], told["noFaults"]) == ("kubernetes-admin", "")
        async with session(door, "") as other:
            assert await log_in(door, other, code=made["code"]) == 401
        async with browser.post(url(door, "/ui/logout"), json={}) as answer:
            assert next(iter(answer.cookies.values()))["max-age"] == "0"


async def test_sessions_are_ended_everywhere(door: ControlPlane) -> None:
    looker = await account(door, "looker", "steersman:ui")
    async with (
        session(door) as admin, session(door, "") as here, session(door, "") as there,
        session(door, "") as seen,
    ):  # fmt: skip

        async def code(asked: aiohttp.ClientSession) -> str:
            async with asked.post(url(door, "/ui/login/code"), json={}) as answer:
                return str((await answer.json())["code"])

        async def who(asked: aiohttp.ClientSession) -> int:
            async with asked.get(url(door, "/ui/whoami")) as answer:
                return await code_of(answer)

        async def until_out(asked: aiohttp.ClientSession) -> None:
            while await who(asked) != 401:
                await asyncio.sleep(0.01)

        for browser in (here, there):
            assert await log_in(door, browser, code=await code(admin)) == 200
        assert await log_in(door, seen, token=looker) == 200
        # One that whoever took the cookie keeps for later.
        kept = await code(there)
        async with asyncio.timeout(10), there.get(url(door, "/ui/live")) as live:
            assert await anext(aiter(live.content))
            async with here.post(url(door, "/ui/logout/everywhere"), json={}) as answer:
                assert await code_of(answer) == 200
                assert next(iter(answer.cookies.values()))["max-age"] == "0"
            await live.read()
            await until_out(there)
            await until_out(here)
        assert await log_in(door, there, code=kept) == 401
        # A token ends with its account; one's own certificate goes on, and begins anew.
        assert await who(seen) == 200
        assert await log_in(door, there, code=await code(admin)) == 200
        assert await who(there) == 200
        # Everybody's are the administrator's to end.
        async with seen.post(url(door, "/ui/logout/everybody"), json={}) as answer:
            assert await code_of(answer) == 403
        async with admin.post(url(door, "/ui/logout/everybody"), json={}) as answer:
            assert await code_of(answer) == 200
        async with asyncio.timeout(10):
            await until_out(there)
        async with session(door, "") as nobody:
            for path in ("/ui/logout/everywhere", "/ui/logout/everybody"):
                async with nobody.post(url(door, path), json={}) as answer:
                    assert await code_of(answer) == 401


async def test_other_sites_get_nothing_done(door: ControlPlane) -> None:
    async with session(door) as admin:
        foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        for method, path in (
            ("GET", "/ui/live"), ("GET", "/ui/api/api/v1/namespaces"), ("POST", "/ui/chaos"),
            ("POST", "/ui/login/code"), ("POST", "/ui/logout"), ("POST", "/ui/login"),
        ):  # fmt: skip
            async with admin.request(
                method, url(door, path), data=b"{}", headers={**foreign, **JSON}
            ) as answer:
                assert await code_of(answer) == 403, path
        neighbour = {"Origin": "https://127.0.0.1:1", **JSON}
        async with admin.post(url(door, "/ui/chaos"), data=b"{}", headers=neighbour) as answer:
            assert await code_of(answer) == 403
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        async with admin.post(url(door, "/ui/logout"), data=b"a=b", headers=form) as answer:
            assert await code_of(answer) == 403


async def test_only_plain_reads_go_through_to_the_api(door: ControlPlane) -> None:
    space = "/ui/api/api/v1/namespaces/default"
    async with session(door, "") as client:
        assert await log_in(door, client, token=TOKEN) == 200
        table = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
        async with client.get(url(door, f"{space}/services?limit=5"), headers=table) as answer:
            assert (await answer.json())["kind"] == "Table"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        async with client.get(url(door, f"{space}/services/kubernetes")) as answer:
            assert (await answer.json())["metadata"]["name"] == "kubernetes"
        for method, path, code in (
            ("GET", f"{space}/services?watch=1", 404),
            ("GET", f"{space}/services/kubernetes/proxy/x", 404),
            ("GET", f"{space}/pods/x/log", 404),
            ("GET", "/ui/api/metrics", 404),
            ("GET", "/ui/api/ui/live", 404),
            ("POST", f"{space}/configmaps", 405),
            ("DELETE", f"{space}/services/kubernetes", 405),
            ("POST", "/ui/live", 405),
            ("PUT", "/ui/chaos", 405),
        ):
            async with client.request(method, url(door, path), json={}) as answer:
                assert await code_of(answer) == code, (method, path)
        assert await door.get("services", "kubernetes", "default")


async def test_history_reads_older_revisions(door: ControlPlane) -> None:
    made = await door.create(
        "configmaps", {"metadata": {"name": "a"}, "data": {"n": "0"}}, "default", fieldManager="m0"
    )
    for number in (1, 2):
        data = {"data": {"n": str(number)}}
        await door.patch("configmaps", "a", data, "default", fieldManager=f"m{number}")
    path = "/ui/history?path=/api/v1/namespaces/default/configmaps/a"
    async with session(door) as admin:
        async with admin.get(url(door, path)) as answer:
            told = await answer.json()
        assert (told["complete"], told["forgotten"]) == (True, False)
        revisions = [one["revision"] for one in told["versions"]]
        assert revisions == sorted(revisions, reverse=True) and len(revisions) == 3
        assert [one["by"] for one in told["versions"]] == [
            ["m2 Update"], ["m1 Update"], ["m0 Update"]
        ]  # fmt: skip
        assert str(revisions[2]) == made["metadata"]["resourceVersion"]
        for number, revision in zip((2, 1, 0), revisions, strict=True):
            async with admin.get(url(door, f"{path}&at={revision}")) as answer:
                assert (await answer.json())["data"] == {"n": str(number)}
        await door.delete("configmaps", "a", "default")
        for local in ("", "&local=1"):
            async with admin.get(url(door, path + local)) as answer:
                assert await code_of(answer) == 404
        async with admin.get(url(door, f"{path}&before={revisions[0] + 1}")) as answer:
            assert [one["revision"] for one in (await answer.json())["versions"]] == revisions
        async with admin.get(url(door, f"{path}&at={revisions[2] - 1}")) as answer:
            assert await code_of(answer) == 404
        # What the store has compacted away is not there, and the page is told so.
        store = door.system.ref(names.address(names.STORE, names_of(door)))
        await store.ask(Compact(revisions[1]), 5)
        async with admin.get(url(door, f"{path}&before={revisions[0] + 1}")) as answer:
            told = await answer.json()
        assert [one["revision"] for one in told["versions"]] == revisions[:2]
        assert (told["complete"], told["forgotten"]) == (False, True)
        async with admin.get(url(door, f"{path}&at={revisions[2]}")) as answer:
            assert await code_of(answer) == 410


@asynccontextmanager
async def launcher(plane: ControlPlane, said: list[Json]) -> AsyncIterator[None]:
    """What `steersman chaos serve` is to the page."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        order = orjson.loads(await reader.readline())
        if order["command"] != ["status"]:
            said.append(order)
            writer.write(b'{"line": "kill-1: replica-1 is dead"}\n')
        faults = [{"name": "kill-1", "names": ["replica-1"]}]
        writer.write(orjson.dumps({"done": True, "ok": True, "faults": faults}) + b"\n")
        writer.close()

    folder = Path(plane.settings.data_dir) / "run"
    folder.mkdir(exist_ok=True)
    os.chdir(folder)
    server = await asyncio.start_unix_server(serve, "chaos.sock")
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()
        (folder / "chaos.sock").unlink()


async def events(answer: aiohttp.ClientResponse, seen: dict[str, Json]) -> AsyncIterator[Json]:
    """The page's state after each update."""
    async for line in answer.content:
        if line.startswith(b"data: "):
            for name, entries in orjson.loads(line[6:]).items():
                section = seen.setdefault(name, {})
                section.update(entries)
                for key in [key for key, value in entries.items() if value is None]:
                    del section[key]
            yield seen


async def test_live_and_faults(door: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path.cwd())
    order = {"command": ["kill", "replica/replica-1", "--for", "10s"]}
    said: list[Json] = []
    async with session(door) as admin:
        async with admin.post(url(door, "/ui/chaos"), json=order) as answer:
            assert await code_of(answer) == 503
            assert "steersman chaos serve" in await answer.text()
        async with asyncio.timeout(15), admin.get(url(door, "/ui/live")) as answer:
            assert answer.headers["Content-Type"] == "text/event-stream"
            seen: dict[str, Json] = {}
            async for state in events(answer, seen):
                if state["replicas"].get(names_of(door), {}).get("state") == "up":
                    break
            assert state["replicas"][names_of(door)]["role"] == "leader"
            assert state["cluster"][""]["quorum"] is True
            await door.create("configmaps", {"metadata": {"name": "a"}}, "default")
            async with launcher(door, said):
                async with admin.post(url(door, "/ui/chaos"), json=order) as broken:
                    lines = (await broken.text()).splitlines()
                assert orjson.loads(lines[0]) == {"asked": True}
                assert orjson.loads(lines[1]) == {"line": "kill-1: replica-1 is dead"}
                assert orjson.loads(lines[2])["ok"] is True
                flow = f"apiserver@{names_of(door)}|store@{names_of(door)}|Txn"
                async for state in events(answer, seen):
                    if state.get("faults") and state.get("flows", {}).get(flow, [0])[0] > 0:
                        break
        assert said == [{"user": "kubernetes-admin", **order}]
        assert any(one[4] == "create configmaps default" for one in seen["messages"].values())
        async with admin.get(url(door, f"/ui/chain?trace={TRACE}")) as answer:
            found = await answer.json()
            assert [line["subject"] for line in found["lines"]] == ["POST /x"]
            assert found["silent"] == []
        path = "/api/v1/namespaces/default/configmaps/x"
        async with admin.get(url(door, f"/ui/chains?path={path}")) as answer:
            found = await answer.json()
            assert [one[3] for one in found["chains"]] == [
                "put /registry/core/configmaps/default/x"
            ]


async def test_an_order_that_was_given_up_is_not_carried_out(
    door: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a browser that gives up a replica which was stopped, and goes on, later."""
    monkeypatch.chdir(Path.cwd())
    host, _, port = door.settings.replicas[0].api_addresses[0].rpartition(":")
    body = b'{"command": ["kill", "leader"]}'
    head = f"POST /ui/chaos HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
    wire = head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body
    said: list[Json] = []

    def connect() -> ssl.SSLSocket:
        plain = socket.create_connection((host, int(port)), 5)
        return context(door, "admin").wrap_socket(plain, server_hostname=host)

    async with launcher(door, said):
        for given_up in (True, False):
            caller = await asyncio.to_thread(connect)
            # Nothing of this process runs meanwhile: the loop is held here.
            caller.sendall(wire)
            if given_up:
                caller.close()
                await asyncio.sleep(0.3)
                assert said == []
            else:
                answer = await asyncio.to_thread(caller.recv, 65536)
                assert answer.startswith(b"HTTP/1.1 200")
                for _ in range(100):
                    if said:
                        break
                    await asyncio.sleep(0.02)
                caller.close()
        assert [one["command"] for one in said] == [["kill", "leader"]]


def names_of(plane: ControlPlane) -> str:
    return plane.settings.replicas[0].name
