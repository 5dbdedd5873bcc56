"""What a pod asks of its node: labels, name, ports; which taints it tolerates."""

from typing import Any

import pytest

from cluster.api.placement import (
    conflicts,
    host_ports,
    is_choosy,
    matches_node,
    node_term,
    tolerates,
    tolerates_all,
)

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def requiring(*terms: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": list(terms)}}}, **more}


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("spec", "fits"),
    [
        ({}, True),
        ({"nodeSelector": {"zone": "a"}}, True),
        ({"nodeSelector": {"zone": "b"}}, False),
        (requiring(expression("zone", "NotIn", "a")), False),
        (requiring(expression("zone", "NotIn", "a"), expression("cpus", "Gt", "3")), True),
        (requiring(expression("zone", "In", "a"), nodeSelector={"gpu": "yes"}), False),
        (requiring({}), False),
        (requiring(), False),
        (
            requiring(
                {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}
            ),
            True,
        ),
    ],
)
def test_nodes(spec: dict[str, Any], fits: bool) -> None:
    assert matches_node(spec, {"zone": "a", "cpus": "4"}, "n") is fits
    assert is_choosy(spec) is bool(spec)


def test_an_empty_term_matches_nothing() -> None:
    assert not node_term({}).matches({"a": "b"}, "n")


def test_ports() -> None:
    ports = [
        {"containerPort": 1},
        {"containerPort": 2, "hostPort": 80, "hostIP": "0.0.0.0"},
        {"containerPort": 53, "hostPort": 53, "hostIP": "10.0.0.1", "protocol": "UDP"},
    ]
    spec: dict[str, Any] = {"containers": [{"ports": ports}]}
    assert host_ports(spec) == (("", "TCP", 80), ("10.0.0.1", "UDP", 53))
    assert ("", "TCP", 1) in host_ports({**spec, "hostNetwork": True})


def test_conflicts() -> None:
    here, there, anywhere = ("10.0.0.1", "TCP", 80), ("10.0.0.2", "TCP", 80), ("", "TCP", 80)
    assert conflicts(here, here) and conflicts(here, anywhere) and conflicts(anywhere, there)
    assert not conflicts(here, there)
    assert not conflicts(anywhere, ("", "UDP", 80))
    assert not conflicts(anywhere, ("", "TCP", 81))


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "k", "operator": "Exists"}, True),
        ({"key": "k", "value": "v"}, True),
        ({"key": "k", "operator": "Equal", "value": "v", "effect": "NoExecute"}, True),
        ({"key": "k", "value": "other"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"key": "k", "operator": "Exists", "effect": "NoSchedule"}, False),
        ({}, False),
    ],
)
def test_toleration(toleration: dict[str, Any], expected: bool) -> None:
    taint = {"key": "k", "value": "v", "effect": "NoExecute"}
    assert tolerates(toleration, taint) is expected


def test_all_taints_of_an_effect() -> None:
    taints = [
        {"key": "a", "effect": "NoExecute"},
        {"key": "b", "effect": "NoSchedule"},
        {"key": "c", "effect": "NoExecute"},
    ]
    some = [{"key": "a", "operator": "Exists"}]
    assert not tolerates_all({"tolerations": some}, taints, "NoExecute")
    assert tolerates_all({"tolerations": some}, taints[:2], "NoExecute")
    every = [*some, {"key": "c", "operator": "Exists", "tolerationSeconds": 1}]
    assert tolerates_all({"tolerations": every}, taints, "NoExecute")
    assert tolerates_all({}, [], "NoExecute")
