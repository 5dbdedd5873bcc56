"""hosts, resolv.conf, hostname."""

from typing import Any

from actors.kubelet import pod_dns
from cluster.api.types import Object
from cluster.settings import NetworkSettings

NETWORK = NetworkSettings()
MACHINE = "# comment\nnameserver 192.0.2.53\nsearch corp.example .\noptions timeout:1 rotate\n"


def pod(**spec: Any) -> Object:
    return {"metadata": {"name": "web-1", "namespace": "shop"}, "spec": spec}


def test_cluster_first() -> None:
    assert pod_dns.resolv_conf(pod(), NETWORK, MACHINE) == (
        "nameserver 10.96.0.10\n"
        "search shop.svc.cluster.local svc.cluster.local cluster.local corp.example\n"
        "options ndots:5\n"
    )


def test_host_network_uses_the_machines_resolver_unless_asked() -> None:
    host = pod(hostNetwork=True)
    assert "192.0.2.53" in pod_dns.resolv_conf(host, NETWORK, MACHINE)
    asked = pod(hostNetwork=True, dnsPolicy="ClusterFirstWithHostNet")
    assert "10.96.0.10" in pod_dns.resolv_conf(asked, NETWORK, MACHINE)
    default = pod_dns.resolv_conf(pod(dnsPolicy="Default"), NETWORK, MACHINE)
    expected = "nameserver 192.0.2.53\nsearch corp.example\noptions timeout:1 rotate\n"
    assert default == expected


def test_own_config() -> None:
    config = {
        "nameservers": ["192.0.2.1"],
        "searches": ["x.example"],
        "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
    }
    assert pod_dns.resolv_conf(pod(dnsPolicy="None", dnsConfig=config), NETWORK, MACHINE) == (
        "nameserver 192.0.2.1\nsearch x.example\noptions ndots:2 edns0\n"
    )
    merged = pod_dns.resolv_conf(pod(dnsConfig=config), NETWORK, "")
    assert "options ndots:2 edns0" in merged and "nameserver 10.96.0.10" in merged


def test_hostname() -> None:
    assert pod_dns.hostname(pod()) == "web-1"
    assert pod_dns.hostname(pod(hostname="other")) == "other"
    long = {"metadata": {"name": "a" * 62 + "-b" * 5, "namespace": "x"}, "spec": {}}
    assert pod_dns.hostname(long) == "a" * 62


def test_hosts() -> None:
    alias = [{"ip": "192.0.2.9", "hostnames": ["one", "two"]}]
    named = pod(hostname="db-0", subdomain="db", hostAliases=alias)
    text = pod_dns.hosts_file(named, "10.244.1.2", "cluster.local")
    assert "10.244.1.2\tdb-0.db.shop.svc.cluster.local\tdb-0\n" in text
    assert "192.0.2.9\tone\ttwo\n" in text and "127.0.0.1\tlocalhost\n" in text
