"""Headers: what is accepted, what is sent, who asks, how a body is framed."""

import gzip

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.budget import examples
from tests.fuzz.judge import Judge
from tests.fuzz.wire import Wire, check

pytestmark = pytest.mark.asyncio(loop_scope="session")
MAPS = "/api/v1/namespaces/default/configmaps"
TARGETS = st.sampled_from(
    ("/api", "/apis", "/openapi/v2", "/openapi/v3", "/version", "/readyz", MAPS, f"{MAPS}/none",
     f"{MAPS}?watch=1&timeoutSeconds=1&resourceVersion=1&resourceVersionMatch=x", "/metrics",
     "/api/v1/namespaces/default/pods/none/exec?command=a", "/apis/apps/v1/deployments")
)  # fmt: skip
PIECES = (
    "application/json", "*/*", "text/html", "application/*", "as=Table", "g=meta.k8s.io", "v=v1",
    "v=v1beta1", "as=PartialObjectMetadataList", "q=0", "q=nan", "q=inf", "q=1e999", "q=x", ";",
    ",", "=", '"', "as=APIGroupDiscoveryList", "g=apidiscovery.k8s.io", "v=v2", "a" * 500, "", "/",
    "application/vnd.kubernetes.protobuf", "charset=utf-8", "é", "application/json;as=Table;v=v1",
    "application/yaml", "application/merge-patch+json", "gzip", "chunked", "identity", "Bearer ",
    "Bearer a.b.c", "Basic YTpi", "W/", '"*"', "*", "system:masters", "100-continue",
    "system:anonymous", "websocket", "SPDY/3.1", "0", "-1", "9" * 20, "Upgrade",
    "keep-alive", "\t",
)  # fmt: skip
VALUES = st.lists(st.sampled_from(PIECES), max_size=5).map(";".join) | st.lists(
    st.sampled_from(PIECES), max_size=5
).map(",".join)
NAMES = st.sampled_from(
    ("Accept", "Content-Type", "Authorization", "If-None-Match", "User-Agent", "Accept-Encoding",
     "Impersonate-User", "Impersonate-Group", "Impersonate-Uid", "Impersonate-Extra-a",
     "Impersonate-Extra-%zz", "X-Remote-User", "Cookie", "Range", "Expect", "Upgrade", "Origin",
     "X-Forwarded-For", "Content-Encoding", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol",
     "X-Stream-Protocol-Version", "Date", "Audit-ID", "If-Match", "Content-MD5")
)  # fmt: skip


@given(
    st.sampled_from(("GET", "GET", "POST", "PATCH", "DELETE", "HEAD")),
    TARGETS,
    st.lists(st.tuples(NAMES, VALUES), max_size=4),
)
@examples(250)
async def test_any_headers(
    judge: Judge, wire: Wire, method: str, target: str, headers: list[tuple[str, str]]
) -> None:
    before = await judge.stored()
    body = b'{"metadata":{"name":"none"}}' if method in ("POST", "PATCH") else b""
    if method in ("POST", "DELETE"):
        target += "&dryRun=All" if "?" in target else "?dryRun=All"
    lines = [f"{method} {target} HTTP/1.1", "Host: a", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {len(body)}"] if body else []
    reply = await wire.send(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
    if method != "HEAD" and reply.code not in (0, 100):
        check(reply, f"{method} {target} {headers}")
    assert await judge.stored() == before


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x", "gzip, identity"])
async def test_compressed_bodies_are_refused(wire: Wire, encoding: str) -> None:
    """A gzip body may be a bomb; kube-apiserver reads none either."""
    body = gzip.compress(b'{"metadata":{"name":"a"},"data":{"a":"%b"}}' % (b"x" * (50 << 20)))
    headers = (("Content-Type", "application/json"), ("Content-Encoding", encoding))
    for method, target in (("POST", MAPS), ("PATCH", f"{MAPS}/a"), ("DELETE", f"{MAPS}/a")):
        reply = await wire.ask(method, target, *headers, body=body)
        assert (reply.code, reply.status["reason"]) == (415, "UnsupportedMediaType"), reply


FRAMES = (
    b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{\"a\":1}",
    b"Content-Length: +5\r\n\r\n[1,2]",
    b"Content-Length: 0x5\r\n\r\n[1,2]",
    b"Content-Length: -1\r\n\r\n[1,2]",
    b"Content-Length: 99999999999999999999999\r\n\r\n[1,2]",
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n5;a=" + b"b" * 100_000 + b"\r\n[1,2]\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: x\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n\r\n5\r\n[1,2]\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n5\r\n[1,2]\r\n0\r\nX: " + b"t" * 100_000 + b"\r\n\r\n",
    b"Host: b\r\nContent-Length: 5\r\n\r\n[1,2]",
    b"Content-Type: a\r\nContent-Type: b\r\nContent-Length: 5\r\n\r\n[1,2]",
    b" folded: a\r\nContent-Length: 5\r\n\r\n[1,2]",
    b"X : a\r\nContent-Length: 5\r\n\r\n[1,2]",
    b"X\r\nContent-Length: 5\r\n\r\n[1,2]",
    b"X: a\x00b\r\nContent-Length: 5\r\n\r\n[1,2]",
    b"X: \xff\xfe\r\nContent-Length: 5\r\n\r\n[1,2]",
    b"Content-Type: \xff\xfe\r\nContent-Length: 5\r\n\r\n[1,2]",
    b"Authorization: Bearer \xff\xfe\r\nContent-Length: 5\r\n\r\n[1,2]",
    b"User-Agent: \xff\xfe\r\nContent-Length: 2\r\n\r\n{}",
    b"Impersonate-User: \xff\xfe\r\nContent-Length: 5\r\n\r\n[1,2]",
)  # fmt: skip


@pytest.mark.parametrize("rest", FRAMES, ids=lambda rest: repr(rest[:40]))
async def test_bodies_framed_in_odd_ways(judge: Judge, wire: Wire, rest: bytes) -> None:
    before = await judge.stored()
    head = f"POST {MAPS} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n".encode()
    reply = await wire.send(head + rest)
    assert reply.code == 0 or 400 <= reply.code < 500, reply
    if reply.code:
        check(reply, repr(rest[:60]))
    assert await judge.stored() == before


async def test_expect_100_continue(wire: Wire) -> None:
    """curl and Go send it: the body comes after the interim answer, or never."""
    reader, writer = await wire.open()
    writer.write(
        f"POST {MAPS}?dryRun=All HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        "Content-Type: application/json\r\nContent-Length: 25\r\n\r\n".encode()
    )
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    writer.write(orjson.dumps({"metadata": {"name": "a"}}))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 201")
    writer.transport.abort()
