"""Paths: dots, encodings, empty and endless segments, and any mixture of real ones."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.kinds import SERVED
from tests.fuzz.budget import examples
from tests.fuzz.judge import Judge
from tests.fuzz.wire import Wire, check

pytestmark = pytest.mark.asyncio(loop_scope="session")
METHODS = st.sampled_from(("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "X"))
TRICKS = (
    "", ".", "..", "...", "%2e", "%2e%2e", "%2f", "%2F..%2f", "%252f", "%00", "%0a", "%", "%zz",
    "%c0%ae", "%ff", "%e2%80%ae", "é", "a" * 300, "a" * 3000, "*", ";", ";a=b", "~", "\\", "%5c",
    ":", "@", "a%20b", "+", "%7f", "a.b", "'", '"', "<", "|", "^", "`", "{a}", "[::1]", "&", "=",
)  # fmt: skip
WORDS = (
    "api", "apis", "v1", "v2", "v1beta1", "apps", "namespaces", "default", "kube-system", "pods",
    "status", "scale", "finalize", "watch", "openapi", "version", "healthz", "livez", "readyz",
    "ping", "metrics", "openid", "jwks", "debug", "store", "snapshot", "members", "example.com",
    "widgets", "kubernetes", "proxy", "log", "exec", "attach", "portforward", "binding", "token",
    "eviction", "approval", "componentstatuses", "logs", ".well-known", "openid-configuration",
    *sorted({kind.plural for kind in SERVED}),
)  # fmt: skip
SEGMENTS = st.sampled_from(TRICKS) | st.sampled_from(WORDS) | st.text(max_size=4).map(quote)


@st.composite
def paths(draw: st.DrawFn) -> str:
    """Mostly below a real resource."""
    start = draw(
        st.sampled_from(
            ("", "/api", "/api/v1", "/apis/apps/v1", "/api/v1/namespaces/default",
             "/apis/apps/v1/namespaces/default/deployments", "/api/v1/namespaces/default/pods/a",
             "/api/v1/namespaces/default/configmaps", "/openapi/v3", "/debug/store")
        )
    )  # fmt: skip
    rest = draw(st.lists(SEGMENTS, min_size=0 if start else 1, max_size=4))
    path = start + "".join(f"/{segment}" for segment in rest)
    return path.replace("#", "%23").replace("?", "%3f").replace(" ", "%20")


@given(METHODS, paths())
@examples(250)
async def test_any_path(judge: Judge, wire: Wire, method: str, path: str) -> None:
    before = await judge.stored()
    await wire.ask(method, path, ("Content-Type", "application/json"), body=b"[]")
    assert await judge.stored() == before


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/namespaces/default/configmaps/..%2f..%2fkube-system",
        "/api/v1/namespaces/default/configmaps/%2e%2e/secrets",
        "/api/v1/namespaces/../secrets",
        "/api/v1/namespaces/default%2fsecrets",
        "/api/v1//secrets",
        "//api/v1/secrets",
        "/api/v1/namespaces//secrets",
        "/openapi/../api/v1/secrets",
        "/healthz/../api/v1/secrets",
        "/livez/%2e%2e/%2e%2e/api/v1/secrets",
    ],
)
async def test_no_way_leads_round(wire: Wire, path: str) -> None:
    """A path is what it says, or nothing: no normalizing leads from an open one to a closed one."""
    reply = await wire.ask("GET", path)
    assert reply.code in (400, 404), reply
    nobody = await Wire.to(wire.plane, "").ask("GET", path)
    assert nobody.code in (400, 401, 403, 404), nobody


async def test_requests_that_are_no_http(wire: Wire) -> None:
    for raw in (
        b"GET\r\n\r\n",
        b"GET  /api HTTP/1.1\r\n\r\n",
        b"GET /api\r\n\r\n",
        b"GET api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET http://[/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET http://a:99999999/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET http://other/api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"CONNECT /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /api?\xff=\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /api HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /api HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 50_000 + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello\r\n\r\n",
    ):
        reply = await wire.send(raw)
        if reply.code:
            check(reply, repr(raw[:60]))
