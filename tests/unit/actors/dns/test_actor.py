"""The DNS actor against a fake API: ignorance is a failure, not an absence; it stays registered."""

import asyncio

import dnslib

from actors.dns.actor import DnsActor
from cluster.api.resources import ENDPOINT_SLICES, NODES, SERVICES
from cluster.api.types import Object
from cluster.errors import ActorDown
from cluster.messages.apiserver import ApiRequest
from tests.unit.actors.client.harness import until
from tests.unit.actors.dns.test_records import endpoint_slice, service
from tests.unit.actors.replica_bench import SERVERS, SETTINGS, ReplicaBench, replicated


async def start(bench: ReplicaBench) -> DnsActor:
    held: list[DnsActor] = []

    def make() -> DnsActor:
        held.append(DnsActor(SETTINGS, "n1", SERVERS, "", 53))
        return held[-1]

    await bench.system.spawn("dns", make)
    return held[-1]


def ask(dns: DnsActor, name: str) -> tuple[int, list[str]]:
    packet = dns.respond(bytes(dnslib.DNSRecord.question(name).pack()), False)
    assert packet is not None
    found = dnslib.DNSRecord.parse(packet)
    return found.header.rcode, [str(item.rdata) for item in found.rr]


def own_slice(bench: ReplicaBench) -> Object | None:
    return bench.state.find(ENDPOINT_SLICES, "kube-system", "kube-dns-n1")


@replicated
async def test_it_fails_until_it_knows_then_follows(bench: ReplicaBench) -> None:
    def down(request: ApiRequest) -> None:
        raise ActorDown("not yet")

    bench.state.fault = down
    bench.state.put(SERVICES, service("db", clusterIP="None"))
    dns = await start(bench)
    await asyncio.sleep(1)
    assert ask(dns, "nope.shop.svc.cluster.local") == (2, [])
    assert own_slice(bench) is None
    bench.state.fault = None
    await until(lambda: dns.synced)
    assert ask(dns, "nope.shop.svc.cluster.local") == (3, [])
    assert ask(dns, "db.shop.svc.cluster.local") == (0, [])
    bench.state.put(ENDPOINT_SLICES, endpoint_slice("db-1", "db", {"addresses": ["10.244.1.5"]}))
    await until(lambda: ask(dns, "db.shop.svc.cluster.local") == (0, ["10.244.1.5"]))
    assert ask(dns, "example.org") == (5, [])


@replicated
async def test_it_registers_and_repairs_its_slice(bench: ReplicaBench) -> None:
    await start(bench)
    await until(lambda: own_slice(bench))
    found = own_slice(bench) or {}
    (endpoint,) = found["endpoints"]
    assert (endpoint["addresses"], endpoint["nodeName"], endpoint["zone"]) == (
        ["10.245.0.1"],
        "n1",
        "a",
    )
    assert {item["protocol"] for item in found["ports"]} == {"UDP", "TCP"}
    assert "ownerReferences" not in found["metadata"]
    bench.state.put(NODES, {"metadata": {"name": "n1", "uid": "uid-n1"}})
    await until(lambda: (own_slice(bench) or {})["metadata"].get("ownerReferences"))
    bench.state.remove(ENDPOINT_SLICES, "kube-system", "kube-dns-n1")
    await until(lambda: own_slice(bench))
    broken = own_slice(bench) or {}
    bench.state.put(ENDPOINT_SLICES, {**broken, "endpoints": []})
    await until(lambda: (own_slice(bench) or {})["endpoints"])
    writes = len(bench.state.writes())
    await asyncio.sleep(120)
    assert len(bench.state.writes()) == writes
