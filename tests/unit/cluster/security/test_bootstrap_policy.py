"""The default policy, asked through the real authorizer."""

import pytest

from cluster.security.bootstrap_components import NODE_ROLES
from cluster.security.bootstrap_policy import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    bootstrap_objects,
)
from cluster.security.policy_objects import cluster_role_binding
from cluster.security.rbac import Attributes, Authorizer

AUTHORIZER = Authorizer(
    cluster_roles=CLUSTER_ROLES,
    cluster_role_bindings=[
        *CLUSTER_ROLE_BINDINGS,
        *(
            {
                "metadata": {"name": f"test-{role}"},
                "roleRef": {"kind": "ClusterRole", "name": role},
                "subjects": [{"kind": "User", "name": f"the-{role}"}],
            }
            for role in ("admin", "edit", "view")
        ),
        # As the API server asks for a node: the roles themselves are bound to nobody.
        *(
            cluster_role_binding(role["metadata"]["name"], "Group", "system:nodes")
            for role in NODE_ROLES
        ),
    ],
)
NODE = ("system:node:n1", ("system:nodes", "system:authenticated"))


def ask(user: str, groups: tuple[str, ...], text: str) -> bool:
    """``"get apps deployments/scale"``; ``"get /path"``."""
    words = text.split()
    if words[1].startswith("/"):
        attributes = Attributes(words[0], path=words[1])
    else:
        resource, _, sub = words[2].partition("/")
        group = "" if words[1] == "core" else words[1]
        attributes = Attributes(words[0], group, resource, sub, "default", "x")
    return AUTHORIZER.allowed(user, groups, attributes).allowed


@pytest.mark.parametrize(
    ("user", "question", "expected"),
    [
        ("view", "list core pods", True),
        ("view", "get core pods/log", True),
        ("view", "get core secrets", False),
        ("view", "create core pods/exec", False),
        ("view", "list core nodes", False),
        ("view", "delete apps deployments", False),
        ("edit", "list core pods", True),
        ("edit", "get core secrets", True),
        ("edit", "patch apps deployments/scale", True),
        ("edit", "create core pods/exec", True),
        ("edit", "create rbac.authorization.k8s.io roles", False),
        ("edit", "update core resourcequotas", False),
        ("admin", "create rbac.authorization.k8s.io rolebindings", True),
        ("admin", "delete batch jobs", True),
        ("admin", "get core pods", True),
        ("admin", "create rbac.authorization.k8s.io clusterroles", False),
        ("admin", "delete core nodes", False),
    ],
)
def test_roles_of_people(user: str, question: str, expected: bool) -> None:
    assert ask(f"the-{user}", ("system:authenticated",), question) is expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("watch discovery.k8s.io endpointslices", True),
        ("list core services", True),
        ("update core nodes/status", True),
        ("patch core pods/status", True),
        ("delete core pods", True),
        ("create core events", True),
        ("update coordination.k8s.io leases", True),
        ("create core serviceaccounts/token", True),
        ("delete core nodes", False),
        ("update core pods", False),
        ("update core services", False),
        ("create core secrets", False),
        ("create rbac.authorization.k8s.io clusterrolebindings", False),
        ("update apps deployments", False),
    ],
)
def test_a_node_has_what_its_three_components_need(question: str, expected: bool) -> None:
    assert ask(*NODE, question) is expected


@pytest.mark.parametrize(
    ("user", "question", "expected"),
    [
        ("system:kube-scheduler", "create core pods/binding", True),
        ("system:kube-scheduler", "list core nodes", True),
        ("system:kube-scheduler", "get core secrets", False),
        ("system:kube-scheduler", "create core pods", False),
        ("system:kube-controller-manager", "create core pods", True),
        ("system:kube-controller-manager", "create core persistentvolumeclaims", True),
        ("system:kube-controller-manager", "create apps controllerrevisions", True),
        ("system:kube-controller-manager", "delete example.com things", True),
        ("system:kube-controller-manager", "create rbac.authorization.k8s.io roles", False),
        ("system:kube-controller-manager", "bind rbac.authorization.k8s.io roles", False),
        ("system:cloud-controller-manager", "patch core services/status", True),
        ("system:cloud-controller-manager", "list core secrets", False),
    ],
)
def test_components(user: str, question: str, expected: bool) -> None:
    assert ask(user, ("system:authenticated",), question) is expected


def test_everyone_may_discover_and_nobody_anonymous_may_read() -> None:
    known, unknown = ("system:authenticated",), ("system:unauthenticated",)
    assert ask("joe", known, "get /apis/apps/v1")
    assert ask("joe", known, "create authorization.k8s.io selfsubjectaccessreviews")
    assert not ask("joe", known, "list core pods")
    assert ask("system:anonymous", unknown, "get /version")
    assert not ask("system:anonymous", unknown, "get /api")


def test_objects_are_whole_and_unique() -> None:
    objects = bootstrap_objects()
    names = {(obj["kind"], obj["metadata"].get("namespace"), obj["metadata"]["name"])
             for obj in objects}  # fmt: skip
    assert len(names) == len(objects)
    for obj in objects:
        if obj["kind"].endswith("Binding"):
            role = obj["roleRef"]
            assert (role["kind"], obj["metadata"].get("namespace"), role["name"]) in names
        assert obj["apiVersion"] == "rbac.authorization.k8s.io/v1"
        assert obj["metadata"]["labels"]["kubernetes.io/bootstrapping"] == "rbac-defaults"


def test_aggregated_roles_are_filled_in() -> None:
    rules = {role["metadata"]["name"]: role["rules"] for role in CLUSTER_ROLES}
    assert all(rules.values())
    assert [rule for rule in rules["view"] if rule not in rules["edit"]] == []
    assert [rule for rule in rules["edit"] if rule not in rules["admin"]] == []
