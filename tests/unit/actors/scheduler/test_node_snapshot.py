"""The snapshot's running sums equal what a fresh count gives."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from actors.scheduler.node_snapshot import Matcher, Snapshot
from cluster.api.selectors import EVERYTHING, from_labels
from tests.unit.actors.scheduler.samples import info, make_snapshot, node

NODES = st.sampled_from(["n1", "n2", "n3"])
MATCHERS = (
    Matcher(frozenset(("default",)), from_labels({"app": "x"})),
    Matcher(None, from_labels({"app": "y"})),
    Matcher(frozenset(("default", "other")), EVERYTHING, owner="rs"),
)


class SnapshotMachine(RuleBasedStateMachine):
    """Any order of changes."""

    def __init__(self) -> None:
        super().__init__()
        self.snapshot = Snapshot()
        self.zones: dict[str, str] = {}

    @rule(name=NODES, zone=st.sampled_from("ab"))
    def set_node(self, name: str, zone: str) -> None:
        self.snapshot.set_node(node(name, zone))
        self.zones[name] = zone

    @rule(name=NODES)
    def remove_node(self, name: str) -> None:
        self.snapshot.remove_node(name)
        self.zones.pop(name, None)

    @rule(
        number=st.integers(0, 5),
        on=NODES,
        cpu=st.integers(0, 3),
        app=st.sampled_from("xy"),
        namespace=st.sampled_from(["default", "other", "third"]),
        owner=st.sampled_from(["", "rs"]),
    )
    def place(self, number: int, on: str, cpu: int, app: str, namespace: str, owner: str) -> None:
        made = info(
            f"p{number}",
            cpu=str(cpu),
            labels={"app": app},
            namespace=namespace,
            owner=owner,
            ports=[{"containerPort": 1, "hostPort": 80 + number}],
        )
        self.snapshot.place(made, on)

    @rule(number=st.integers(0, 5), namespace=st.sampled_from(["default", "other", "third"]))
    def remove_pod(self, number: int, namespace: str) -> None:
        self.snapshot.remove_pod((namespace, f"p{number}"))

    @invariant()
    def sums_hold(self) -> None:
        for found in self.snapshot.nodes.values():
            cpu = sum(dict(item.requests).get("cpu", 0) for item in found.pods.values())
            assert found.used.get("cpu", 0) == cpu
            assert found.scored_cpu == sum(item.scored_cpu for item in found.pods.values())
            ports = Counter(port for item in found.pods.values() for port in item.host_ports)
            assert found.ports == ports
        zones = Counter(found.zone for found in self.snapshot.nodes.values() for _ in found.pods)
        assert +self.snapshot.zone_pods == zones
        assert {item.name for item in self.snapshot.present()} == set(self.zones)

    @invariant()
    def counts_hold(self) -> None:
        for matcher in MATCHERS:
            expected = {
                found.name: count
                for found in self.snapshot.nodes.values()
                if (count := sum(matcher.matches(item) for item in found.pods.values()))
            }
            assert dict(self.snapshot.matching((matcher,), living=True)) == expected


TestSnapshotMachine = SnapshotMachine.TestCase
TestSnapshotMachine.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_zones_take_turns_in_the_order() -> None:
    snapshot = make_snapshot([node("a1", "a"), node("a2", "a"), node("b1", "b"), node("c1", "c")])
    assert [item.name for item in snapshot.present()] == ["a1", "b1", "c1", "a2"]


def test_what_changed_of_a_node_is_told() -> None:
    snapshot = Snapshot()
    assert snapshot.set_node(node("n1")) == {"added"}
    assert snapshot.set_node(node("n1")) == set()
    assert snapshot.set_node(node("n1", cpu="8")) == {"allocatable"}
    assert snapshot.set_node(node("n1", cpu="8", labels={"x": "y"})) == {"labels"}
    tainted = node("n1", cpu="8", labels={"x": "y"}, unschedulable=True)
    assert snapshot.set_node(tainted) == {"taints"}


def test_selectors_counted_are_bounded() -> None:
    snapshot = make_snapshot([node("n1")])
    for number in range(600):
        matcher = Matcher(frozenset((f"ns-{number}",)), EVERYTHING)
        snapshot.matching((matcher,), living=True)
    assert len(snapshot._counts) == 512
    assert len(snapshot._buckets) == 512
