"""Every default role, every verb, every resource: allowed is what stands in the table, no more.

The questions go to the authorizer that the default policy makes, as whoever holds the role.
"""

from typing import Any

import pytest

from actors.apiserver.authorization import NODES
from cluster.security.bootstrap_policy import CLUSTER_ROLES, bootstrap_objects
from cluster.security.policy_objects import cluster_role_binding
from cluster.security.rbac import Attributes, Authorizer
from tests.security import matrix
from tests.security.matrix import CONTROLLERS, NAMESPACED, PATHS, ROLES, VERBS, Allowed

KNOWN = ("system:authenticated",)
UNKNOWN = ("system:unauthenticated",)
# Each role by itself: bound to a user of its name.
BY_ROLE = Authorizer(
    cluster_roles=CLUSTER_ROLES,
    cluster_role_bindings=[
        cluster_role_binding(role["metadata"]["name"], "User", role["metadata"]["name"])
        for role in CLUSTER_ROLES
    ],
)


def of_kind(kind: str) -> list[Any]:
    return [obj for obj in bootstrap_objects() if obj["kind"] == kind]


POLICY = Authorizer(
    of_kind("Role"),
    of_kind("RoleBinding"),
    of_kind("ClusterRole"),
    of_kind("ClusterRoleBinding"),
)
# Steersman's own: a superset, held to what it must not have by tests/unit/cluster/security.
OWN = {"system:kube-controller-manager", "system:cloud-controller-manager"}
NODE_PARTS = {"system:node", "system:node-proxier", "system:node-dns"}
GATHERED = {"system:aggregate-to-edit", "system:aggregate-to-admin"}


def expected(table: list[Allowed], names: tuple[str, ...]) -> set[tuple[str, str, str, str]]:
    """(verb, resource, group, name) of all that is allowed."""
    return {
        (verb, resource, group, name)
        for resource, group in matrix.universe()
        for line in table
        if line.says(resource, group)
        for verb in line.verbs
        for name in names
        if line.name in ("", name)
    }


def answered(
    authorizer: Authorizer, user: str, groups: tuple[str, ...], names: tuple[str, ...], space: str
) -> set[tuple[str, str, str, str]]:
    found = set()
    for resource, group in matrix.universe():
        plain, _, part = resource.partition("/")
        for verb in VERBS:
            for name in names:
                asked = Attributes(verb, group, plain, part, space, name)
                if authorizer.allowed(user, groups, asked).allowed:
                    found.add((verb, resource, group, name))
    return found


def names_of(table: list[Allowed]) -> tuple[str, ...]:
    return ("", "any", *sorted({line.name for line in table if line.name}))


def test_the_table_has_every_role() -> None:
    roles = {role["metadata"]["name"] for role in CLUSTER_ROLES}
    controllers = {f"system:controller:{name}" for name in CONTROLLERS}
    assert roles == {*ROLES, *controllers, *OWN, *NODE_PARTS, *GATHERED}
    spaced = {(obj["metadata"]["namespace"], obj["metadata"]["name"]) for obj in of_kind("Role")}
    assert spaced == {(space, name) for space, name, _ in NAMESPACED}


@pytest.mark.parametrize("role", [*ROLES, *CONTROLLERS])
def test_a_role_allows_what_the_table_says(role: str) -> None:
    table = matrix.lines(ROLES.get(role) or CONTROLLERS.get(role) or "")
    user = f"system:controller:{role}" if role in CONTROLLERS else role
    names = names_of(table)
    space = "default"
    assert answered(BY_ROLE, user, KNOWN, names, space) == expected(table, names)


def test_nodes_have_what_their_parts_need() -> None:
    table = matrix.lines(matrix.NODE)
    names = names_of(table)
    groups = ("system:nodes", *KNOWN)
    assert answered(NODES, "system:node:n1", groups, names, "default") == expected(table, names)


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_a_controllers_account_holds_its_role_everywhere(controller: str) -> None:
    user = f"system:serviceaccount:kube-system:{controller}"
    table = matrix.lines(CONTROLLERS[controller])
    line = next(line for line in table if not line.resource.startswith("*"))
    plain, _, part = line.resource.partition("/")
    for verb in line.verbs:
        asked = Attributes(verb, line.group, plain, part, "", line.name)
        assert POLICY.allowed(user, KNOWN, asked).allowed
        for other in (f"system:serviceaccount:default:{controller}", controller):
            assert not POLICY.allowed(other, KNOWN, asked).allowed


@pytest.mark.parametrize(("space", "role", "holder"), NAMESPACED)
def test_roles_in_namespaces(space: str, role: str, holder: str) -> None:
    table = matrix.lines(NAMESPACED[space, role, holder])
    names = names_of(table)
    wanted = expected(table, names)
    if ":" in holder:
        assert wanted <= answered(POLICY, holder, (), names, space)
        return
    user = f"system:serviceaccount:kube-system:{holder}"
    assert answered(POLICY, user, (), names, space) == wanted
    assert answered(POLICY, user, (), names, "default") == set()
    assert answered(POLICY, user, (), names, "") == set()


@pytest.mark.parametrize(
    ("user", "groups"),
    [
        ("jane", KNOWN),
        ("system:anonymous", UNKNOWN),
        ("system:serviceaccount:default:default", ("system:serviceaccounts", *KNOWN)),
        ("system:bootstrap:abcdef", ("system:bootstrappers", *KNOWN)),
        ("system:node:n1", ("system:nodes", *KNOWN)),
        ("cluster-admin", KNOWN),
        ("admin", ("masters", "system:master", "SYSTEM:MASTERS", *KNOWN)),
        ("system:kube-proxy-x", KNOWN),
        ("", ()),
    ],
)
def test_who_holds_nothing_may_ask_about_themselves_and_no_more(
    user: str, groups: tuple[str, ...]
) -> None:
    table = matrix.lines(ROLES["system:basic-user"] if KNOWN[0] in groups else "")
    if "system:serviceaccounts" in groups:
        table += matrix.lines(ROLES["system:cluster-trust-bundle-discovery"])
    for space in ("", "default", "kube-system"):
        assert answered(POLICY, user, groups, ("any",), space) == expected(table, ("any",))


def test_administrators_may_do_everything() -> None:
    every = {(verb, *where, "any") for where in matrix.universe() for verb in VERBS}
    for space in ("", "default"):
        found = answered(POLICY, "root", ("system:masters",), ("any",), space)
        assert found == every


@pytest.mark.parametrize("role", [*ROLES, *(f"system:controller:{name}" for name in CONTROLLERS)])
def test_paths(role: str) -> None:
    wanted = {("get", path) for path in PATHS.get(role, "").split()}
    wanted |= {("post", path) for path in matrix.POSTS.get(role, "").split()}
    every = {path for text in PATHS.values() for path in text.split()} | {*matrix.MORE_PATHS}
    for path in sorted(every):
        for verb in ("get", "post", "put", "delete", "head", "*"):
            allowed = BY_ROLE.allowed(role, (), Attributes(verb, path=path)).allowed
            may = role == "cluster-admin" or (verb, path) in wanted
            assert allowed is may, (verb, path)


def test_who_sees_which_paths() -> None:
    for user, groups, roles in (
        ("system:anonymous", UNKNOWN, ["system:public-info-viewer"]),
        ("jane", KNOWN, ["system:public-info-viewer", "system:discovery"]),
        ("scraper", ("system:monitoring",), ["system:monitoring"]),
        ("pod", ("system:serviceaccounts",), ["system:service-account-issuer-discovery"]),
    ):
        wanted = {path for role in roles for path in PATHS[role].split()}
        every = {path for text in PATHS.values() for path in text.split()} | {*matrix.MORE_PATHS}
        found = {
            path
            for path in every
            if POLICY.allowed(user, groups, Attributes("get", path=path)).allowed
        }
        assert found == wanted, user


def test_default_objects_say_that_they_are() -> None:
    for obj in bootstrap_objects():
        metadata = obj["metadata"]
        assert metadata["labels"]["kubernetes.io/bootstrapping"] == "rbac-defaults"
        assert metadata["annotations"] == {"rbac.authorization.kubernetes.io/autoupdate": "true"}
    labels = {role["metadata"]["name"]: role["metadata"]["labels"] for role in CLUSTER_ROLES}
    to = "rbac.authorization.k8s.io/aggregate-to-"
    for part, whole in (
        ("system:aggregate-to-view", "view"),
        ("view", "edit"),
        ("system:aggregate-to-edit", "edit"),
        ("edit", "admin"),
        ("system:aggregate-to-admin", "admin"),
    ):
        assert labels[part][f"{to}{whole}"] == "true"
    gathers = {
        role["metadata"]["name"]: role["aggregationRule"]["clusterRoleSelectors"]
        for role in CLUSTER_ROLES
        if "aggregationRule" in role
    }
    assert gathers == {
        name: [{"matchLabels": {f"{to}{name}": "true"}}] for name in ("admin", "edit", "view")
    }
