"""Requests find their FlowSchema, and levels their seats."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.bootstrap_flows import flow_objects
from cluster.api.flow_schemas import Level, Schemas, hand_of, seats_of
from cluster.security.rbac import Attributes

Json = dict[str, Any]
OBJECTS = flow_objects()
SCHEMAS = [one for one in OBJECTS if one["kind"] == "FlowSchema"]
LEVELS = [one for one in OBJECTS if one["kind"] == "PriorityLevelConfiguration"]
EVERYBODY = ("system:authenticated",)


def schema_of(user: str, groups: tuple[str, ...], asked: Attributes) -> tuple[str, str]:
    found = Schemas(SCHEMAS, LEVELS, 600).flow(user, (*groups, *EVERYBODY), asked)
    assert found is not None
    return found.schema, found.level.name


@pytest.mark.parametrize(
    ("user", "groups", "asked", "expected"),
    [
        (
            "admin",
            ("system:masters",),
            Attributes("get", "", "pods", "", "a"),
            ("exempt", "exempt"),
        ),
        ("ann", (), Attributes("list", "", "pods"), ("global-default", "global-default")),
        ("ann", (), Attributes("get", path="/healthz"), ("probes", "exempt")),
        (
            "system:serviceaccount:web:robot",
            ("system:serviceaccounts",),
            Attributes("create", "apps", "deployments", "", "web"),
            ("service-accounts", "workload-low"),
        ),
    ],
)
def test_the_schemas_of_a_new_cluster(
    user: str, groups: tuple[str, ...], asked: Attributes, expected: tuple[str, str]
) -> None:
    assert schema_of(user, groups, asked) == expected


def schema(precedence: int, rule: Json, method: str = "", name: str = "s") -> Json:
    subjects = [{"kind": "Group", "group": {"name": "*"}}]
    spec: Json = {
        "matchingPrecedence": precedence,
        "priorityLevelConfiguration": {"name": "l"},
        "rules": [{"subjects": subjects, **rule}],
    }
    if method:
        spec["distinguisherMethod"] = {"type": method}
    return {"metadata": {"name": name, "uid": f"uid-{name}"}, "spec": spec}


LEVEL = {"metadata": {"name": "l"}, "spec": {"type": "Limited", "limited": {}}}
PODS = {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}


@pytest.mark.parametrize(
    ("more", "namespace", "matches"),
    [
        ({"namespaces": ["a"]}, "a", True),
        ({"namespaces": ["a"]}, "b", False),
        ({"namespaces": ["*"]}, "", False),
        ({"clusterScope": True}, "", True),
        ({"clusterScope": True}, "a", False),
    ],
)
def test_namespaces_and_the_whole_cluster(more: Json, namespace: str, matches: bool) -> None:
    found = Schemas([schema(1, {"resourceRules": [{**PODS, **more}]})], [LEVEL], 10)
    flow = found.flow("ann", ("g",), Attributes("list", "", "pods", "", namespace))
    assert (flow is not None) is matches


def test_precedence_then_name() -> None:
    rule = {"nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["/a/*"]}]}
    given_ = [schema(9, rule, name="z"), schema(5, rule, name="b"), schema(5, rule, name="a")]
    flow = Schemas(given_, [LEVEL], 10).flow("ann", ("g",), Attributes("get", path="/a/b"))
    assert flow is not None and (flow.schema, flow.schema_uid) == ("a", "uid-a")
    assert Schemas(given_, [LEVEL], 10).flow("ann", ("g",), Attributes("get", path="/c")) is None


def test_flows_are_told_apart() -> None:
    rule = {"resourceRules": [{**PODS, "namespaces": ["*"]}]}
    asked = [Attributes("list", "", "pods", "", space) for space in ("a", "b")]

    def keys(method: str) -> set[str]:
        known = Schemas([schema(1, rule, method)], [LEVEL], 10)
        flows = [known.flow(user, ("g",), one) for user in ("ann", "bob") for one in asked]
        return {flow.key for flow in flows if flow is not None}

    assert (len(keys("")), len(keys("ByUser")), len(keys("ByNamespace"))) == (1, 2, 2)


def test_a_schema_without_its_level_matches_nothing() -> None:
    rule = {"resourceRules": [{**PODS, "clusterScope": True}]}
    asked = Attributes("list", "", "pods")
    assert Schemas([schema(1, rule)], [], 10).flow("ann", ("g",), asked) is None


def test_seats_are_shared_out() -> None:
    found = {level.name: level.seats for level in seats_of(LEVELS, 600)}
    assert found["exempt"] == 0
    assert found["workload-low"] == 245  # 600 * 100 / 245 shares
    assert found["catch-all"] == 13
    assert sum(found.values()) >= 600


@given(st.text(), st.integers(1, 130), st.integers(1, 10))
def test_a_hand_is_of_different_queues_and_always_the_same(
    key: str, queues: int, hand: int
) -> None:
    level = Level("l", "", 1, queues, hand, 1)
    dealt = hand_of(level, key)
    assert dealt == hand_of(level, key)
    assert len(set(dealt)) == len(dealt) == min(hand, queues)
    assert all(0 <= at < queues for at in dealt)
