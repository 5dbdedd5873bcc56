"""What is applied as null, or empty: it belongs to who applies it, and is not stored.

Answers as a kube-apiserver gave them.
"""

from typing import Any

import pytest

from cluster.errors import StatusError
from tests.support.control_plane import ControlPlane

APPLY = "application/apply-patch+yaml"
POLICIES = "networkpolicies"


async def apply(
    plane: ControlPlane, manager: str, spec: dict[str, Any], **query: str
) -> dict[str, Any]:
    """A network policy after it was applied."""
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "a"},
        "spec": spec,
    }
    query |= {"group": "networking.k8s.io", "fieldManager": manager, "content_type": APPLY}
    return dict(await plane.patch(POLICIES, "a", body, "default", **query))


def owned(obj: dict[str, Any], manager: str) -> dict[str, Any]:
    """What the manager owns of the spec."""
    (found,) = [e for e in obj["metadata"]["managedFields"] if e["manager"] == manager]
    return dict(found["fieldsV1"]["f:spec"])


async def test_nothing_is_owned_and_not_stored(plane: ControlPlane) -> None:
    spec = {"podSelector": {"matchLabels": {"a": "b"}}, "ingress": [], "egress": None}
    made = await apply(plane, "ann", spec)
    assert owned(made, "ann") == {"f:egress": {}, "f:ingress": {}, "f:podSelector": {}}
    assert "egress" not in made["spec"]
    assert "ingress" not in made["spec"]
    assert await apply(plane, "ann", spec) == made


async def test_an_empty_list_over_anothers_is_a_conflict_and_empties_it_by_force(
    plane: ControlPlane,
) -> None:
    await apply(plane, "ann", {"podSelector": {}, "ingress": [{}]})
    with pytest.raises(StatusError) as caught:
        await apply(plane, "bob", {"ingress": []})
    assert caught.value.status["message"] == (
        'Apply failed with 1 conflict: conflict with "ann": .spec.ingress'
    )
    forced = await apply(plane, "bob", {"ingress": []}, force="true")
    assert "ingress" not in forced["spec"]
    assert (owned(forced, "ann"), owned(forced, "bob")) == (
        {"f:podSelector": {}},
        {"f:ingress": {}},
    )


async def test_null_is_no_name_and_no_version(plane: ControlPlane) -> None:
    made = await apply(plane, "ann", {"podSelector": {}})
    names = ("name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp")
    body = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": dict.fromkeys(names) | {"name": "a", "labels": {"a": "b"}},
        "spec": None,
    }
    query = {"group": "networking.k8s.io", "fieldManager": "bob", "content_type": APPLY}
    given = await plane.patch(POLICIES, "a", body, "default", **query)
    for name in ("name", "namespace", "uid", "generation", "creationTimestamp"):
        assert given["metadata"][name] == made["metadata"][name]
    assert given["spec"] == made["spec"]


@pytest.mark.parametrize("name", [None, ""])
async def test_a_name_that_is_none_is_no_name(plane: ControlPlane, name: object) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    for create in (False, True):
        if create:
            await plane.create("configmaps", {"metadata": {"name": "a"}}, "default")
        with pytest.raises(StatusError) as caught:
            await plane.patch(
                "configmaps", "a", body, "default", fieldManager="ann", content_type=APPLY
            )
        assert caught.value.status["message"] == (
            "the name of the object (a based on URL) was undeterminable: name must be provided"
        )


async def test_a_network_policy_selects_all_pods_if_it_says_nothing(plane: ControlPlane) -> None:
    body = {"metadata": {"name": "a"}}
    made = await plane.create(POLICIES, body, "default", group="networking.k8s.io")
    assert made["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
