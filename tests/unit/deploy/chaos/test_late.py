"""What is said, and undone, where a machine cannot hold packets (that it can: tests/e2e)."""

import errno
import os

import pytest

from cluster.chaos import plan
from cluster.chaos.orders import Active, Order, View
from cluster.settings import ClusterSettings
from deploy.chaos import door, late, links, packets
from deploy.chaos.evidence import Evidence
from deploy.chaos.holding import holders, packet_queue
from deploy.chaos.ledger import Entry
from deploy.topology import Topology, build_settings

SETTINGS = build_settings(Topology(), "/data")
VIEW = View(
    {replica.name: replica.zone for replica in SETTINGS.replicas},
    {node.name: node.zone for node in SETTINGS.nodes},
    "replica-1",
)


def entry(order: Order) -> Entry:
    """As it stands in the ledger."""
    names, others = sides = plan.who(order, VIEW)
    active = Active("f-1", order, names, others, 1000.0)
    return Entry(active, "standing", os.getpid(), 0, inner=plan.faults(order, "f-1", sides))


DELAY = entry(Order("delay", "zone/a", "zone/b", amount=0.04))


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done to the machine, in order; nothing of it is real."""
    deeds: list[str] = []

    def deed(module: object, name: str, found: object = None) -> None:
        def pretend(*words: object) -> object:
            deeds.append(name)
            return found

        monkeypatch.setattr(module, name, pretend)

    deed(late, "trips", {})
    deed(holders, "lacking", "")
    deed(holders, "start", [1, 2, 3])
    deed(holders, "begun", False)
    deed(holders, "held")
    deed(holders, "end")
    deed(packets, "load")
    deed(packets, "spare")
    deed(packets, "mend", Evidence("no rules are left in 4 namespaces"))
    return deeds


def test_only_delay_and_reorder_hold_packets() -> None:
    def holds(order: Order, settings: ClusterSettings = SETTINGS) -> bool:
        return late.concerns(settings, entry(order))

    assert holds(Order("delay", "zone/a", "zone/b", amount=0.04))
    assert holds(Order("reorder", "leader", amount=0.5)), "nodes are its peers"
    assert not holds(Order("delay", "leader", "followers", amount=0.04)), "they have no pods"
    assert not holds(Order("bandwidth", "node/1", amount=1e6))
    assert not holds(Order("partition", "zone/a"))
    assert not holds(Order("clock", "node/1", amount=5))
    simulated = build_settings(Topology(runtime="memory"), "/data")
    assert not holds(Order("delay", "zone/a", amount=0.04), simulated)


def test_a_kernel_without_queues_spares_packets(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holders, "lacking", lambda: "the kernel has no packet queue: no")
    found = late.strike(SETTINGS, DELAY)
    assert found.proof == (
        "messages alone: packets of pods are not held back (the kernel has no packet queue: no)"
    )
    assert not found.doubt
    assert "load" not in done
    assert "start" not in done


def test_a_packet_filter_that_hands_none_over_is_left_without_rules(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*words: object) -> None:
        raise OSError(errno.ENOENT, "nothing of that name")

    monkeypatch.setattr(packet_queue, "divert", refuse)
    found = late.strike(SETTINGS, DELAY)
    assert found.proof.endswith("(the packet filter hands none over: nothing of that name)")
    assert done[-5:] == ["held", "spare", "held", "mend", "end"], "nothing waits as the rules go"


def test_a_holder_that_died_is_told_of(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holders, "begun", lambda *words: True)
    assert late.undo(SETTINGS, DELAY).proof == (
        "who held packets of pods had ended: they passed; no rules are left in 4 namespaces"
    )


def test_nothing_waits_for_what_zones_are_apart_while_rules_go(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel would drop it."""

    def said(settings: object, name: str, op: str, *words: object) -> dict[str, int]:
        done.append(op)
        return {"token": 7}

    monkeypatch.setattr(door, "ask", said)
    apart = build_settings(Topology(rtt={"a-b": "40ms"}), "/data")
    late.mend(apart, entry(Order("partition", "zone/a", "zone/b")), [])
    assert done == ["aside", "mend", "back"]
    done.clear()
    late.undo(apart, DELAY)
    assert done[3:] == ["held", "aside", "mend", "back", "end"]
    done.clear()
    late.mend(SETTINGS, entry(Order("partition", "zone/a", "zone/b")), [])
    assert done == ["mend"], "where nothing is apart nobody is asked"


def test_a_round_trip_is_of_two_nodes() -> None:
    wanted = packets.rules(SETTINGS, DELAY.inner)
    assert list(late.pairs(wanted)) == [("node-1", "node-2")]
    assert links.more(DELAY, ("node-1", "node-2")) == pytest.approx(0.08)
    one_way = entry(Order("delay", "node/1", "node/2", amount=0.04, way="out"))
    assert links.more(one_way, ("node-1", "node-2")) == pytest.approx(0.04)
