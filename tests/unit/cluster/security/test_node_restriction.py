"""A node's certificate reaches its own things only."""

from typing import Any

import pytest

from cluster.security.node_restriction import may_ask, node_of
from cluster.security.node_writes import may_take_token, may_write, own_label
from cluster.security.rbac import Attributes

LEASES = ("coordination.k8s.io", "leases")


def uses(resource: str, namespace: str, name: str) -> bool:
    return (resource, namespace, name) == ("secrets", "default", "mine")


def pod(node: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", **metadata}, "spec": {"nodeName": node}}


def mirror(node: str) -> dict[str, Any]:
    owner = {"apiVersion": "v1", "kind": "Node", "name": node, "uid": "u", "controller": True}
    return pod(node, **MIRROR, ownerReferences=[owner])


def node(name: str, *, taints: Any = None, **labels: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": {k.replace("__", "/"): v for k, v in labels.items()}},
        "spec": {"taints": taints} if taints else {},
    }


def test_who_is_a_node() -> None:
    assert node_of("system:node:n1", ("system:nodes",)) == "n1"
    assert node_of("system:node:n1", ()) == ""
    assert node_of("jane", ("system:nodes",)) == ""


@pytest.mark.parametrize(
    ("attributes", "allowed"),
    [
        (Attributes("get", "", "secrets", "", "default", "mine"), True),
        (Attributes("watch", "", "secrets", "", "default", "mine"), True),
        (Attributes("get", "", "secrets", "", "default", "other"), False),
        (Attributes("list", "", "secrets", "", "default", ""), False),
        (Attributes("list", "", "configmaps"), False),
        (Attributes("get", "", "serviceaccounts", "", "default", "other"), False),
        (Attributes("list", "", "nodes"), True),
        (Attributes("patch", "", "nodes", "status", "", "n1"), True),
        (Attributes("patch", "", "nodes", "status", "", "n2"), False),
        (Attributes("update", *LEASES, "", "kube-node-lease", "n1"), True),
        (Attributes("update", *LEASES, "", "kube-node-lease", "n2"), False),
        (Attributes("update", *LEASES, "", "kube-system", "n1"), False),
        (Attributes("create", "discovery.k8s.io", "endpointslices", "", "default"), False),
        (Attributes("create", "discovery.k8s.io", "endpointslices", "", "kube-system"), True),
        (Attributes("list", "", "pods"), False),
        (Attributes("list", "", "pods", fields=(("spec.nodeName", "n1"),)), True),
        (Attributes("list", "", "pods", fields=(("spec.nodeName", "n2"),)), False),
        (Attributes("update", "discovery.k8s.io", "endpointslices", "", "kube-system", "x"), False),
    ],
)
def test_requests_by_name(attributes: Attributes, allowed: bool) -> None:
    assert (may_ask("n1", attributes, uses) == "") is allowed


STATUS = Attributes("patch", "", "pods", "status", "default", "p")
DELETE = Attributes("delete", "", "pods", "", "default", "p")
CREATE = Attributes("create", "", "pods", "", "default")
MIRROR = {"annotations": {"kubernetes.io/config.mirror": "x"}}


@pytest.mark.parametrize(
    ("attributes", "new", "old", "allowed"),
    [
        (STATUS, pod("n1"), pod("n1"), True),
        (STATUS, pod("n2"), pod("n2"), False),
        (STATUS, pod("n1", labels={"a": "b"}), pod("n1"), False),
        (Attributes("update", "", "pods"), pod("n1"), pod("n1"), False),
        (DELETE, None, pod("n1"), True),
        (DELETE, None, pod("n2"), False),
        (Attributes("create", "", "pods", "eviction"), {}, pod("n1"), True),
        (Attributes("create", "", "pods", "eviction"), {}, pod("n2"), False),
        (CREATE, mirror("n1"), None, True),
        (CREATE, mirror("n2"), None, False),
        (CREATE, pod("n1", **MIRROR), None, False),
        (CREATE, pod("n1"), None, False),
    ],
)
def test_pods(attributes: Attributes, new: Any, old: Any, allowed: bool) -> None:
    assert (may_write("n1", attributes, new, old, "u") == "") is allowed


@pytest.mark.parametrize(
    ("new", "old", "allowed"),
    [
        (node("n1"), node("n1"), True),
        (node("n2"), node("n2"), False),
        (node("n1", taints=[{"key": "a"}]), None, True),
        (node("n1", taints=[{"key": "a"}]), node("n1"), False),
        (None, node("n1"), False),
        (node("n1", topology__kubernetes=""), node("n1"), True),
    ],
)
def test_nodes(new: Any, old: Any, allowed: bool) -> None:
    assert (may_write("n1", Attributes("update", "", "nodes"), new, old) == "") is allowed


def test_labels_a_node_may_not_give_itself() -> None:
    for label in ("topology.kubernetes.io/zone", "rack", "example.com/x", "node.kubernetes.io/y"):
        assert own_label(label)
    for label in (
        "node-restriction.kubernetes.io/team",
        "x.node-restriction.kubernetes.io/team",
        "node-role.kubernetes.io/control-plane",
        "kubernetes.io/anything",
        "sub.k8s.io/z",
    ):
        assert not own_label(label)
        text = may_write(
            "n1",
            Attributes("update", "", "nodes"),
            {"metadata": {"name": "n1", "labels": {label: ""}}},
            node("n1"),
        )
        assert label in text


def test_tokens_are_bound_to_a_pod() -> None:
    spec: dict[str, Any] = {"boundObjectRef": {"kind": "Pod", "name": "p", "uid": "u"}}
    assert may_take_token("n1", spec, pod("n1")) == ""
    assert "different node" in may_take_token("n1", spec, pod("n2"))
    del spec["boundObjectRef"]["uid"]
    assert may_take_token("n1", spec, pod("n1"))
    assert may_take_token("n1", {}, None)


def test_a_lease_bears_the_name_of_its_node() -> None:
    for name, allowed in (("n1", True), ("n2", False)):
        lease = {"metadata": {"name": name}}
        assert (may_write("n1", Attributes("create", *LEASES), lease, None) == "") is allowed
