"""Rankings give the answer that a full search gives."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.scheduler.decision import decide, filter_nodes
from actors.scheduler.node_snapshot import ChangeLog
from actors.scheduler.pod_info import PodInfo, parse_pod
from actors.scheduler.rankings import Rankings, judges_nodes_alone
from actors.scheduler.scores import total_scores
from tests.unit.actors.scheduler.samples import (
    info,
    make_snapshot,
    node,
    pod,
    pod_affinity,
    spread,
)

Object = dict[str, Any]

pods = st.builds(
    lambda number, cpu, memory, owner, ssd, tolerates, port: pod(
        f"p{number}",
        cpu=f"{cpu * 100}m",
        memory=f"{memory * 128}Mi",
        owner=owner,
        nodeSelector={"disk": "ssd"} if ssd else {},
        tolerations=[{"operator": "Exists"}] if tolerates else [],
        ports=[{"containerPort": 80, "hostPort": 8080}] if port else [],
    ),
    st.integers(0, 200),
    st.integers(0, 12),
    st.integers(0, 8),
    st.sampled_from(["", "rs-1", "rs-2"]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 5).map(lambda item: item == 0),
)
nodes = st.builds(
    lambda number, zone, cpu, disk, tainted, image, cordoned: with_image(
        node(
            f"n{number}",
            zone,
            cpu=str(cpu),
            labels={"disk": disk},
            taints=[{"key": "k", "effect": "NoSchedule"}] if tainted else [],
            unschedulable=cordoned,
        ),
        image,
    ),
    st.integers(0, 5),
    st.sampled_from("abc"),
    st.integers(1, 4),
    st.sampled_from(["ssd", "hdd"]),
    st.integers(0, 4).map(lambda item: item == 0),
    st.booleans(),
    st.integers(0, 6).map(lambda item: item == 0),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("place"), pods),
        st.tuples(st.just("node"), nodes),
        st.tuples(st.just("remove"), st.integers(0, 200)),
        st.tuples(st.just("drop"), st.integers(0, 5)),
    ),
    min_size=5,
    max_size=40,
)


def with_image(obj: Object, present: bool) -> Object:
    if present:
        obj["status"]["images"] = [{"names": ["web"], "sizeBytes": 800 << 20}]
    return obj


@settings(max_examples=150, deadline=None)
@given(st.lists(nodes, min_size=1, max_size=6), steps, st.floats(0, 0.99))
def test_rankings_agree_with_the_full_search(
    first: list[Object], changes: list[tuple[str, Any]], entropy: float
) -> None:
    snapshot = make_snapshot(first)
    rankings = Rankings(snapshot)
    for what, value in changes:
        if what == "node":
            snapshot.set_node(value)
        elif what == "drop":
            snapshot.remove_node(f"n{value}")
        elif what == "remove":
            snapshot.remove_pod(("default", f"p{value}"))
        else:
            asking = parse_pod(value)
            snapshot.remove_pod(asking.key)
            chosen = rankings.choose(asking, entropy)
            fitting = filter_nodes(asking, snapshot).nodes
            assert bool(chosen) == bool(fitting)
            if chosen:
                scores = total_scores(asking, fitting, snapshot)
                by_name = {item.name: score for item, score in zip(fitting, scores, strict=True)}
                assert by_name[chosen] == max(scores), (chosen, by_name)
                snapshot.place(asking, chosen)


def test_pods_on_nodes_that_the_selector_excludes_do_not_weigh() -> None:
    fast = {"labels": {"disk": "ssd"}}
    nodes_there = [node("n1", "a", cpu="3", **fast), node("n2", "b", cpu="1", **fast),
                   node("n3", "b", cpu="1")]  # fmt: skip
    placed = ((pod("p", owner="rs"), "n3"), (pod("q", cpu="600m"), "n1"))
    snapshot = make_snapshot(nodes_there, placed)
    asking = info("r", owner="rs", nodeSelector={"disk": "ssd"})
    assert Rankings(snapshot).choose(asking, 0.0) == "n2"
    first, second = total_scores(asking, filter_nodes(asking, snapshot).nodes, snapshot)
    assert first < second


def test_an_image_weighs_less_where_more_nodes_are_without_it() -> None:
    snapshot = make_snapshot([with_image(node("n1", cpu="1"), True), node("n2", cpu="8")])
    rankings = Rankings(snapshot)
    asking = info("p", cpu="100m")
    assert rankings.choose(asking, 0.0) == "n1"
    for number in range(3, 12):
        snapshot.set_node(node(f"n{number}", cpu="100m"))
    first, second = total_scores(asking, [snapshot.nodes[name] for name in ("n1", "n2")], snapshot)
    assert second > first
    assert rankings.choose(asking, 0.0) == "n2"


def alone(asking: PodInfo, *placed: tuple[Object, str], **more: Any) -> bool:
    return judges_nodes_alone(asking, make_snapshot([node("n1", **more)], placed))


def test_pods_that_look_around_are_judged_in_full() -> None:
    host = "kubernetes.io/hostname"
    assert alone(info("p", cpu="1", owner="rs"))
    assert not alone(info("p", topologySpreadConstraints=[spread(host, app="x")]))
    assert not alone(info("p", affinity=pod_affinity("podAffinity", host, app="x")))
    apart = pod("q", affinity=pod_affinity("podAntiAffinity", host, app="x"))
    assert not alone(info("p", labels={"app": "x"}), (apart, "n1"))
    assert alone(info("p", labels={"app": "y"}), (apart, "n1"))
    assert not alone(info("p"), taints=[{"key": "k", "effect": "PreferNoSchedule"}])


def test_what_is_unschedulable_still_gets_its_reasons() -> None:
    snapshot = make_snapshot([node("n1", cpu="1")])
    found = decide(info("p", cpu="2"), snapshot, 0.0, 0, Rankings(snapshot))
    assert found.message == "0/1 nodes are available: 1 Insufficient cpu."


def test_the_change_log_forgets_its_older_half() -> None:
    log = ChangeLog()
    for number in range(20_001):
        log.add(f"n{number}")
    assert log.since(0) is None
    assert log.since(log.end) == set()
    assert log.since(log.end - 2) == {"n19999", "n20000"}
