"""Default roles that were changed get back what they lack, and keep what they were given."""

from typing import Any

import pytest

from cluster.security.bootstrap_policy import bootstrap_objects
from cluster.security.policy_objects import account, cluster_role, role_binding, rule, user
from cluster.security.reconcile import AUTOUPDATE, reconciled

WANTED = cluster_role("r", rule("core", "pods", "get list"), rule("core", "nodes", "get", "a"))


def changed(**fields: Any) -> dict[str, Any]:
    return {**WANTED, "metadata": {**WANTED["metadata"], "uid": "u"}, **fields}


def test_all_default_objects_are_as_they_should_be() -> None:
    assert [obj for obj in bootstrap_objects() if reconciled(obj, obj) is not None] == []


@pytest.mark.parametrize(
    ("live", "back"),
    [
        ([], WANTED["rules"]),
        ([rule("core", "pods", "get")], WANTED["rules"]),
        ([rule("core", "pods nodes", "*")], []),
        ([rule("*", "*", "get list")], []),
        ([rule("core", "pods", "get list", "one")], WANTED["rules"]),
        ([rule("core", "pods", "get"), rule("core", "pods", "list")], WANTED["rules"][1:]),
        ([*WANTED["rules"], rule("apps", "deployments", "get")], []),
    ],
)
def test_rules_that_are_missing_are_added(live: Any, back: Any) -> None:
    found = reconciled(changed(rules=live), WANTED)
    if back:
        assert found is not None and found["rules"] == [*live, *back]
        assert found["metadata"]["uid"] == "u"
    else:
        assert found is None


def test_who_says_so_is_left_alone() -> None:
    metadata = {**WANTED["metadata"], "annotations": {AUTOUPDATE: "false"}}
    assert reconciled(changed(rules=[], metadata=metadata), WANTED) is None
    metadata["annotations"] = {AUTOUPDATE: "no"}
    assert reconciled(changed(rules=[], metadata=metadata), WANTED) is not None


def test_labels_come_back_and_own_ones_stay() -> None:
    found = reconciled(changed(metadata={"name": "r", "labels": {"mine": "1"}}), WANTED)
    assert found is not None
    assert found["metadata"]["labels"] == {
        "mine": "1",
        "kubernetes.io/bootstrapping": "rbac-defaults",
    }
    assert found["metadata"]["annotations"] == {AUTOUPDATE: "true"}


def test_subjects_of_bindings() -> None:
    wanted = role_binding("kube-system", "r", user("a"), account("b"))
    extra = user("eve")
    live = {**wanted, "subjects": [extra, user("a")]}
    found = reconciled(live, wanted)
    assert found is not None and found["subjects"] == [extra, user("a"), account("b")]
    assert reconciled({**wanted, "subjects": [*wanted["subjects"], extra]}, wanted) is None
    other = {**wanted, "roleRef": {**wanted["roleRef"], "name": "other"}}
    assert reconciled(other, wanted) is wanted


def test_a_role_that_gathers_gets_its_selectors_back() -> None:
    wanted = cluster_role("view", collects="to-view")
    own = {"matchLabels": {"a": "b"}}
    live = {**wanted, "aggregationRule": {"clusterRoleSelectors": [own]}, "rules": [1, 2]}
    found = reconciled(live, wanted)
    assert found is not None and found["rules"] == [1, 2]
    assert found["aggregationRule"]["clusterRoleSelectors"] == [
        own,
        {"matchLabels": {"to-view": "true"}},
    ]
    assert reconciled({**found}, wanted) is None
