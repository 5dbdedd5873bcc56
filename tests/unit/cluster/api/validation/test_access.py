"""Rules of roles, bindings and reviews."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import created, updated

RBAC = "rbac.authorization.k8s.io"
ASK = "authorization.k8s.io"
RULE = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
REFERENCE = {"kind": "ClusterRole", "name": "view"}


@pytest.mark.parametrize(
    ("group", "plural", "obj", "text"),
    [
        (RBAC, "roles", {"rules": [{**RULE, "verbs": []}]}, "verbs must contain at least one"),
        (RBAC, "roles", {"rules": [{"verbs": ["get"]}]}, "at least one api group"),
        (RBAC, "roles", {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]},
         "namespaced rules cannot apply to non-resource URLs"),
        (RBAC, "clusterroles", {"rules": [{**RULE, "nonResourceURLs": ["/x"]}]}, "to both regular"),
        (RBAC, "clusterroles", {"aggregationRule": {}}, "at least one clusterRoleSelector"),
        (RBAC, "rolebindings", {"roleRef": {"kind": "X", "name": "a"}}, 'Unsupported value: "X"'),
        (RBAC, "clusterrolebindings", {"roleRef": {"kind": "Role", "name": "a"}}, "Unsupported"),
        (RBAC, "rolebindings", {"roleRef": {"kind": "Role"}}, "roleRef.name: Required value"),
        (RBAC, "clusterrolebindings",
         {"roleRef": REFERENCE, "subjects": [{"kind": "ServiceAccount", "name": "a"}]},
         "subjects[0].namespace: Required value"),
        (RBAC, "rolebindings", {"roleRef": REFERENCE, "subjects": [{"kind": "X", "name": "a"}]},
         'supported values: "Group", "ServiceAccount", "User"'),
        (ASK, "subjectaccessreviews", {"spec": {"user": "u"}}, "exactly one of"),
        (ASK, "subjectaccessreviews", {"spec": {"resourceAttributes": {}}}, "user or group must"),
        (ASK, "selfsubjectaccessreviews", {"spec": {}}, "exactly one of"),
        (ASK, "localsubjectaccessreviews",
         {"spec": {"user": "u", "resourceAttributes": {"namespace": "x"}}}, "must match metadata"),
        (ASK, "selfsubjectrulesreviews", {"spec": {}}, "spec.namespace: Required value"),
        ("authentication.k8s.io", "tokenreviews", {"spec": {}}, "spec.token: Required value"),
    ],
)  # fmt: skip
def test_wrong_ones(group: str, plural: str, obj: dict[str, Any], text: str) -> None:
    found = created(group, plural, dict(obj))
    assert any(text in item for item in found), found


def test_right_ones() -> None:
    assert created(RBAC, "roles", {"rules": [RULE]}) == []
    paths = {"verbs": ["get"], "nonResourceURLs": ["/healthz"]}
    assert created(RBAC, "clusterroles", {"rules": [RULE, paths]}) == []
    subjects = [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s",
                "namespace": "n"}]  # fmt: skip
    binding = {"roleRef": dict(REFERENCE), "subjects": subjects}
    assert created(RBAC, "clusterrolebindings", binding) == []
    question = {"spec": {"user": "u", "nonResourceAttributes": {"path": "/", "verb": "get"}}}
    assert created(ASK, "subjectaccessreviews", question) == []


def test_a_binding_keeps_its_role() -> None:
    old, new = {"roleRef": dict(REFERENCE)}, {"roleRef": {**REFERENCE, "name": "edit"}}
    (text,) = updated(RBAC, "rolebindings", old, new)
    assert text.startswith("roleRef: Invalid value") and text.endswith("cannot change roleRef")
