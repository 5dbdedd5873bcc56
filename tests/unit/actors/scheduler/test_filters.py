"""Each filter on its own, in Kubernetes' words."""

from typing import Any

import pytest

from actors.scheduler.constraints import prepare
from actors.scheduler.filters import FILTERS, filters_for
from actors.scheduler.pod_info import parse_pod
from tests.unit.actors.scheduler.samples import make_snapshot, node, pod, pod_affinity, spread

ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"


def reasons(
    asking: dict[str, Any], nodes: list[dict[str, Any]], placed: Any = (), on: str = "n1"
) -> dict[str, tuple[str, ...]]:
    """Filter name → its reasons against node ``on``, for those that say no."""
    snapshot = make_snapshot(nodes, placed)
    state = prepare(parse_pod(asking), snapshot)
    found = {item.name: item.reasons(state, snapshot.nodes[on]) for item in filters_for(state)}
    return {name: value for name, value in found.items() if value}


def tolerating(**item: str) -> dict[str, Any]:
    return pod("p", tolerations=[item])


def test_plain_pod_passes_everywhere() -> None:
    assert not reasons(pod("p", cpu="1"), [node("n1")])


def test_unschedulable() -> None:
    cordoned = [node("n1", unschedulable=True)]
    assert reasons(pod("p"), cordoned) == {"NodeUnschedulable": ("node(s) were unschedulable",)}
    key = "node.kubernetes.io/unschedulable"
    assert not reasons(tolerating(key=key, operator="Exists"), cordoned)
    assert not reasons(tolerating(operator="Exists"), cordoned)


def test_node_name() -> None:
    asking = pod("p", nodeName="n2")
    assert "NodeName" in reasons(asking, [node("n1"), node("n2")])
    assert not reasons(asking, [node("n1"), node("n2")], on="n2")


@pytest.mark.parametrize(
    ("toleration", "passes"),
    [
        ({"key": "gpu", "value": "yes", "effect": "NoSchedule"}, True),
        ({"key": "gpu", "value": "yes"}, True),
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "gpu", "value": "no"}, False),
        ({"key": "gpu", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"value": "yes"}, False),
    ],
)
def test_taints(toleration: dict[str, str], passes: bool) -> None:
    tainted = [node("n1", taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}])]
    assert (not reasons(tolerating(**toleration), tainted)) is passes
    assert reasons(pod("p"), tainted) == {
        "TaintToleration": ("node(s) had untolerated taint {gpu: yes}",)
    }
    soft = [node("n1", taints=[{"key": "gpu", "effect": "PreferNoSchedule"}])]
    assert not reasons(pod("p"), soft)


def test_node_selector_and_affinity() -> None:
    nodes = [node("n1", labels={"disk": "ssd", "gen": "7"})]
    words = {"NodeAffinity": ("node(s) didn't match Pod's node affinity/selector",)}
    assert not reasons(pod("p", nodeSelector={"disk": "ssd"}), nodes)
    assert reasons(pod("p", nodeSelector={"disk": "hdd"}), nodes) == words

    def affine(*terms: dict[str, Any]) -> dict[str, Any]:
        required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
        return pod("p", affinity={"nodeAffinity": required})

    def label(key: str, operator: str, *values: str) -> dict[str, Any]:
        item = {"key": key, "operator": operator, "values": list(values)}
        return {"matchExpressions": [item]}

    assert not reasons(affine(label("gen", "Gt", "6")), nodes)
    assert reasons(affine(label("gen", "Lt", "6")), nodes) == words
    assert not reasons(affine(label("x", "Exists"), label("disk", "In", "ssd", "hdd")), nodes)
    assert not reasons(affine(label("x", "NotIn", "1")), nodes)
    assert reasons(affine({}), nodes) == words
    field = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}
    assert not reasons(affine(field), nodes)
    field = {"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": ["n1"]}]}
    assert reasons(affine(field), nodes) == words


def test_host_ports() -> None:
    def using(**port: Any) -> dict[str, Any]:
        return pod(f"p{port}", ports=[{"containerPort": 80, **port}])

    placed = [(using(hostPort=8080, hostIP="10.0.0.1"), "n1")]
    words = {"NodePorts": ("node(s) didn't have free ports for the requested pod ports",)}
    assert reasons(using(hostPort=8080), [node("n1")], placed) == words
    assert reasons(using(hostPort=8080, hostIP="0.0.0.0"), [node("n1")], placed) == words
    assert not reasons(using(hostPort=8080, hostIP="10.0.0.2"), [node("n1")], placed)
    assert not reasons(using(hostPort=8080, protocol="UDP"), [node("n1")], placed)
    assert not reasons(using(hostPort=8081), [node("n1")], placed)


def test_resources() -> None:
    nodes = [node("n1", cpu="2", memory="1Gi", extra={"pods": "1"})]
    assert reasons(pod("p", cpu="3", memory="2Gi"), nodes, [(pod("q"), "n1")]) == {
        "NodeResourcesFit": ("Too many pods", "Insufficient cpu", "Insufficient memory")
    }
    assert not reasons(pod("p", cpu="2", memory="1Gi"), nodes)
    gpu = pod("p")
    gpu["spec"]["containers"][0]["resources"]["requests"] = {"example.com/gpu": "1"}
    assert reasons(gpu, nodes) == {"NodeResourcesFit": ("Insufficient example.com/gpu",)}


def test_hard_spread() -> None:
    nodes = [node("n1", "a"), node("n2", "b")]
    asking = pod("p", labels={"app": "x"}, topologySpreadConstraints=[spread(ZONE, app="x")])
    placed = [(pod("q", labels={"app": "x"}), "n1")]
    words = {"PodTopologySpread": ("node(s) didn't match pod topology spread constraints",)}
    assert reasons(asking, nodes, placed) == words
    assert not reasons(asking, nodes, placed, on="n2")
    other = [(pod("q", labels={"app": "x"}, namespace="elsewhere"), "n1")]
    assert not reasons(asking, nodes, other)
    bare = node("n3")
    bare["metadata"]["labels"].pop(ZONE)
    found = reasons(asking, [*nodes, bare], placed, on="n3")
    assert "missing required label" in found["PodTopologySpread"][0]


def test_hard_spread_leaves_out_domains_the_pod_cannot_go_to() -> None:
    nodes = [node("n1", "a"), node("n2", "b", labels={"disk": "ssd"})]
    constraint = spread(ZONE, app="x")
    asking = pod(
        "p",
        labels={"app": "x"},
        nodeSelector={"disk": "ssd"},
        topologySpreadConstraints=[constraint],
    )
    placed = [(pod("q", labels={"app": "x"}), "n2")]
    assert not reasons(asking, nodes, placed, on="n2")
    constraint["nodeAffinityPolicy"] = "Ignore"
    assert reasons(asking, nodes, placed, on="n2")


def test_min_domains_and_match_label_keys() -> None:
    nodes = [node("n1", "a")]
    constraint = {**spread(ZONE, app="x"), "minDomains": 2}
    asking = pod("p", labels={"app": "x"}, topologySpreadConstraints=[constraint])
    assert reasons(asking, nodes, [(pod("q", labels={"app": "x"}), "n1")])
    keyed = {**spread(ZONE, app="x"), "matchLabelKeys": ["rev"], "minDomains": 2}
    asking = pod("p", labels={"app": "x", "rev": "2"}, topologySpreadConstraints=[keyed])
    assert not reasons(asking, nodes, [(pod("q", labels={"app": "x", "rev": "1"}), "n1")])


def test_pod_affinity() -> None:
    nodes = [node("n1", "a"), node("n2", "b")]
    asking = pod("p", affinity=pod_affinity("podAffinity", ZONE, app="db"))
    words = {"InterPodAffinity": ("node(s) didn't match pod affinity rules",)}
    assert reasons(asking, nodes) == words
    placed = [(pod("q", labels={"app": "db"}), "n2")]
    assert reasons(asking, nodes, placed) == words
    assert not reasons(asking, nodes, placed, on="n2")
    first = pod("p", labels={"app": "db"}, affinity=pod_affinity("podAffinity", ZONE, app="db"))
    assert not reasons(first, nodes)
    assert reasons(first, nodes, placed) == words


def test_pod_anti_affinity_works_both_ways() -> None:
    nodes = [node("n1", "a"), node("n2", "a"), node("n3", "b")]
    apart = pod_affinity("podAntiAffinity", HOST, app="x")
    asking = pod("p", labels={"app": "x"}, affinity=apart)
    placed = [(pod("q", labels={"app": "x"}), "n1")]
    assert reasons(asking, nodes, placed) == {
        "InterPodAffinity": ("node(s) didn't match pod anti-affinity rules",)
    }
    assert not reasons(asking, nodes, placed, on="n2")
    zonal = pod_affinity("podAntiAffinity", ZONE, app="y")
    repelling = [(pod("q", affinity=zonal), "n1")]
    victim = pod("p", labels={"app": "y"})
    words = {"InterPodAffinity": ("node(s) didn't satisfy existing pods anti-affinity rules",)}
    assert reasons(victim, nodes, repelling, on="n2") == words
    assert not reasons(victim, nodes, repelling, on="n3")


def test_namespace_selectors() -> None:
    snapshot = make_snapshot(
        [node("n1")], [(pod("q", labels={"app": "x"}, namespace="blue"), "n1")]
    )
    snapshot.namespaces = {"blue": {"team": "b"}, "default": {}}
    affinity = pod_affinity("podAntiAffinity", HOST, app="x")
    terms = affinity["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]

    def closed() -> bool:
        return bool(prepare(parse_pod(pod("p", affinity=affinity)), snapshot).own_anti)

    assert not closed()
    terms[0]["namespaceSelector"] = {"matchLabels": {"team": "b"}}
    assert closed()
    terms[0]["namespaceSelector"] = {"matchLabels": {"team": "r"}}
    assert not closed()
    terms[0]["namespaceSelector"] = {}
    assert closed()


def test_names_are_kubernetes_own() -> None:
    assert [item.name for item in FILTERS] == [
        "NodeUnschedulable",
        "NodeName",
        "TaintToleration",
        "NodeAffinity",
        "NodePorts",
        "NodeResourcesFit",
        "PodTopologySpread",
        "InterPodAffinity",
    ]
