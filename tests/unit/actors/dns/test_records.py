"""Answers by the Kubernetes DNS specification."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.dns.records import (
    AAAA,
    ANY,
    CNAME,
    NOERROR,
    NS,
    NXDOMAIN,
    PTR,
    REFUSED,
    SOA,
    SRV,
    TXT,
    A,
    Answer,
    Domain,
    answer,
)
from actors.dns.zone import ClusterZone

DOMAIN = Domain("cluster.local", "10.96.0.10", ("10.96.0.0/16", "10.244.0.0/16"))


def service(name: str, **spec: Any) -> dict[str, Any]:
    ports = [
        {"name": "http", "port": 80, "protocol": "TCP"},
        {"name": "dns", "port": 53, "protocol": "UDP"},
    ]
    return {
        "metadata": {"namespace": "shop", "name": name},
        "spec": {"type": "ClusterIP", "ports": ports, **spec},
    }


def endpoint_slice(name: str, of: str, *endpoints: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {
            "namespace": "shop",
            "name": name,
            "labels": {"kubernetes.io/service-name": of},
        },
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": list(endpoints),
    }


def make_zone() -> ClusterZone:
    zone = ClusterZone()
    zone.service_changed(None, service("web", clusterIP="10.96.0.7", clusterIPs=["10.96.0.7"]))
    zone.service_changed(None, service("db", clusterIP="None", clusterIPs=["None"]))
    zone.service_changed(None, service("out", type="ExternalName", externalName="Example.org."))
    zone.service_changed(
        None, service("alias", type="ExternalName", externalName="web.shop.svc.cluster.local")
    )
    zone.slice_changed(
        None,
        endpoint_slice(
            "db-1",
            "db",
            {"addresses": ["10.244.1.5"], "hostname": "db-0", "conditions": {"ready": True}},
            {"addresses": ["10.244.2.5"], "hostname": "db-1"},
            {"addresses": ["10.244.2.6"], "conditions": {}},
            {"addresses": ["10.244.2.7"], "conditions": {"ready": False}},
        ),
    )
    zone.slice_changed(None, endpoint_slice("web-1", "web", {"addresses": ["10.244.1.9"]}))
    return zone


ZONE = make_zone()


def ask(name: str, kind: int = A, turn: int = 0) -> Answer:
    return answer(ZONE, DOMAIN, name.split("."), kind, turn)


def data(name: str, kind: int = A) -> list[Any]:
    found = ask(name, kind)
    assert found.code == NOERROR, (name, found)
    return sorted(item.data for item in found.records)


def test_cluster_ip_service() -> None:
    assert data("web.shop.svc.cluster.local") == ["10.96.0.7"]
    assert data("web.shop.svc.cluster.local", AAAA) == []
    assert ask("web.shop.svc.cluster.local", AAAA).authority
    assert data("_http._tcp.web.shop.svc.cluster.local", SRV) == [
        (0, 100, 80, "web.shop.svc.cluster.local")
    ]
    assert data("_dns._udp.web.shop.svc.cluster.local", SRV)
    assert ask("_http._udp.web.shop.svc.cluster.local", SRV).code == NXDOMAIN
    assert len(data("web.shop.svc.cluster.local", SRV)) == 2
    assert data("_tcp.web.shop.svc.cluster.local") == []
    assert ask("10-244-1-9.web.shop.svc.cluster.local").code == NXDOMAIN


def test_headless_service_has_one_address_per_ready_endpoint() -> None:
    assert data("db.shop.svc.cluster.local") == ["10.244.1.5", "10.244.2.5", "10.244.2.6"]
    assert data("db-0.db.shop.svc.cluster.local") == ["10.244.1.5"]
    assert data("10-244-2-6.db.shop.svc.cluster.local") == ["10.244.2.6"]
    assert ask("db-9.db.shop.svc.cluster.local").code == NXDOMAIN
    found = ask("_http._tcp.db.shop.svc.cluster.local", SRV)
    assert {item.data[2:] for item in found.records} == {
        (8080, "db-0.db.shop.svc.cluster.local"),
        (8080, "db-1.db.shop.svc.cluster.local"),
        (8080, "10-244-2-6.db.shop.svc.cluster.local"),
    }
    assert {item.data for item in found.additional} == set(data("db.shop.svc.cluster.local"))


def test_answers_take_turns() -> None:
    firsts = {ask("db.shop.svc.cluster.local", A, turn).records[0].data for turn in range(3)}
    assert len(firsts) == 3


def test_external_names() -> None:
    found = ask("out.shop.svc.cluster.local")
    assert [(item.type, item.data) for item in found.records] == [(CNAME, "example.org")]
    found = ask("alias.shop.svc.cluster.local")
    assert [item.data for item in found.records] == ["web.shop.svc.cluster.local", "10.96.0.7"]
    assert len(ask("alias.shop.svc.cluster.local", CNAME).records) == 1


def test_aliases_in_a_circle_end() -> None:
    zone = ClusterZone()
    for one, other in (("a", "b"), ("b", "a")):
        target = f"{other}.shop.svc.cluster.local"
        zone.service_changed(None, service(one, type="ExternalName", externalName=target))
    found = answer(zone, DOMAIN, ["a", "shop", "svc", "cluster", "local"], A)
    assert found.code == NOERROR
    assert {item.type for item in found.records} == {CNAME}


def test_reverse_names() -> None:
    assert data("7.0.96.10.in-addr.arpa", PTR) == ["web.shop.svc.cluster.local"]
    assert data("5.1.244.10.in-addr.arpa", PTR) == ["db-0.db.shop.svc.cluster.local"]
    assert ask("8.0.96.10.in-addr.arpa", PTR).code == NXDOMAIN
    assert ask("8.8.8.8.in-addr.arpa", PTR).code == REFUSED


def test_pods_apex_and_version() -> None:
    assert data("10-244-1-5.shop.pod.cluster.local") == ["10.244.1.5"]
    assert ask("10-244-1-500.shop.pod.cluster.local").code == NXDOMAIN
    assert ask("cluster.local", SOA).records[0].type == SOA
    assert ask("cluster.local", NS).records[0].data == "ns.dns.cluster.local"
    assert data("ns.dns.cluster.local") == ["10.96.0.10"]
    assert data("dns-version.cluster.local", TXT) == ["1.1.0"]
    assert len(ask("web.shop.svc.cluster.local", ANY).records) == 1


def test_absence() -> None:
    for name in (
        "nope.shop.svc.cluster.local",
        "web.nope.svc.cluster.local",
        "nope.cluster.local",
        "x.web.shop.svc.cluster.local",
        "nope.svc.cluster.local",
    ):
        found = ask(name)
        assert (found.code, found.authority) == (NXDOMAIN, True), name
    assert ask("shop.svc.cluster.local").code == NOERROR
    assert ask("example.org").code == REFUSED
    assert not ask("example.org").authority


def test_the_zone_forgets() -> None:
    zone = make_zone()
    web = service("web", clusterIP="10.96.0.7", clusterIPs=["10.96.0.7"])
    zone.service_changed(web, None)
    labels = ["web", "shop", "svc", "cluster", "local"]
    assert answer(zone, DOMAIN, labels, A).code == NXDOMAIN
    assert answer(zone, DOMAIN, ["7", "0", "96", "10", "in-addr", "arpa"], PTR).code == NXDOMAIN
    for name in ("db", "out", "alias"):
        zone.service_changed(service(name), None)
    assert not zone.has_namespace("shop")
    zone.slice_changed(endpoint_slice("db-1", "db"), None)
    assert not zone.endpoints(("shop", "db"))


label = st.text("abcdefghijklmnop-_0123456789*", min_size=0, max_size=12)
names = st.lists(label, max_size=8).map(lambda items: items)
suffixes = st.sampled_from(
    [
        [],
        ["cluster", "local"],
        ["svc", "cluster", "local"],
        ["shop", "svc", "cluster", "local"],
        ["db", "shop", "svc", "cluster", "local"],
        ["pod", "cluster", "local"],
        ["in-addr", "arpa"],
    ]
)


@given(names, suffixes, st.integers(0, 300), st.integers(0, 1000))
def test_no_name_surprises(start: list[str], end: list[str], kind: int, turn: int) -> None:
    found = answer(ZONE, DOMAIN, [*start, *end], kind, turn)
    assert found.code in (NOERROR, NXDOMAIN, REFUSED)
    if found.code != NOERROR:
        assert not found.records
