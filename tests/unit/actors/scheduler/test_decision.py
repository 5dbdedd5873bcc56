"""Decisions against an independent judge: nothing is over-committed, nothing forbidden is done,
nothing possible is refused."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.scheduler.decision import decide, nodes_wanted
from actors.scheduler.node_snapshot import Snapshot
from actors.scheduler.pod_info import parse_pod
from tests.unit.actors.scheduler.samples import make_snapshot, node, pod, pod_affinity, spread

ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"
Object = dict[str, Any]


def test_the_message_counts_each_reason() -> None:
    nodes = [
        node("n1", cpu="1"),
        node("n2", taints=[{"key": "k", "value": "v", "effect": "NoSchedule"}]),
        node("n3", taints=[{"key": "k", "value": "v", "effect": "NoSchedule"}]),
    ]
    found = decide(parse_pod(pod("p", cpu="2")), make_snapshot(nodes), 0.0)
    assert found.message == (
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint {k: v}."
    )
    assert found.failed == {"NodeResourcesFit", "TaintToleration"}
    empty = decide(parse_pod(pod("p")), Snapshot(), 0.0)
    assert "no nodes available to schedule pods" in empty.message


def test_large_clusters_are_sampled_in_turns() -> None:
    assert nodes_wanted(100) == 100
    assert nodes_wanted(1000) == 420
    assert nodes_wanted(10_000) == 500
    snapshot = make_snapshot(node(f"n{index:04}", "abc"[index % 3]) for index in range(400))
    found = decide(parse_pod(pod("p")), snapshot, 0.0, start=390)
    assert found.examined == nodes_wanted(400) < 400


labels = st.sampled_from(["x", "y"])
affinities = st.one_of(
    st.none(),
    st.builds(
        lambda kind, key, app: pod_affinity(kind, key, app=app),
        st.sampled_from(["podAffinity", "podAntiAffinity"]),
        st.sampled_from([ZONE, HOST]),
        labels,
    ),
)
spreads = st.one_of(
    st.none(),
    st.builds(
        lambda key, skew, app: spread(key, skew, app=app),
        st.sampled_from([ZONE, HOST]),
        st.integers(1, 2),
        labels,
    ),
)


@st.composite
def pods(draw: st.DrawFn, number: int) -> Object:
    spec: Object = {
        "cpu": f"{draw(st.integers(0, 30)) * 100}m",
        "memory": f"{draw(st.integers(0, 8)) * 256}Mi",
        "labels": {"app": draw(labels)},
        "owner": draw(st.sampled_from(["", "rs"])),
        "priority": draw(st.integers(0, 2)),
    }
    affinity, constraint = draw(affinities), draw(spreads)
    if affinity:
        spec["affinity"] = affinity
    if constraint:
        spec["topologySpreadConstraints"] = [constraint]
    if draw(st.booleans()):
        spec["nodeSelector"] = {"disk": "ssd"}
    if draw(st.booleans()):
        spec["tolerations"] = [{"key": "k", "operator": "Exists"}]
    if draw(st.integers(0, 4)) == 0:
        spec["ports"] = [{"containerPort": 80, "hostPort": draw(st.integers(8080, 8081))}]
    return pod(f"p{number}", **spec)


@st.composite
def clusters(draw: st.DrawFn) -> tuple[list[Object], list[Object], float]:
    nodes = []
    for index in range(draw(st.integers(1, 6))):
        more: Object = {"labels": {"disk": draw(st.sampled_from(["ssd", "hdd"]))}}
        if draw(st.integers(0, 3)) == 0:
            more["taints"] = [{"key": "k", "value": "v", "effect": "NoSchedule"}]
        nodes.append(
            node(
                f"n{index}",
                draw(st.sampled_from("abc")),
                cpu=str(draw(st.integers(1, 4))),
                memory=f"{draw(st.integers(1, 3))}Gi",
                extra={"pods": str(draw(st.integers(1, 6)))},
                **more,
            )
        )
    waiting = [draw(pods(number)) for number in range(draw(st.integers(1, 12)))]
    return nodes, waiting, draw(st.floats(0, 0.99))


@settings(max_examples=150, deadline=None)
@given(clusters())
def test_decisions_stand_before_the_judge(drawn: tuple[list[Object], list[Object], float]) -> None:
    nodes, waiting, entropy = drawn
    snapshot = make_snapshot(nodes)
    placed: list[tuple[Object, Object]] = []
    for asking in waiting:
        allowed = {item["metadata"]["name"] for item in nodes if may(asking, item, nodes, placed)}
        found = decide(parse_pod(asking), snapshot, entropy)
        assert (found.node in allowed) if allowed else not found.node, (found, allowed)
        assert decide(parse_pod(asking), snapshot, entropy) == found
        if found.node:
            snapshot.place(parse_pod(asking), found.node)
            target = next(item for item in nodes if item["metadata"]["name"] == found.node)
            placed.append((asking, target))
    for item in nodes:
        check_room(item, [asking for asking, on in placed if on is item])


def may(
    asking: Object, target: Object, nodes: list[Object], placed: list[tuple[Object, Object]]
) -> bool:
    """The judge: the rules from Kubernetes' documentation, by brute force over plain objects."""
    return (
        room_for(asking, target, placed)
        and static_rules(asking, target)
        and affinity_rules(asking, target, placed)
        and spread_rules(asking, target, nodes, placed)
    )


def milli(text: str) -> int:
    return int(text[:-1]) if text.endswith("m") else int(text) * 1000


def mebi(text: str) -> int:
    return int(text[:-2]) * (1024 if text.endswith("Gi") else 1)


def wants(asking: Object) -> tuple[int, int]:
    requests = asking["spec"]["containers"][0]["resources"]["requests"]
    return milli(requests.get("cpu", "0")), mebi(requests.get("memory", "0Mi"))


def check_room(target: Object, there: list[Object]) -> None:
    room = target["status"]["allocatable"]
    assert len(there) <= int(room["pods"])
    assert sum(wants(item)[0] for item in there) <= milli(room["cpu"])
    assert sum(wants(item)[1] for item in there) <= mebi(room["memory"])
    ports = Counter(port for item in there for port in host_ports(item))
    assert all(count == 1 for count in ports.values())


def host_ports(item: Object) -> list[int]:
    return [port["hostPort"] for port in item["spec"]["containers"][0].get("ports", ())]


def room_for(asking: Object, target: Object, placed: list[tuple[Object, Object]]) -> bool:
    there = [item for item, on in placed if on is target]
    try:
        check_room(target, [*there, asking])
    except AssertionError:
        return False
    return True


def static_rules(asking: Object, target: Object) -> bool:
    spec = asking["spec"]
    if "nodeSelector" in spec and target["metadata"]["labels"]["disk"] != "ssd":
        return False
    return "tolerations" in spec or not target["spec"].get("taints")


def terms(item: Object, kind: str) -> list[tuple[str, str]]:
    found = item["spec"].get("affinity", {}).get(kind, {})
    return [
        (term["topologyKey"], term["labelSelector"]["matchLabels"]["app"])
        for term in found.get("requiredDuringSchedulingIgnoredDuringExecution", ())
    ]


def value(target: Object, key: str) -> str:
    return str(target["metadata"]["labels"][key])


def app(item: Object) -> str:
    return str(item["metadata"]["labels"]["app"])


def affinity_rules(asking: Object, target: Object, placed: list[tuple[Object, Object]]) -> bool:
    for key, wanted in terms(asking, "podAntiAffinity"):
        if any(app(item) == wanted and value(on, key) == value(target, key) for item, on in placed):
            return False
    for other, on in placed:
        for key, wanted in terms(other, "podAntiAffinity"):
            if wanted == app(asking) and value(on, key) == value(target, key):
                return False
    for key, wanted in terms(asking, "podAffinity"):
        company = [on for item, on in placed if app(item) == wanted]
        if not company and app(asking) == wanted:
            continue
        if not any(value(on, key) == value(target, key) for on in company):
            return False
    return True


def spread_rules(
    asking: Object, target: Object, nodes: list[Object], placed: list[tuple[Object, Object]]
) -> bool:
    for constraint in asking["spec"].get("topologySpreadConstraints", ()):
        key = constraint["topologyKey"]
        wanted = constraint["labelSelector"]["matchLabels"]["app"]
        # Domains of nodes that the pod's selector admits (nodeAffinityPolicy Honor).
        selecting = "nodeSelector" in asking["spec"]
        counts = {
            value(item, key): 0
            for item in nodes
            if not selecting or item["metadata"]["labels"]["disk"] == "ssd"
        }
        for item, on in placed:
            admitted = not selecting or on["metadata"]["labels"]["disk"] == "ssd"
            if app(item) == wanted and admitted:
                counts[value(on, key)] += 1
        own = int(app(asking) == wanted)
        there = counts.get(value(target, key), 0)
        if there + own - min(counts.values(), default=0) > constraint["maxSkew"]:
            return False
    return True
