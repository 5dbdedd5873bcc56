"""Rules of metadata."""

from typing import Any

import pytest

from cluster.api.owner_references import drop_duplicates
from tests.unit.cluster.api.validation.helpers import created, updated


def found(metadata: dict[str, Any], plural: str = "configmaps", group: str = "") -> list[str]:
    return created(group, plural, {"metadata": metadata})


def test_names() -> None:
    assert found({"name": "a.b-c"}) == []
    assert found({}) == ["metadata.name: Required value: name or generateName is required"]
    assert found({"generateName": "web-"}) == []
    assert found({"generateName": "Web-"})[0].startswith("metadata.generateName: Invalid value")
    (text,) = found({"name": "Web"})
    assert text.startswith('metadata.name: Invalid value: "Web": a lowercase RFC 1123 subdomain')


@pytest.mark.parametrize(
    ("group", "plural", "name", "right"),
    [("", "namespaces", "a.b", False), ("", "services", "1a", True), ("", "nodes", "a.b", True),
     ("rbac.authorization.k8s.io", "clusterroles", "system:Admin", True),
     ("rbac.authorization.k8s.io", "clusterroles", "a/b", False)],
)  # fmt: skip
def test_each_kind_has_its_names(group: str, plural: str, name: str, right: bool) -> None:
    texts = found({"name": name}, plural, group)
    assert (not any(text.startswith("metadata.name") for text in texts)) == right


def test_namespaces() -> None:
    assert "metadata.namespace" in found({"name": "a", "namespace": "A"})[0]
    assert found({"name": "a", "namespace": "x"}, "nodes") == [
        "metadata.namespace: Forbidden: not allowed on this type"
    ]


def test_labels_and_annotations() -> None:
    assert found({"name": "a", "labels": {"x.io/y": "", "z": "A_1"}}) == []
    assert len(found({"name": "a", "labels": {"-x": "ok", "ok": "-x"}})) == 2
    assert found({"name": "a", "annotations": {"UP/x": "any thing", "y": "z" * 300}}) == []
    (text,) = found({"name": "a", "annotations": {"a": "ä" * 131_080}})
    assert text == "metadata.annotations: Too long: may not be more than 262144 bytes"


def test_finalizers() -> None:
    assert found({"name": "a", "finalizers": ["x.io/y", "orphan"]}) == []
    (text,) = found({"name": "a", "finalizers": ["x.io/y", "mine"]})
    assert text.startswith("metadata.finalizers[1]: Invalid value")
    assert "neither a standard finalizer name" in text
    texts = found({"name": "a", "finalizers": ["a b"]})
    assert [text.partition(":")[0] for text in texts] == [
        "metadata.finalizers", "metadata.finalizers[0]",
    ]  # fmt: skip
    hooks = ("validatingwebhookconfigurations", "admissionregistration.k8s.io")
    assert found({"name": "a", "finalizers": ["mine"]}, *hooks) == []
    assert found({"name": "a", "finalizers": ["orphan", "foregroundDeletion"]})
    old = {"metadata": {"name": "a", "deletionTimestamp": "x", "finalizers": ["x.io/y"]}}
    new = {"metadata": {"name": "a", "finalizers": ["x.io/y", "x.io/z"]}}
    (text,) = updated("", "configmaps", old, new)
    assert text.startswith("metadata.finalizers: Forbidden: no new finalizers can be added")


def test_owners() -> None:
    owner = {"apiVersion": "v1", "kind": "A", "name": "a", "uid": "u", "controller": True}
    assert found({"name": "a", "ownerReferences": [owner]}) == []
    (text,) = found({"name": "a", "ownerReferences": [owner, {**owner, "name": "b"}]})
    assert 'Found "true" in references for A/a and A/b' in text
    three = [owner, {**owner, "name": "b"}, {**owner, "name": "c"}]
    assert len(found({"name": "a", "ownerReferences": three})) == 2
    assert found({"name": "a", "ownerReferences": [{}]}) == [
        "metadata.ownerReferences[0].apiVersion: Required value: must not be empty",
        "metadata.ownerReferences[0].kind: Required value: must not be empty",
        "metadata.ownerReferences[0].name: Required value: must not be empty",
        "metadata.ownerReferences[0].uid: Required value: must not be empty",
    ]
    for version, wrong in (("apps/v1", 0), ("apps/", 1), ("/", 1), ("a/b/c", 1)):
        odd = {**owner, "apiVersion": version}
        assert len(found({"name": "a", "ownerReferences": [odd]})) == wrong
    (text,) = found({"name": "a", "ownerReferences": [{**owner, "kind": "Event"}]})
    assert text.startswith("metadata.ownerReferences[0]: Invalid value")
    assert "disallowed from being an owner" in text


def test_a_prefix_is_judged_even_beside_a_name() -> None:
    (text,) = found({"name": "a", "generateName": "A_"})
    assert text.startswith('metadata.generateName: Invalid value: "A_"')
    assert found({"name": "a-x", "generateName": "a-"}) == []


def test_owners_that_say_the_same_are_one() -> None:
    owner, other = {"uid": "u", "name": "a"}, {"uid": "u", "name": "b"}
    obj: dict[str, Any] = {"metadata": {"ownerReferences": [owner, other, owner, {**other}]}}
    warnings: list[str] = []
    drop_duplicates(obj, warnings)
    drop_duplicates(obj, warnings)
    assert obj["metadata"]["ownerReferences"] == [owner, other]
    (text,) = warnings
    assert text.endswith("duplicate UID(s) observed: u, u")
    drop_duplicates({"metadata": {"ownerReferences": [owner, owner]}}, warnings, admitted=True)
    assert "after mutating admission happens" in warnings[1]
    for nothing in ({}, {"metadata": {}}, {"metadata": {"ownerReferences": None}}):
        drop_duplicates(nothing, warnings)
    assert len(warnings) == 2


def test_identity_is_fixed() -> None:
    old = {"metadata": {"name": "a", "uid": "1"}}
    (text,) = updated("", "configmaps", old, {"metadata": {"name": "a", "uid": "2"}})
    assert text == 'metadata.uid: Invalid value: "2": field is immutable'
