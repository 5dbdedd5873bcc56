"""Pods placed per second by the scheduler's pure part, against a naive placement of the same pods.

    python -m tests.bench.scheduler [nodes] [pods]

The naive baseline sums up the requests of every pod on every node anew for each decision, as a
scheduler without running sums would; it filters by resources and picks the emptiest node.
"""

import sys
import time
from typing import Any

from actors.scheduler.state import SchedulerState
from tests.unit.actors.scheduler.samples import node, pod

Object = dict[str, Any]
NAIVE_PODS_MAX = 100


def make_nodes(count: int) -> list[Object]:
    return [
        node(f"n{index:05}", "abc"[index % 3], cpu="32", memory="64Gi") for index in range(count)
    ]


def make_pods(count: int, per_owner: int = 50) -> list[Object]:
    return [
        pod(f"p{index}", cpu="100m", memory="64Mi", owner=f"rs-{index // per_owner}")
        for index in range(count)
    ]


def ours(nodes: list[Object], pods: list[Object]) -> float:
    """Pods per second, from watch event to decision."""
    state = SchedulerState()
    for item in nodes:
        state.node_changed(item, None, 0.0)
    begin = time.perf_counter()
    for item in pods:
        state.pod_changed(item, None, "", 0.0)
    placed = 0
    while (step := state.step(0.0, 0.5)) is not None:
        assert step.decision.node, step.decision.message
        state.bound(step.pod)
        placed += 1
    assert placed == len(pods)
    return placed / (time.perf_counter() - begin)


def naive(nodes: list[Object], pods: list[Object]) -> float:
    """Pods per second of the baseline, over the first few pods (it slows down from there)."""
    where: dict[str, list[Object]] = {item["metadata"]["name"]: [] for item in nodes}
    few = pods[:NAIVE_PODS_MAX]
    begin = time.perf_counter()
    for asking in few:
        best, most = "", -1
        for item in nodes:
            name = item["metadata"]["name"]
            used = sum(cpu_of(other) for other in where[name])
            free = int(item["status"]["allocatable"]["cpu"]) * 1000 - used - cpu_of(asking)
            if free > most:
                best, most = name, free
        assert best
        where[best].append(asking)
    return len(few) / (time.perf_counter() - begin)


def cpu_of(item: Object) -> int:
    return int(item["spec"]["containers"][0]["resources"]["requests"]["cpu"].rstrip("m"))


def main() -> None:
    node_count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    pod_count = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    nodes, pods = make_nodes(node_count), make_pods(pod_count)
    mine, baseline = ours(nodes, pods), naive(nodes, pods)
    print(f"{node_count} nodes, {pod_count} pods")
    print(f"scheduler      {mine:8.0f} pods/s  (all filters and scores)")
    print(f"naive baseline {baseline:8.0f} pods/s  (cpu only, first {NAIVE_PODS_MAX} pods)")


if __name__ == "__main__":
    main()
