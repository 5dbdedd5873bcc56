"""Which packets a fault stops, as text for the packet filter (the real thing is in tests/e2e)."""

import msgspec

from cluster.chaos import plan
from cluster.chaos.orders import Order, View
from deploy.chaos import packets
from deploy.chaos.holding.line import Hold
from deploy.topology import Topology, build_settings

SETTINGS = build_settings(Topology(), "/data")
VIEW = View(
    {replica.name: replica.zone for replica in SETTINGS.replicas},
    {node.name: node.zone for node in SETTINGS.nodes},
    "replica-1",
)


def rules(order: Order) -> list[packets.Rule]:
    """Of an order."""
    return packets.rules(SETTINGS, plan.faults(order, "f-1", plan.who(order, VIEW)))


def test_zones_are_cut_where_either_has_pods() -> None:
    found = {
        (rule.sender, rule.receiver): rule for rule in rules(Order("partition", "zone/a", "zone/b"))
    }
    assert sorted(found) == [
        ("node-1", "node-2"), ("node-1", "replica-2"), ("node-2", "node-1"),
        ("node-2", "replica-1"), ("replica-1", "node-2"), ("replica-2", "node-1"),
    ]  # fmt: skip
    pods = found["node-1", "node-2"]
    assert pods.namespace == "/run/netns/steersman-node-2"
    assert pods.origin == "/run/netns/steersman-node-1"
    assert pods.sources == ("10.245.0.1", "10.244.1.0/24")
    assert pods.targets == ("10.245.0.2", "10.244.2.0/24")
    api = found["node-1", "replica-2"]
    assert (api.namespace, api.sources, api.targets) == ("", ("10.244.1.0/24",), ("10.245.0.242",))
    assert all(rule.share == 1.0 for rule in found.values())


def test_one_way_is_one_way() -> None:
    found = rules(Order("partition", "node/1", "node/2", way="out"))
    assert [(rule.sender, rule.receiver) for rule in found] == [("node-1", "node-2")]


def test_only_packets_of_pods_are_struck_and_only_by_faults_of_links() -> None:
    for order in (Order("partition", "leader", "followers"), Order("clock", "node/1", amount=5)):
        assert rules(order) == []
    simulated = build_settings(Topology(runtime="memory"), "/data")
    for order in (Order("partition", "zone/a"), Order("delay", "zone/a", amount=0.04)):
        assert packets.rules(simulated, plan.faults(order, "f-1", plan.who(order, VIEW))) == []


def test_what_is_late_is_held_where_it_is_received() -> None:
    late = Order("delay", "zone/a", "zone/b", amount=0.04, jitter=0.005)
    found = {(rule.sender, rule.receiver): rule for rule in rules(late)}
    assert len(found) == 6
    node, machine = "/run/netns/steersman-node-2", ""
    assert found["node-1", "node-2"].hold == Hold(node, 0.04, 0.005)
    assert found["node-1", "replica-2"].hold == Hold(machine, 0.04, 0.005)
    assert {rule.share for rule in found.values()} == {1.0}
    assert len(packets.holds(found.values())) == 3, "one for each namespace"
    mixed = rules(Order("reorder", "node/1", "node/2", amount=0.25))
    assert {rule.share for rule in mixed} == {0.25}
    assert {rule.hold.order for rule in mixed if rule.hold is not None} == {"apart"}


def test_what_is_held_passes_by_the_chain_of_its_queue() -> None:
    text = packets.script(
        SETTINGS, "f-1", rules(Order("reorder", "node/1", "node/2", 0.25, way="out"))
    )
    lines = [line.strip() for line in text.splitlines()]
    assert lines.index("chain hold0 { }") < lines.index("chain in {")
    assert lines[-3] == (
        "ip saddr { 10.245.0.1, 10.244.1.0/24 } ip daddr { 10.245.0.2, 10.244.2.0/24 } "
        "numgen random mod 10000 < 2500 counter name n0 jump hold0"
    )
    # Of two that wait differently each has a chain.
    one, *_ = rules(Order("delay", "node/1", "node/2", 0.04))
    other = msgspec.structs.replace(one, hold=Hold(one.namespace, 0.08))
    text = packets.script(SETTINGS, "f-1", [one, other, one])
    assert [line.rpartition(" ")[2] for line in text.splitlines() if "jump" in line] == [
        "hold0", "hold1", "hold0",
    ]  # fmt: skip


def test_narrow_links_and_doubled_packets() -> None:
    def line(order: Order) -> str:
        first = rules(order)[:1]
        text = packets.script(SETTINGS, "f-1", first)
        return next(line.strip() for line in text.splitlines() if "counter name" in line)

    way = "ip saddr { 10.245.0.1, 10.244.1.0/24 } ip daddr { 10.245.0.2, 10.244.2.0/24 } "
    assert line(Order("bandwidth", "node/1", "node/2", 50_000)) == (
        way + "limit rate over 50000 bytes/second burst 15000 bytes counter name n0 drop"
    )
    assert line(Order("duplicate", "node/1", "node/2", 0.1)) == (
        f'iifname != "lo" {way}numgen random mod 10000 < 1000 counter name n0 dup to ip daddr'
    )
    assert [packets.told(rules(order)[0]) for order in (
        Order("bandwidth", "node/1", amount=50_000), Order("duplicate", "node/1", amount=0.1),
        Order("loss", "node/1", amount=0.1), Order("delay", "node/1", amount=0.1),
        Order("reorder", "node/1", amount=0.1),
    )] == ["over 50,000 bytes a second dropped", "doubled", "dropped", "held back",
           "held for others to overtake"]  # fmt: skip


def test_messages_of_processes_are_let_pass_before_anything_is_dropped() -> None:
    text = packets.script(SETTINGS, "loss-3", rules(Order("loss", "node/1", "node/2", 0.05))[:1])
    assert text.startswith(
        "table ip steersman_chaos_loss_3\ndelete table ip steersman_chaos_loss_3"
    )
    lines = [line.strip() for line in text.splitlines()]
    passes = [i for i, line in enumerate(lines) if line.endswith("accept")]
    drops = [i for i, line in enumerate(lines) if line.endswith("drop")]
    assert lines[drops[0]] == (
        "ip saddr { 10.245.0.1, 10.244.1.0/24 } ip daddr { 10.245.0.2, 10.244.2.0/24 } "
        "numgen random mod 10000 < 500 counter name n0 drop"
    )
    assert len(passes) == 2
    assert max(passes) < min(drops)
    assert "tcp dport 7443" in lines[passes[0]]


def test_tables_are_swept_away_with_the_network_of_their_cluster() -> None:
    assert packets.table(SETTINGS, "partition-12").startswith("steersman_")
