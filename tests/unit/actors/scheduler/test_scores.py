"""Scores prefer what they should."""

from typing import Any

from actors.scheduler.decision import decide
from actors.scheduler.pod_info import parse_pod
from tests.unit.actors.scheduler.samples import make_snapshot, node, pod, spread

ZONE = "topology.kubernetes.io/zone"


def winner(
    asking: dict[str, Any], nodes: list[dict[str, Any]], placed: Any = (), entropy: float = 0.5
) -> str:
    return decide(parse_pod(asking), make_snapshot(nodes, placed), entropy).node


def test_the_emptier_node_wins() -> None:
    nodes = [node("n1"), node("n2")]
    assert winner(pod("p", cpu="1"), nodes, [(pod("q", cpu="2"), "n1")]) == "n2"


def test_balance_between_cpu_and_memory() -> None:
    nodes = [node("n1", memory="4Gi"), node("n2", memory="4Gi")]
    placed = [(pod("q", cpu="2"), "n1"), (pod("r", memory="2Gi"), "n2")]
    assert winner(pod("p", cpu="1", memory="100Mi"), nodes, placed) == "n2"


def test_pods_of_one_controller_spread_over_zones_then_hosts() -> None:
    nodes = [node("a1", "a"), node("a2", "a"), node("b1", "b"), node("c1", "c")]
    placed: list[tuple[dict[str, Any], str]] = []
    for index in range(4):
        asking = pod(f"p{index}", cpu="100m", owner="rs")
        placed.append((asking, winner(asking, nodes, placed, 0.1 * index)))
    where = [name for _, name in placed]
    assert sorted(name[0] for name in where[:3]) == ["a", "b", "c"]
    assert len(set(where)) == 4


def test_spread_looks_at_its_own_controller_only() -> None:
    nodes = [node("n1", "a"), node("n2", "b")]
    placed = [(pod(f"q{index}", cpu="10m", owner="other"), "n2") for index in range(3)]
    placed.append((pod("mine", cpu="10m", owner="rs"), "n1"))
    assert winner(pod("p", cpu="10m", owner="rs"), nodes, placed) == "n2"


def test_own_soft_constraints_replace_the_default_ones() -> None:
    nodes = [node("n1", "a"), node("n2", "b")]
    constraint = spread(ZONE, hard=False, app="x")
    asking = pod("p", labels={"app": "x"}, topologySpreadConstraints=[constraint])
    assert winner(asking, nodes, [(pod("q", labels={"app": "x"}), "n1")]) == "n2"


def test_preferred_node_affinity_and_soft_taints() -> None:
    nodes = [node("n1"), node("n2", labels={"disk": "ssd"})]
    term = {
        "weight": 10,
        "preference": {"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]},
    }
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [term]}}
    assert winner(pod("p", affinity=affinity), nodes) == "n2"
    tainted = [node("n1"), node("n2", taints=[{"key": "x", "effect": "PreferNoSchedule"}])]
    placed = [(pod("q", cpu="1"), "n1")]
    assert winner(pod("p", cpu="100m"), tainted, placed) == "n1"


def test_preferred_pod_affinity_and_its_contrary() -> None:
    nodes = [node("n1", "a"), node("n2", "b")]
    placed = [(pod("q", cpu="1", labels={"app": "x"}), "n1")]

    def preferring(kind: str) -> dict[str, Any]:
        term = {"topologyKey": ZONE, "labelSelector": {"matchLabels": {"app": "x"}}}
        item = {"weight": 50, "podAffinityTerm": term}
        return {kind: {"preferredDuringSchedulingIgnoredDuringExecution": [item]}}

    assert winner(pod("p", affinity=preferring("podAffinity")), nodes, placed) == "n1"
    assert winner(pod("p", affinity=preferring("podAntiAffinity")), nodes, placed) == "n2"
    # The wish of a pod that is there already counts for the one that comes.
    wishing = [(pod("q", cpu="1", affinity=preferring("podAffinity")), "n1")]
    assert winner(pod("p", labels={"app": "x"}), nodes, wishing) == "n1"


def test_images_at_hand_tip_the_scales() -> None:
    nodes = [node("n1"), node("n2")]
    nodes[1]["status"]["images"] = [{"names": ["web"], "sizeBytes": 900 << 20}]
    assert winner(pod("p"), nodes) == "n2"


def test_ties_go_to_the_emptier_zone_then_node_then_the_draw() -> None:
    nodes = [node("a1", "a"), node("a2", "a"), node("b1", "b"), node("b2", "b")]
    tiny = {"cpu": "0", "memory": "0"}
    placed = [(pod("q", **tiny), "a1"), (pod("r", **tiny), "a2"), (pod("s", **tiny), "b1")]
    for item in placed:
        item[0]["spec"]["containers"][0]["resources"]["requests"] = tiny
    asking = pod("p", **tiny)
    assert winner(asking, nodes, placed) == "b2"
    draws = {winner(asking, nodes, [], step / 20) for step in range(20)}
    assert len(draws) == 4
    assert winner(asking, nodes, [], 0.25) == winner(asking, nodes[::-1], [], 0.25)
