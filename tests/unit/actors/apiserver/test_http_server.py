"""The HTTPS door: TLS, credentials, errors, watches, bodies, on loopback."""

import asyncio
import gzip
import io
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest
import yaml

from actors.apiserver.pieces import BYTES_MIN
from actors.kit.tracing import MemoryTracer
from deploy import pki
from tests.support.control_plane import REPLICA, TOKEN, ControlPlane, control_plane

PODS = "/api/v1/namespaces/default/pods"
MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[ControlPlane]:
    async with control_plane(tmp_path, http=True) as started:
        yield started


def url(plane: ControlPlane, path: str) -> str:
    return f"https://{plane.settings.replica(REPLICA).api_addresses[0]}{path}"


def context(plane: ControlPlane, client: str = "") -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=pki.path(plane.settings, "ca.crt"))
    if client:
        made.load_cert_chain(
            pki.path(plane.settings, f"{client}.crt"), pki.path(plane.settings, f"{client}.key")
        )
    return made


def session(plane: ControlPlane, client: str = "admin") -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(ssl=context(plane, client))
    return aiohttp.ClientSession(connector=connector)


async def test_credentials(door: ControlPlane) -> None:
    async with session(door) as admin, session(door, "") as nobody:
        async with admin.get(url(door, PODS)) as answer:
            assert answer.status == 200
        for path, code in (("/version", 200), ("/readyz", 200), (PODS, 403), ("/api", 403)):
            async with nobody.get(url(door, path)) as answer:
                assert answer.status == code, path
        for token, code in ((TOKEN, 200), ("wrong", 401)):
            headers = {"Authorization": f"Bearer {token}"}
            async with nobody.get(url(door, PODS), headers=headers) as answer:
                assert answer.status == code
                if code == 401:
                    assert orjson.loads(await answer.read())["reason"] == "Unauthorized"


async def test_impersonation(door: ControlPlane) -> None:
    async with session(door) as admin:
        headers = {"Impersonate-User": "bob"}
        async with admin.get(url(door, PODS), headers=headers) as answer:
            assert answer.status == 403
            assert 'User "bob" cannot list' in orjson.loads(await answer.read())["message"]
        both = {**headers, "Impersonate-Group": "system:masters"}
        async with admin.get(url(door, PODS), headers=both) as answer:
            assert answer.status == 200


async def test_a_foreign_certificate_does_not_get_in(door: ControlPlane, tmp_path: Path) -> None:
    other = tmp_path / "other"
    async with control_plane(other) as stranger:
        foreign = context(door)
        foreign.load_cert_chain(
            pki.path(stranger.settings, "admin.crt"), pki.path(stranger.settings, "admin.key")
        )
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=foreign)) as client:
        with pytest.raises(aiohttp.ClientError):
            async with client.get(url(door, "/version")):
                pass


async def test_everything_wrong_is_told_as_a_status(door: ControlPlane) -> None:
    cases = [
        ("POST", MAPS, b"{", "application/json", 400),
        ("POST", MAPS, b'{"a": NaN}', "application/json", 400),
        ("POST", MAPS, b"[" * 5000, "application/json", 400),
        ("POST", MAPS, b'{"metadata":{"name":"\\ud800"}}', "application/json", 400),
        ("POST", MAPS, b"\xff\xfe", "application/json", 400),
        ("POST", MAPS, b"k8s\x00\xff", "application/vnd.kubernetes.protobuf", 400),
        ("POST", MAPS, b"x", "text/csv", 415),
        ("POST", MAPS, b"a: &a [*a]", "application/yaml", 400),
        ("GET", "/api/v1/gadgets", b"", "", 404),
        ("GET", "/apis/apps/v9/gadgets", b"", "", 404),
        ("PUT", PODS, b"{}", "application/json", 405),
        ("GET", PODS + "?labelSelector=a+in", b"", "", 400),
        ("GET", PODS + "?limit=x", b"", "", 400),
    ]
    async with session(door) as admin:
        for method, path, body, kind, code in cases:
            headers = {"Content-Type": kind} if kind else {}
            async with admin.request(
                method, url(door, path), data=body or None, headers=headers
            ) as answer:
                document = orjson.loads(await answer.read())
                assert (answer.status, document["kind"]) == (code, "Status"), (path, document)
        async with admin.get(url(door, PODS), headers={"Accept": "text/html"}) as answer:
            assert answer.status == 406
        left = await door.list("configmaps", "default")
        assert left["items"] == []


async def test_bodies_are_bounded_and_never_compressed(door: ControlPlane) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100_000

    async with session(door) as admin:
        for data in (io.BytesIO(b" " * (4 << 20)), endless()):
            headers = {"Content-Type": "application/json"}
            try:
                async with admin.post(url(door, MAPS), data=data, headers=headers) as answer:
                    assert answer.status == 413
            except aiohttp.ClientError:
                pass  # the server closed before it was all sent
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        async with admin.post(url(door, MAPS), data=b"\x1f\x8b", headers=headers) as answer:
            assert answer.status == 415


async def test_malformed_http_gets_a_status_and_is_closed(door: ControlPlane) -> None:
    host, _, port = door.settings.replica(REPLICA).api_addresses[0].rpartition(":")
    for raw in (
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection(host, int(port), ssl=context(door, "admin"))
        writer.write(raw)
        async with asyncio.timeout(5):
            answer = await reader.read()
        assert b" 400 " in answer.partition(b"\r\n")[0]
        assert b'"kind":"Status"' in answer
        writer.close()
        await writer.wait_closed()


async def test_a_watch_over_http(door: ControlPlane) -> None:
    async with session(door) as admin:
        query = url(door, MAPS + "?watch=1&timeoutSeconds=30")
        async with admin.get(query) as answer:
            assert answer.status == 200
            await door.create("configmaps", {"metadata": {"name": "a"}}, "default")
            async with asyncio.timeout(5):
                event = orjson.loads(await answer.content.readline())
            assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "a")


async def test_a_watch_ends_with_its_time(door: ControlPlane) -> None:
    query = url(door, MAPS + "?watch=1&timeoutSeconds=1")
    async with asyncio.timeout(10), session(door) as admin, admin.get(query) as answer:
        assert await answer.read() == b""


async def test_warnings_and_discovery(door: ControlPlane) -> None:
    async with session(door) as admin:
        body = orjson.dumps({"metadata": {"name": "a"}, "bogus": 1})
        headers = {"Content-Type": "application/json"}
        async with admin.post(url(door, MAPS), data=body, headers=headers) as answer:
            assert answer.status == 201
            assert 'unknown field \\"bogus\\"' in answer.headers["Warning"]
        endpoints = "/api/v1/namespaces/default/endpoints"
        for path in (endpoints, f"{endpoints}/kubernetes", f"{endpoints}?watch=1&timeoutSeconds=1"):
            async with admin.get(url(door, path)) as answer:
                assert "v1 Endpoints is deprecated in v1.33+" in answer.headers["Warning"]
        for path, kind in (
            ("/api", "APIVersions"),
            ("/apis", "APIGroupList"),
            ("/apis/apps", "APIGroup"),
            ("/apis/apps/v1", "APIResourceList"),
        ):
            async with admin.get(url(door, path)) as answer:
                assert orjson.loads(await answer.read())["kind"] == kind
        aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        async with admin.get(url(door, "/apis"), headers={"Accept": aggregated}) as answer:
            assert answer.headers["Content-Type"] == aggregated
        async with admin.get(url(door, "/openapi/v3")) as answer:
            paths = orjson.loads(await answer.read())["paths"]
        async with admin.get(url(door, paths["apis/apps/v1"]["serverRelativeURL"])) as answer:
            assert "components" in orjson.loads(await answer.read())
        protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
        for accept, kind in (
            (protobuf, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"),
            (f"application/json, {protobuf}", "application/json"),
            ("*/*", "application/json"),
        ):
            headers = {"Accept": accept}
            async with admin.get(url(door, "/openapi/v2"), headers=headers) as answer:
                assert answer.headers["Content-Type"] == kind


async def test_open_watches_do_not_hold_up_a_stop(tmp_path: Path) -> None:
    async with control_plane(tmp_path, http=True) as plane:
        client = session(plane)
        answer = await client.get(url(plane, MAPS + "?watch=1"))
        assert answer.status == 200
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 3
    answer.close()
    await client.close()


async def test_a_request_is_the_root_of_its_trace(door: ControlPlane) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "traced"}}
    body["data"] = {"password": "do-not-log-this"}
    async with session(door) as admin, session(door, "") as nobody:
        async with admin.post(url(door, MAPS + "?fieldManager=tester"), json=body) as answer:
            assert answer.status == 201
        hidden = "/api/v1/namespaces/default/services/web:80/proxy/reset/do-not-log-this"
        async with admin.get(url(door, hidden + "?word=do-not-log-this")) as answer:
            assert answer.status == 404
        headers = {"Authorization": "Bearer also-a-secret"}
        async with nobody.get(url(door, MAPS), headers=headers) as answer:
            assert answer.status == 401
    tracer = door.system.recorder.tracer
    assert isinstance(tracer, MemoryTracer)
    refused, root = tracer.find(msg="http.request", code=401), tracer.find(subject=f"POST {MAPS}")
    assert [note["subject"] for note in refused] == [f"GET {MAPS}"]
    assert [(note["user"], note["code"]) for note in root] == [("kubernetes-admin", 201)]
    [written] = [
        record
        for record in tracer.find(event="sent", msg="Txn", parent=root[0]["span"])
        if record["trace"] == root[0]["trace"]
    ]
    assert written["subject"] == "put /registry/core/configmaps/default/traced"
    text = repr(tracer.records)
    assert "do-not-log-this" not in text
    assert "also-a-secret" not in text


async def test_an_answer_says_what_its_request_is_called(door: ControlPlane) -> None:
    tracer = door.system.recorder.tracer
    assert isinstance(tracer, MemoryTracer)
    async with session(door) as admin:
        asked = [("", PODS), ("chosen-by-client", PODS), ("", "/version"), ("", PODS + "/none")]
        for given, path in asked:
            async with admin.get(url(door, path), headers={"Audit-ID": given}) as answer:
                name = answer.headers["Audit-Id"]
                await answer.read()
            assert name == given if given else len(name) == 36
            notes = tracer.find(event="note", msg="http.request", audit=name)
            assert len(notes) == ("/version" not in path)
        long = {"Audit-ID": "x" * 100}
        async with admin.get(url(door, PODS + "?watch=true"), headers=long) as answer:
            assert answer.headers["Audit-Id"] == "x" * 64


async def test_a_clients_trace_goes_on_and_every_answer_names_its_own(door: ControlPlane) -> None:
    tracer = door.system.recorder.tracer
    assert isinstance(tracer, MemoryTracer)
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "followed"}}
    async with session(door) as admin:
        headers = {"traceparent": f"00-{trace}-{span}-01"}
        async with admin.post(url(door, MAPS), json=body, headers=headers) as answer:
            version, same, own, flags = answer.headers["traceparent"].split("-")
        assert (version, same, flags) == ("00", trace, "01") and own != span
        [note] = tracer.find(event="note", msg="http.request", trace=trace)
        assert (note["span"], note["parent"]) == (own, span)
        assert tracer.find(event="sent", msg="Txn", trace=trace, parent=own)
        names = set()
        for bad in (f"00-{'0' * 32}-{span}-01", "nonsense", ""):
            for path in (PODS, "/version", PODS + "/none", PODS + "?watch=true"):
                headers = {"traceparent": bad}
                async with admin.get(url(door, path), headers=headers) as answer:
                    names.add(answer.headers["traceparent"].split("-")[1])
        assert len(names) == 12 and "0" * 32 not in names


async def test_a_long_list_is_whole_in_every_form(door: ControlPlane) -> None:
    for number in range(40):
        data = {"text": f"{number}".rjust(20_000)}
        await door.create(
            "configmaps", {"metadata": {"name": f"m{number}"}, "data": data}, "default"
        )
    wanted = await door.list("configmaps", "default")
    assert len(wanted["items"]) >= 40
    # Others may write meanwhile.
    await door.create("configmaps", {"metadata": {"name": "later"}}, "default")
    revision = wanted["metadata"]["resourceVersion"]
    exact = f"?resourceVersion={revision}&resourceVersionMatch=Exact"
    async with session(door) as client:

        async def listed(query: str = "", **headers: str) -> bytes:
            place = url(door, f"{MAPS}{exact}{query}")
            headers = {"Accept-Encoding": "identity", **headers}
            async with client.get(place, headers=headers, auto_decompress=False) as answer:
                assert answer.status == 200
                packed = answer.headers.get("Content-Encoding", "identity")
                assert packed == headers["Accept-Encoding"]
                return await answer.read()

        plain = await listed()
        assert len(plain) > BYTES_MIN
        assert orjson.loads(plain) == wanted
        assert orjson.loads(await listed("&pretty=true")) == wanted
        assert yaml.safe_load(await listed(Accept="application/yaml")) == wanted
        assert gzip.decompress(await listed(**{"Accept-Encoding": "gzip"})) == plain


async def test_nothing_that_is_answered_is_kept_on_the_way(door: ControlPlane) -> None:
    paths = ("/api/v1/pods", "/api/v1/pods?watch=1&timeoutSeconds=1", "/version", "/openapi/v2",
             "/api/v1/namespaces/none", "/metrics", "/apis")  # fmt: skip
    async with session(door) as client:
        for path in paths:
            async with client.get(url(door, path)) as answer:
                assert answer.headers.getall("Cache-Control") == ["no-cache, private"], path
