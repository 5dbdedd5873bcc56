"""The authorizer, by example and against a slow evaluator written from the documentation."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.security.rbac import Attributes, Authorizer

Rules = list[dict[str, Any]]


def rule(verbs: str, groups: str, resources: str, *names: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "verbs": verbs.split(),
        "apiGroups": [group.replace("core", "") for group in groups.split()],
        "resources": resources.split(),
    }
    return {**found, "resourceNames": list(names)} if names else found


def role(name: str, *rules: dict[str, Any], namespace: str = "", **more: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "labels": more.pop("labels", {})}
    if namespace:
        metadata["namespace"] = namespace
    return {"metadata": metadata, "rules": list(rules), **more}


def binding(
    kind: str, name: str, *subjects: tuple[str, str], namespace: str = ""
) -> dict[str, Any]:
    return {
        "metadata": {"name": f"bind-{name}", "namespace": namespace},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name},
        "subjects": [{"kind": k, "name": n} for k, n in subjects],
    }


VIEW = role("view", rule("get list watch", "core", "pods pods/log"))
JANE = ("User", "jane")


def test_a_role_binding_grants_in_its_namespace_only() -> None:
    reader = role("reader", rule("list", "core", "pods"), namespace="default")
    authorizer = Authorizer([reader], [binding("Role", "reader", JANE, namespace="default")])
    listing = Attributes("list", "", "pods", namespace="default")
    assert authorizer.allowed("jane", (), listing) == (
        True,
        'RBAC: allowed by RoleBinding "bind-reader/default" of Role "reader" to User "jane"',
    )
    assert authorizer.allowed("joe", (), listing).reason == (
        'User "joe" cannot list resource "pods" in API group "" in the namespace "default"'
    )
    everywhere = authorizer.allowed("jane", (), Attributes("list", "", "pods"))
    assert everywhere == (
        False,
        'User "jane" cannot list resource "pods" in API group "" at the cluster scope',
    )
    other = Attributes("list", "", "pods", namespace="other")
    assert not authorizer.allowed("jane", (), other).allowed


def test_a_cluster_role_bound_by_a_role_binding_stays_in_the_namespace() -> None:
    authorizer = Authorizer(
        role_bindings=[binding("ClusterRole", "view", ("Group", "dev"), namespace="a")],
        cluster_roles=[VIEW],
    )
    for namespace, expected in (("a", True), ("b", False), ("", False)):
        attributes = Attributes("get", "", "pods", "log", namespace, "p")
        assert authorizer.allowed("x", ("dev",), attributes).allowed is expected


def test_subresources_need_their_own_grant() -> None:
    authorizer = Authorizer(
        cluster_roles=[
            role("r", rule("create", "core", "pods"), rule("update", "apps", "*/scale"))
        ],
        cluster_role_bindings=[binding("ClusterRole", "r", JANE)],
    )
    assert authorizer.allowed("jane", (), Attributes("create", "", "pods")).allowed
    assert not authorizer.allowed("jane", (), Attributes("create", "", "pods", "exec")).allowed
    scale = Attributes("update", "apps", "deployments", "scale")
    assert authorizer.allowed("jane", (), scale).allowed
    assert not authorizer.allowed("jane", (), scale._replace(subresource="status")).allowed


def test_resource_names_add_up_over_rules_and_bindings() -> None:
    authorizer = Authorizer(
        cluster_roles=[
            role("a", rule("get", "core", "secrets", "x"), rule("*", "core", "secrets", "y")),
            role("b", rule("get", "*", "*", "z")),
        ],
        cluster_role_bindings=[
            binding("ClusterRole", "a", JANE),
            binding("ClusterRole", "b", ("Group", "g")),
        ],
    )
    for name, expected in (("x", True), ("y", True), ("z", True), ("w", False), ("", False)):
        attributes = Attributes("get", "", "secrets", namespace="n", name=name)
        assert authorizer.allowed("jane", ("g",), attributes).allowed is expected
    assert 'Group "g"' in authorizer.allowed("jane", ("g",), attributes._replace(name="z")).reason


def test_non_resource_urls() -> None:
    urls = {"verbs": ["get"], "nonResourceURLs": ["/metrics", "/healthz/*"]}
    authorizer = Authorizer(
        cluster_roles=[role("r", urls)], cluster_role_bindings=[binding("ClusterRole", "r", JANE)]
    )
    for path, expected in (("/metrics", True), ("/metrics/x", False), ("/healthz/etcd", True)):
        assert authorizer.allowed("jane", (), Attributes("get", path=path)).allowed is expected
    decision = authorizer.allowed("jane", (), Attributes("get", path="/x"))
    assert decision.reason == 'User "jane" cannot get path "/x"'


def test_service_accounts_are_users_and_groups() -> None:
    bound = binding("ClusterRole", "view", namespace="a")
    bound["subjects"] = [{"kind": "ServiceAccount", "name": "bot", "namespace": "ci"}]
    authorizer = Authorizer(role_bindings=[bound], cluster_roles=[VIEW])
    decision = authorizer.allowed(
        "system:serviceaccount:ci:bot", (), Attributes("list", "", "pods", namespace="a")
    )
    assert decision.allowed
    assert decision.reason.endswith('to ServiceAccount "bot/ci"')


def test_masters_may_do_everything_even_without_policy() -> None:
    assert Authorizer().allowed("x", ("system:masters",), Attributes("get", path="/")).allowed


def test_aggregation_collects_by_label_through_several_levels() -> None:
    def aggregate(label: str) -> dict[str, Any]:
        return {"clusterRoleSelectors": [{"matchLabels": {label: "true"}}]}

    roles = [
        role("admin", aggregationRule=aggregate("to-admin"), labels={"to-view": "true"}),
        role("edit", aggregationRule=aggregate("to-edit"), labels={"to-admin": "true"}),
        role("x", rule("get", "core", "pods"), labels={"to-edit": "true"}),
        role("y", rule("get", "core", "nodes"), labels={"to-view": "true"}),
    ]
    authorizer = Authorizer(
        cluster_roles=roles, cluster_role_bindings=[binding("ClusterRole", "admin", JANE)]
    )
    assert authorizer.allowed("jane", (), Attributes("get", "", "pods")).allowed
    assert not authorizer.allowed("jane", (), Attributes("get", "", "nodes")).allowed
    assert authorizer.rules_of("ClusterRole", "", "admin") == [rule("get", "core", "pods")]
    assert authorizer.rules_of("Role", "default", "admin") is None


def test_rules_for_lists_what_applies_here() -> None:
    authorizer = Authorizer(
        role_bindings=[binding("ClusterRole", "view", JANE, namespace="a")],
        cluster_roles=[VIEW, role("u", {"verbs": ["get"], "nonResourceURLs": ["/v"]})],
        cluster_role_bindings=[
            binding("ClusterRole", "u", JANE),
            binding("ClusterRole", "u", JANE),
        ],
    )
    assert authorizer.rules_for("jane", (), "b") == (
        [],
        [{"verbs": ["get"], "nonResourceURLs": ["/v"]}],
    )
    assert authorizer.rules_for("jane", (), "a")[0] == VIEW["rules"]
    assert authorizer.rules_for("x", ("system:masters",), "a")[0][0]["resources"] == ["*"]


def test_nobody_may_grant_more_than_they_have() -> None:
    authorizer = Authorizer(
        cluster_roles=[VIEW], cluster_role_bindings=[binding("ClusterRole", "view", JANE)]
    )
    assert authorizer.uncovered("jane", (), "a", [rule("get", "core", "pods", "p")]) == []
    (missing,) = authorizer.uncovered("jane", (), "a", [rule("get delete", "core", "pods")])
    assert missing.verb == "delete"
    assert authorizer.uncovered("jane", (), "a", [rule("*", "core", "pods")])


@pytest.mark.parametrize(
    "broken",
    [
        binding("ClusterRole", "missing", JANE),
        binding("Role", "view", JANE),
        {"metadata": {"name": "x"}, "roleRef": {}, "subjects": None},
    ],
)
def test_dangling_bindings_grant_nothing(broken: dict[str, Any]) -> None:
    authorizer = Authorizer(cluster_roles=[VIEW], cluster_role_bindings=[broken])
    assert not authorizer.allowed("jane", (), Attributes("get", "", "pods")).allowed


few = st.sampled_from
rules = st.fixed_dictionaries(
    {
        "verbs": st.lists(few(["get", "list", "*"]), max_size=2),
        "apiGroups": st.lists(few(["", "apps", "*"]), max_size=2),
        "resources": st.lists(few(["pods", "pods/log", "nodes", "*", "*/log"]), max_size=2),
        "resourceNames": st.lists(few(["a", "b"]), max_size=1),
    }
)
subjects = st.lists(few([("User", "u1"), ("User", "u2"), ("Group", "g1")]), max_size=2)
policies = st.lists(st.tuples(st.lists(rules, max_size=3), subjects, few(["", "n1", "n2"])))
questions = st.builds(
    Attributes,
    few(["get", "list", "watch"]),
    few(["", "apps"]),
    few(["pods", "nodes"]),
    few(["", "log"]),
    few(["", "n1"]),
    few(["", "a"]),
    st.just(""),
)


def slow(policy: Any, user: str, groups: list[str], ask: Attributes) -> bool:
    """The documentation's sentences, one by one."""
    wanted = ask.resource + ("/" + ask.subresource if ask.subresource else "")
    for listed, bound, namespace in policy:
        mine = ("User", user) in bound or any(("Group", group) in bound for group in groups)
        here = namespace in ("", ask.namespace)
        for item in listed:
            fits = any(
                r in (wanted, "*") or (ask.subresource and r == f"*/{ask.subresource}")
                for r in item["resources"]
            )
            verb = ask.verb in item["verbs"] or "*" in item["verbs"]
            group = ask.group in item["apiGroups"] or "*" in item["apiGroups"]
            named = not item["resourceNames"] or ask.name in item["resourceNames"]
            if mine and here and fits and verb and group and named:
                return True
    return False


@given(policies, few(["u1", "u2"]), st.lists(few(["g1", "g2"]), max_size=2), questions)
def test_it_agrees_with_the_slow_evaluator(
    policy: Any, user: str, groups: list[str], ask: Attributes
) -> None:
    roles = [role(f"r{n}", *listed) for n, (listed, _, _) in enumerate(policy)]
    bindings = [
        binding("ClusterRole", f"r{n}", *bound, namespace=namespace)
        for n, (_, bound, namespace) in enumerate(policy)
    ]
    authorizer = Authorizer(
        role_bindings=[b for b in bindings if b["metadata"]["namespace"]],
        cluster_roles=roles,
        cluster_role_bindings=[b for b in bindings if not b["metadata"]["namespace"]],
    )
    for _ in range(2):  # the second time it answers from memory
        decision = authorizer.allowed(user, groups, ask)
        assert decision.allowed is slow(policy, user, groups, ask)
        assert decision.reason
