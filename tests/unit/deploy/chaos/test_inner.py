"""Faults within processes as the launcher sees them: proven, or in doubt (doors that only talk)."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from cluster.chaos import plan
from cluster.chaos.orders import Active, Order, View
from cluster.settings import ClusterSettings
from deploy import processes
from deploy.chaos import clocks, door, inner, links, looking, means
from deploy.chaos.evidence import Evidence
from deploy.chaos.ledger import Entry
from deploy.topology import Topology, build_settings

SETTINGS = build_settings(Topology(runtime="memory", replicas=3, nodes=3), "/data")
VIEW = View(
    {replica.name: replica.zone for replica in SETTINGS.replicas},
    {node.name: node.zone for node in SETTINGS.nodes},
    "replica-1",
)
Talk = Callable[[str, str, dict[str, Any]], dict[str, Any]]


def entry(order: Order) -> Entry:
    """As it is in the ledger."""
    sides = plan.who(order, VIEW)
    active = Active("fault-1", order, *sides)
    return Entry(active, "beginning", 1, 1, inner=plan.faults(order, "fault-1", sides))


class Processes:
    """All of the cluster, in whose place ``talk`` answers at the doors."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[tuple[str, str]] = []
        self.silent: set[str] = set()
        self.struck: dict[str, int] = {}
        self.stubborn = False
        self.trip: float | None = 0.001
        self.ahead = 0.0
        monkeypatch.setattr(door, "ask", self.ask)
        monkeypatch.setattr(processes, "find", self.find)
        monkeypatch.setattr(processes, "state", lambda pid: "S")
        monkeypatch.setattr(looking, "well", lambda *_, **__: Evidence("well"))
        for module, name in ((links, "STRIKE_SECONDS"), (links, "HEALED_SECONDS"),
                             (inner, "STRIKE_SECONDS")):  # fmt: skip
            monkeypatch.setattr(module, name, 0.0)

    def find(self, settings: ClusterSettings, name: str) -> processes.Running:
        return processes.Running(name, 1, 1)

    def ask(
        self, settings: ClusterSettings, process: str, op: str, seconds: float = 0.0,
        fields: dict[str, Any] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        self.told.append((process, op))
        if process in self.silent:
            raise door.DoorShut(f"{process} does not answer")
        match op:
            case "faults" if (process, "heal") in self.told and not self.stubborn:
                return {"standing": []}
            case "faults" | "heal":
                return {"standing": [{"fault": {"name": "fault-1"}, "struck": self.struck}]}
            case "ping":
                return {"seconds": self.trip}
            case "time":
                self.ahead, ahead = 0.0, self.ahead
                return {"now": 100.0 + ahead, "actual": 100.0}
        return {}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Processes:
    return Processes(monkeypatch)


def test_a_cut_is_proven_by_silence_and_by_what_is_held(cluster: Processes) -> None:
    cluster.trip, cluster.struck = None, {"held": 3}
    found = inner.Inner().strike(SETTINGS, entry(Order("partition", "leader", "followers")), 0)
    assert found == Evidence("no answer on 2 of 2 links; replica-1: held 3")
    assert {op for _, op in cluster.told} == {"ping", "inject", "faults"}


def test_a_cut_that_lets_everything_through_is_in_doubt(cluster: Processes) -> None:
    cluster.struck = {"held": 3}
    found = inner.Inner().strike(SETTINGS, entry(Order("partition", "leader", "followers")), 0)
    assert "replica-1 to replica-2 still answers" in found.doubt
    assert "no answer" not in found.proof


def test_a_fault_that_never_strikes_is_in_doubt(cluster: Processes) -> None:
    for order in (Order("loss", "leader", amount=0.1), Order("disk-full", "leader")):
        found = inner.Inner().strike(SETTINGS, entry(order), 0)
        assert found.doubt == "replica-1: it has not struck after 0 s"


def test_a_delay_that_delays_nothing_is_in_doubt(cluster: Processes) -> None:
    found = inner.Inner().strike(SETTINGS, entry(Order("delay", "leader", "followers", 0.05)), 0)
    assert found.doubt.startswith("replica-1 to replica-2 takes 1.0 ms")
    assert found.proof == ""


APART = msgspec.structs.replace(SETTINGS, rtt={"a-b": 0.04, "a-c": 0.04})


def test_a_delay_is_what_comes_on_top_of_what_zones_are_apart(cluster: Processes) -> None:
    delay = entry(Order("delay", "leader", "followers", 0.01))
    cluster.trip = 0.041
    found = inner.Inner().strike(APART, delay, 0)
    assert found.doubt.startswith("replica-1 to replica-2 takes 41.0 ms")
    assert found.proof == ""
    cluster.trip = 0.061
    pair = ("replica-1", "replica-2")
    assert links.proof(APART, delay, [pair], {pair: 0.042}).proof == (
        "round trips of 1 link take up to 61.0 ms, not 42.0 ms as before"
    )


def test_links_are_whole_again_when_they_are_no_more_than_apart(cluster: Processes) -> None:
    delay = entry(Order("delay", "leader", "followers", 0.01))
    cluster.trip = 0.041
    healed = inner.Inner().mend(APART, delay, [])
    assert healed.doubt == ""
    assert "round trips of 2 links take at most 41.0 ms" in healed.proof
    cluster.trip = 0.061
    healed = inner.Inner().mend(APART, delay, [])
    assert healed.doubt == "replica-1 to replica-2, replica-1 to replica-3: not as before"


def test_what_a_round_trip_takes_at_least_is_not_more_than_it_took_and_the_fault() -> None:
    delay, pair = entry(Order("delay", "leader", "followers", 0.01)), ("replica-1", "replica-2")
    assert links.apart(APART, pair) == pytest.approx(0.04)
    assert links.slowed(APART, delay, pair, 0.045) == pytest.approx(0.04 + 0.018)
    assert links.slowed(APART, delay, pair, None) == pytest.approx(0.04 + 0.018)
    # Who sees to it may have died.
    assert links.slowed(APART, delay, pair, 0.001) == pytest.approx(0.001 + 0.018)


def test_who_does_not_answer_at_the_door_is_told(cluster: Processes) -> None:
    cluster.silent, cluster.struck = {"replica-2"}, {"slowed": 1}
    found = inner.Inner().strike(SETTINGS, entry(Order("slow-disk", "replicas", amount=1)), 0)
    assert found.doubt == "replica-2 does not answer"
    assert found.proof == "replica-1: slowed 1; replica-3: slowed 1"
    healed = inner.Inner().mend(SETTINGS, entry(Order("slow-disk", "replicas", amount=1)), [])
    assert healed.left
    assert healed.doubt == "replica-2 does not answer, and may suffer on"


def test_a_clock_that_did_not_move_is_in_doubt(cluster: Processes) -> None:
    order = Order("clock", "leader", amount=-30)
    found = inner.Inner().strike(SETTINGS, entry(order), 0)
    assert found.doubt == "replica-1: +0.00 s against before, and not -30.00"
    cluster.ahead = 30.0
    assert inner.Inner().strike(SETTINGS, entry(order), 0).proof == (
        "replica-1: -30.0 s against before"
    )


def test_a_link_that_stays_bad_is_in_doubt(cluster: Processes) -> None:
    cluster.trip = None
    healed = inner.Inner().mend(SETTINGS, entry(Order("partition", "leader", "node/1")), [])
    assert healed.doubt == "replica-1 to node-1: not as before"
    assert not healed.left


def test_a_link_that_another_fault_breaks_is_left_to_it(cluster: Processes) -> None:
    cluster.trip = None
    own = entry(Order("partition", "leader", "node/1"))
    other = msgspec.structs.replace(
        own, active=msgspec.structs.replace(own.active, name="partition-2")
    )
    healed = inner.Inner().mend(SETTINGS, own, [other])
    assert healed.doubt == ""
    assert "broken otherwise: 1 of 1 link" in healed.proof


def test_what_a_round_trip_is_to_take() -> None:
    both = entry(Order("delay", "leader", "node/1", 0.05))
    out = entry(Order("delay", "leader", "node/1", 0.05, way="out"))
    narrow = entry(Order("bandwidth", "leader", "node/1", 100_000))
    pair = ("replica-1", "node-1")
    assert links.more(both, pair) == pytest.approx(0.1)
    assert links.more(out, pair) == pytest.approx(0.05)
    assert links.more(narrow, pair) == pytest.approx(0.5)
    assert links.more(both, ("replica-2", "node-1")) == 0


def test_an_engine_is_up_when_its_node_says_so(
    cluster: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, other = entry(Order("engine-restart", "node/1")), entry(Order("kill", "node/2"))
    monkeypatch.setattr(looking, "well", lambda *_, **__: Evidence(doubt="node-2 is silent"))
    assert (
        inner.Inner()
        .mend(SETTINGS, order, [other])
        .proof.startswith("node-1 says that its engine is up")
    )
    cluster.stubborn = True
    found = inner.Inner().mend(SETTINGS, order, [other])
    assert found.doubt == "node-1 does not say that its engine is up"


def test_clocks_are_compared_with_the_machines() -> None:
    early, late = clocks.Told(100.0, 100.0), clocks.Told(101.0, 100.5)
    assert clocks.rate(early, late) == 2.0
    assert clocks.jump(early, late) == 0.5
    assert clocks.jump(None, late) is None
    assert clocks.rate(early, early) is None


def test_disks_of_an_external_store_are_not_its_replicas(cluster: Processes) -> None:
    store = msgspec.structs.replace(SETTINGS.store, engine="etcd", endpoints="http://x")
    settings = msgspec.structs.replace(SETTINGS, store=store)
    with pytest.raises(ValueError, match="kept by etcd"):
        inner.Inner().refuse(settings, Order("disk-full"), (("replica-1",), ()))


def test_whether_all_is_well_is_not_asked_of_a_cluster_that_is_broken_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(looking, "well", lambda *_, **__: Evidence(doubt="no leader"))
    others = [entry(Order("kill", "followers"))]
    found = means.well(SETTINGS, ["replica-1"], others)
    assert found == Evidence("whether all is well cannot be told while fault-1 stands")
    found = means.well(SETTINGS, ["replica-1"], others * 2)
    assert found.proof.endswith("while fault-1, fault-1 stand")
    assert means.well(SETTINGS, ["replica-1"], []).doubt == "no leader"
