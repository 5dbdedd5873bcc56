"""Where a proxied request goes."""

from typing import Any

import pytest

from actors.apiserver.streaming.proxy_target import (
    Named,
    Target,
    check_address,
    parse_name,
    pod_target,
    service_targets,
)
from cluster.errors import StatusError

POD: dict[str, Any] = {
    "metadata": {"name": "web", "namespace": "a"},
    "spec": {
        "nodeName": "n",
        "containers": [{"name": "x"}, {"name": "y", "ports": [{"containerPort": 8080}]}],
    },
    "status": {"podIP": "10.1.2.3"},
}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("web", Named("", "web", "")),
        ("web:80", Named("", "web", "80")),
        ("web:http", Named("", "web", "http")),
        ("https:web:443", Named("https", "web", "443")),
        ("https:web:", Named("https", "web", "")),
        (":web:80", Named("", "web", "80")),
    ],
)
def test_names(text: str, named: Named) -> None:
    assert parse_name("pod", text) == named


@pytest.mark.parametrize("text", ["", ":", "web:", ":80", "ftp:web:80", "https::80", "a:b:c:d"])
def test_names_that_are_none(text: str) -> None:
    with pytest.raises(StatusError) as caught:
        parse_name("pod", text)
    assert caught.value.code == 400


def test_a_pods_port() -> None:
    def target(name: str) -> tuple[str, int]:
        found = pod_target(POD, parse_name("pod", name))
        assert (found.address, found.node, found.pod) == ("10.1.2.3", "n", ("a", "web"))
        return found.scheme, found.port

    assert target("web") == ("http", 8080)
    assert target("web:9") == ("http", 9)
    assert target("https:web:") == ("https", 8080)
    bare = {**POD, "spec": {"nodeName": "n", "containers": [{"name": "x"}]}}
    assert pod_target(bare, Named("https", "web", "")).port == 443
    for wrong in ("web:http", "web:0", "web:70000"):
        with pytest.raises(StatusError):
            target(wrong)
    with pytest.raises(StatusError):
        pod_target({**POD, "status": {}}, Named("", "web", ""))


def test_a_services_endpoints() -> None:
    def endpoint(address: str, ready: bool | None = True, **more: Any) -> dict[str, Any]:
        conditions = {} if ready is None else {"ready": ready}
        return {"addresses": [address], "conditions": conditions, **more}

    service = {
        "metadata": {"name": "web"},
        "spec": {"ports": [{"name": "http", "port": 80}, {"name": "admin", "port": 81}]},
    }
    reference = {"kind": "Pod", "namespace": "a", "name": "web-1"}
    slices = [
        {
            "ports": [{"name": "http", "port": 8080}, {"name": "admin", "port": 8081}],
            "endpoints": [
                endpoint("10.1.2.3", nodeName="n", targetRef=reference),
                endpoint("10.1.2.4", ready=False),
                endpoint("10.1.2.5", ready=None),
            ],
        }
    ]
    here = Target("http", "10.1.2.3", 8080, "n", ("a", "web-1"))
    assert service_targets(service, slices, Named("", "web", "http")) == [
        here, Target("http", "10.1.2.5", 8080),
    ]  # fmt: skip
    [first, _] = service_targets(service, slices, Named("https", "web", "81"))
    assert (first.scheme, first.port) == ("https", 8081)
    for wrong in ("82", "other", ""):
        with pytest.raises(StatusError) as caught:
            service_targets(service, slices, Named("", "web", wrong))
        assert caught.value.code == 503


def test_what_the_server_must_not_dial() -> None:
    for address in ("127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "::1", "x"):
        assert check_address(address) is not None
    assert check_address("10.1.2.3") is None
