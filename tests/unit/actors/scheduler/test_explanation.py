"""Why a node was chosen: the same filters and scores as those that chose it, and bounded."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from actors.scheduler import explanation
from actors.scheduler.decision import decide
from actors.scheduler.explanation import explain
from actors.scheduler.pod_info import parse_pod
from actors.scheduler.scores import total_scores
from tests.unit.actors.scheduler.samples import make_snapshot, node, pod

cpus = st.sampled_from(["100m", "1", "3", "5"])


@given(st.lists(st.tuples(cpus, st.booleans()), min_size=1, max_size=8), cpus, st.booleans())
def test_it_agrees_with_the_decision(
    nodes: list[tuple[str, bool]], wanted: str, owned: bool
) -> None:
    made = [
        node(f"n{number}", "abc"[number % 3], cpu=cpu, unschedulable=cordoned)
        for number, (cpu, cordoned) in enumerate(nodes)
    ]
    snapshot = make_snapshot(made)
    item = parse_pod(pod("p", cpu=wanted, owner="set" if owned else ""))
    found = decide(item, snapshot, 0.5)
    if not found.node:
        return
    told = explain(item, snapshot, found.node)
    fitting = [one for one in snapshot.present() if not one.unschedulable and fits(one, item)]
    assert (told["feasible"], told["examined"], told["nodes"]) == (
        len(fitting), len(nodes), len(nodes),
    )  # fmt: skip
    assert sum(told.get("filtered", {}).values()) == len(nodes) - len(fitting)
    if len(fitting) > 1:
        sums = {name: sum(parts.values()) for name, parts in told["scores"].items()}
        assert next(iter(sums)) == found.node
        assert sums[found.node] == max(total_scores(item, fitting, snapshot)) == max(sums.values())


def fits(one: Any, item: Any) -> bool:
    return all(one.allocatable.get(name, 0) >= amount for name, amount in item.requests)


def test_a_large_cluster_is_told_of_in_few_words() -> None:
    taints = [{"key": "k" * 60, "value": "v" * 60, "effect": "NoSchedule"}]
    made = [node(f"n{number:03}", taints=taints if number % 2 else []) for number in range(200)]
    snapshot = make_snapshot(made)
    item = parse_pod(pod("p", cpu="1"))
    told = explain(item, snapshot, "n150")
    assert (told["examined"], told["nodes"]) == (explanation.NODES_LOOKED_AT, 200)
    assert next(iter(told["scores"])) == "n150"
    assert len(orjson.dumps(told)) < 1000


def test_one_node_that_fits_needs_no_scores() -> None:
    snapshot = make_snapshot([node("n1"), node("n2", unschedulable=True), node("n3", cpu="1")])
    told = explain(parse_pod(pod("p", cpu="2")), snapshot, "n1")
    assert told == {
        "feasible": 1,
        "examined": 3,
        "nodes": 3,
        "filtered": {"node(s) were unschedulable": 1, "Insufficient cpu": 1},
    }
