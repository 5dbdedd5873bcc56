"""The local provider on the packet filter's twin."""

import pytest

from actors.cloud.provider import Balancer, BalancerPort, CloudFault, Target
from actors.cloud.providers.local import LocalProvider, address_pool, instance_type
from actors.kit.world.packet_filter import Backend
from actors.kit.world.packet_filter_memory import MemoryPacketFilter
from cluster.settings import NetworkSettings
from tests.unit.actors.cloud.samples import fresh_node, ready_node
from tests.unit.actors.replica_bench import SETTINGS

TARGETS = (Target("n1", "10.245.0.1"), Target("n2", "10.245.0.2"))


def balancer(name: str, wanted: str = "", node_port: int = 30080) -> Balancer:
    return Balancer(
        ("d", name), f"uid-{name}", (BalancerPort("tcp", 80, node_port),), TARGETS, wanted
    )


async def test_facts_of_a_node() -> None:
    provider = LocalProvider(SETTINGS, MemoryPacketFilter())
    found = await provider.instance(fresh_node("n1"))
    assert found is not None
    assert found.provider_id == "local://test/n1"
    assert (found.zone, found.region, found.instance_type) == ("a", "local", "local.2c8g")
    assert [item.address for item in found.addresses] == ["10.245.0.1", "n1"]
    stranger = await provider.instance(
        ready_node("joined", "10.1.1.1", labels={"topology.kubernetes.io/zone": "z"})
    )
    assert stranger is not None and stranger.zone == "z"
    assert instance_type({"status": {}}) == ""


async def test_addresses_lead_to_node_ports_until_deleted() -> None:
    memory = MemoryPacketFilter()
    balancers = LocalProvider(SETTINGS, memory).load_balancers
    (address,) = await balancers.ensure(balancer("web"))
    found = memory.resolve(address, 80, source="192.0.2.7")
    assert set(found.backends) == {Backend("10.245.0.1", 30080), Backend("10.245.0.2", 30080)}
    assert not found.masquerade
    assert memory.resolve(address, 80, source="10.245.0.2").masquerade
    assert memory.resolve(address, 81).outcome == "reject"
    assert await balancers.ensure(balancer("web")) == (address,)
    await balancers.delete(("d", "web"))
    await balancers.delete(("d", "never"))
    assert memory.resolve(address, 80).outcome == "reject"


async def test_a_new_leader_takes_over_with_the_same_addresses() -> None:
    memory = MemoryPacketFilter()
    first = LocalProvider(SETTINGS, memory).load_balancers
    addresses = {}
    for name in ("c", "a", "b"):
        (addresses[name],) = await first.ensure(balancer(name))
    assert len(set(addresses.values())) == 3
    await first.delete(("d", "c"))
    second = LocalProvider(SETTINGS, memory).load_balancers
    await second.restore([balancer(name, addresses[name]) for name in ("b", "a")])
    table = memory.tables["steersman_lb_test"]
    assert {front[0] for front in table.forwards} == {addresses["a"], addresses["b"]}
    await second.refresh()
    (new,) = await second.ensure(balancer("0-first-by-name"))
    assert new not in (addresses["a"], addresses["b"])


async def test_no_room_and_no_filter_are_faults() -> None:
    memory = MemoryPacketFilter()
    small = NetworkSettings(load_balancer_range="10.245.1.0/30")
    assert address_pool(small) == ("10.245.1.1", "10.245.1.2")
    settings = SETTINGS.__class__(
        name="test", data_dir="/", replicas=SETTINGS.replicas, nodes=(), network=small
    )
    balancers = LocalProvider(settings, memory).load_balancers
    await balancers.ensure(balancer("a"))
    await balancers.ensure(balancer("b"))
    with pytest.raises(CloudFault, match="no free address"):
        await balancers.ensure(balancer("c"))
    memory.fail_next = 1
    with pytest.raises(CloudFault, match="packet filter"):
        await balancers.ensure(balancer("a", node_port=30099))
