"""What a request for a stream asks for, and who may ask."""

from typing import Any

import aiohttp
import pytest

from actors.apiserver.admission import chain
from actors.apiserver.admission.plugin import Review
from actors.apiserver.streaming.connect import (
    ConnectOptions,
    parse_options,
    split_proxy,
)
from cluster.api import status
from cluster.errors import StatusError
from tests.support.cluster_in_memory import MemoryCluster
from tests.support.policies import bind, rule, validating

PROTOCOLS = ("v5.channel.k8s.io",)
RBAC = "rbac.authorization.k8s.io"


def test_options() -> None:
    query = "command=sh&command=-c&command=echo%20a%26b&stdin=true&tty=1&stderr=true&container=c"
    assert parse_options("exec", query) == ConnectOptions(
        "c", ("sh", "-c", "echo a&b"), stdin=True, tty=True
    )
    long = "&".join(f"command={number}" for number in range(1000)) + "&stdout=1"
    assert len(parse_options("exec", long).command) == 1000
    assert parse_options("attach", "stdout=1&command=x").command == ()
    assert parse_options("portforward", "ports=80&ports=81,82").ports == (80, 81, 82)
    for wrong in ("ports=x", "ports=0", "ports=65536", "ports=80,"):
        with pytest.raises(StatusError):
            parse_options("portforward", wrong)
    for wrong in ("", "command=x", "stdout=1", "stdout=false&command=x", "command=%ff&stdout=1"):
        with pytest.raises(StatusError) as caught:
            parse_options("exec", wrong)
        assert caught.value.code == 400


def test_a_proxys_path_is_left_as_it_came() -> None:
    base = "/api/v1/namespaces/a/services/https:b:80/proxy"
    assert split_proxy(base) == (base, "")
    assert split_proxy(base + "/") == (base, "/")
    assert split_proxy(base + "//x/../%2e/") == (base, "//x/../%2e/")
    assert split_proxy("/api/v1/nodes/n/proxy/x") == ("/api/v1/nodes/n/proxy", "/x")
    for other in ("/api/v1/namespaces/a/pods/proxy", "/api/v1/pods/proxy/x", "/healthz"):
        assert split_proxy(other) == (other, None)


async def allow(cluster: MemoryCluster, user: str, verbs: list[str]) -> None:
    """The user may do that with pods/exec."""
    rules = [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": verbs}]
    await cluster.plane.create(
        "roles", {"metadata": {"name": user}, "rules": rules}, "default", RBAC
    )
    binding = {
        "metadata": {"name": user},
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": user},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}],
    }
    await cluster.plane.create("rolebindings", binding, "default", RBAC)


async def test_a_websocket_needs_the_verb_create_too(cluster: MemoryCluster) -> None:
    """KEP of "authorize pods/exec by WebSocket": on by default from 1.35."""
    await cluster.run_pod("web")
    for user, verbs in (("reader", ["get"]), ("maker", ["create"]), ("both", ["get", "create"])):
        await allow(cluster, user, verbs)
    url = cluster.url("/api/v1/namespaces/default/pods/web/exec?command=x&stdout=1")
    async with cluster.http() as http:
        for user, verb in (("reader", "create"), ("maker", "get"), ("nobody", "get")):
            async with http.get(url, headers={"Impersonate-User": user}) as answer:
                assert answer.status == 403
                message = (await answer.json())["message"]
                assert f'User "{user}" cannot {verb} resource "pods/exec"' in message
        # A POST, as SPDY's is, needs create alone: it gets as far as to be asked for an upgrade.
        async with http.post(url, headers={"Impersonate-User": "maker"}) as answer:
            assert answer.status == 400
        headers = {"Impersonate-User": "both"}
        async with http.ws_connect(url, protocols=PROTOCOLS, headers=headers) as socket:
            assert [message.data[:1] async for message in socket] == [b"\x01", b"\x03"]


async def test_admission_sees_a_connect_with_its_options(
    cluster: MemoryCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cluster.run_pod("web")
    seen: list[Any] = []

    async def judge(review: Review) -> None:
        if review.operation == "CONNECT":
            seen.append(review.obj)
            raise status.forbidden(review.call.kind, review.call.request.name, "not on my watch")

    monkeypatch.setattr(chain, "PLUGINS", (*chain.PLUGINS, judge))
    base = "/api/v1/namespaces/default/pods/web/"
    async with cluster.http() as http:
        for path in ("exec?command=x&stdout=1", "attach?stdin=1", "portforward", "proxy/a/b"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await http.ws_connect(cluster.url(base + path), protocols=PROTOCOLS)
            assert caught.value.status == 403
    assert seen == [
        {"apiVersion": "v1", "kind": "PodExecOptions", "stdout": True, "command": ["x"]},
        {"apiVersion": "v1", "kind": "PodAttachOptions", "stdin": True},
        {"apiVersion": "v1", "kind": "PodPortForwardOptions"},
        {"apiVersion": "v1", "kind": "PodProxyOptions", "path": "a/b"},
    ]


async def test_policies_judge_a_connect_by_its_options(cluster: MemoryCluster) -> None:
    await cluster.run_pod("web")
    connect = {"resourceRules": [rule("pods/exec", "pods/attach", operations=["CONNECT"])]}
    sees = [
        {"expression": "!has(object.command) || object.command[0] != 'sh'", "message": "no shells"},
        {"expression": "request.operation == 'CONNECT' && oldObject == null"},
        {"expression": "request.name == 'web' && request.subResource in ['exec', 'attach']"},
    ]
    policy = validating("p", matchConstraints=connect, validations=sees)
    await bind(cluster.plane, policy)
    base = "/api/v1/namespaces/default/pods/web/exec?stdout=1&command="
    async with cluster.http() as http:
        async with http.get(cluster.url(base + "sh")) as answer:
            assert answer.status == 422
            message = (await answer.json())["message"]
            assert message.endswith("denied request: no shells")
        async with http.ws_connect(cluster.url(base + "x"), protocols=PROTOCOLS) as socket:
            assert [message.data[:1] async for message in socket] == [b"\x01", b"\x03"]
