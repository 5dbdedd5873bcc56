"""Admission end to end: accounts, tolerations, priorities, grants, nodes."""

import copy
from typing import Any

import orjson
import pytest

from actors.apiserver.admission import default_tolerations, limit_ranger
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support.control_plane import ControlPlane

RBAC = "rbac.authorization.k8s.io"


def pod(**spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "p"},
        "spec": {"containers": [{"name": "c", "image": "x"}], **spec},
    }


async def test_a_pod_gets_what_it_did_not_say(plane: ControlPlane) -> None:
    made = (await plane.create("pods", pod(), "default"))["spec"]
    assert made["serviceAccountName"] == "default"
    assert made["priority"] == 0
    assert {item["key"] for item in made["tolerations"]} == {
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    }
    assert {item["tolerationSeconds"] for item in made["tolerations"]} == {
        plane.settings.timing.toleration
    }


def test_a_toleration_of_its_own_stays_alone() -> None:
    obj = pod(tolerations=[{"operator": "Exists"}])
    default_tolerations.add(obj, 5)
    assert obj["spec"]["tolerations"] == [{"operator": "Exists"}]
    obj = pod(tolerations=[{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}])
    default_tolerations.add(obj, 5)
    assert [item["key"] for item in obj["spec"]["tolerations"]] == [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ]


async def test_priorities(plane: ControlPlane) -> None:
    critical = pod(priorityClassName="system-node-critical")
    made = await plane.create("pods", critical, "kube-system")
    assert made["spec"]["priority"] == 2_000_001_000
    for spec in (
        {"priorityClassName": "absent"},
        {"priority": 5},
        {"preemptionPolicy": "Never"},
    ):
        with pytest.raises(StatusError) as refused:
            await plane.create("pods", pod(**spec), "default")
        assert refused.value.code == 403
    body = {"metadata": {"name": "usual"}, "value": 7, "globalDefault": True}
    await plane.create("priorityclasses", body, group="scheduling.k8s.io")
    made = await plane.create("pods", pod(), "default")
    assert (made["spec"]["priority"], made["spec"]["priorityClassName"]) == (7, "usual")


async def test_a_pod_written_again_keeps_what_it_was_given(plane: ControlPlane) -> None:
    own = pod(automountServiceAccountToken=False, serviceAccountName="default")
    made = await plane.create("pods", copy.deepcopy(own), "default")
    own["metadata"]["namespace"] = "default"
    own["spec"]["containers"][0]["image"] = "y"
    again = await plane.update("pods", own)
    for name in ("priority", "preemptionPolicy", "tolerations"):
        assert again["spec"][name] == made["spec"][name]


async def test_an_account_must_exist(plane: ControlPlane) -> None:
    with pytest.raises(StatusError) as refused:
        await plane.create("pods", pod(serviceAccountName="absent"), "default")
    assert refused.value.code == 403
    account = {"metadata": {"name": "bot"}, "imagePullSecrets": [{"name": "pull"}]}
    await plane.create("serviceaccounts", account, "default")
    made = await plane.create("pods", pod(serviceAccountName="bot"), "default")
    assert made["spec"]["imagePullSecrets"] == [{"name": "pull"}]


async def test_nobody_grants_what_they_do_not_have(plane: ControlPlane) -> None:
    editor = {
        "metadata": {"name": "role-editor"},
        "rules": [
            {"apiGroups": [RBAC], "resources": ["*"], "verbs": ["*"]},
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
        ],
    }
    # "*" would hold escalate and bind too: name the verbs.
    editor["rules"][0]["verbs"] = ["create", "get", "update"]  # type: ignore[index]
    binding = {
        "metadata": {"name": "role-editor"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "role-editor"},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": "system:proxy"}],
    }
    await plane.create("clusterroles", editor, group=RBAC)
    await plane.create("clusterrolebindings", binding, group=RBAC)

    async def attempt(resource: str, obj: dict[str, Any], namespace: str = "default") -> int:
        body = orjson.dumps(obj)
        request = ApiRequest("create", resource, RBAC, namespace=namespace, body=body)
        try:
            return (await plane.ask(request, sender="proxy")).code
        except StatusError as error:
            assert "'" not in str(error)
            return error.code

    def role(name: str, verb: str) -> dict[str, Any]:
        rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": [verb]}]
        return {"metadata": {"name": name}, "rules": rules}

    assert await attempt("roles", role("less", "get")) == 201
    assert await attempt("roles", role("more", "delete")) == 403
    admin = {
        "metadata": {"name": "me"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": "system:proxy"}],
    }
    assert await attempt("rolebindings", admin) == 403
    # view has rules of its own only by aggregation.
    view = {**admin, "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "view"}}
    assert await attempt("rolebindings", view) == 403
    part = {**role("part", "delete"), "metadata": {"name": "part", "labels": {"whole": "yes"}}}
    await plane.create("clusterroles", part, group=RBAC)
    whole = {
        "metadata": {"name": "whole"},
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"whole": "yes"}}]},
        "rules": [],
    }
    await plane.create("clusterroles", whole, group=RBAC)
    aggregated = {**admin, "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "whole"}}
    assert await attempt("rolebindings", aggregated) == 403
    absent = {**admin, "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "absent"}}
    assert await attempt("rolebindings", absent) == 404
    # What is gathered later may be anything.
    mine = {**whole, "metadata": {"name": "mine"}}
    assert await attempt("clusterroles", mine, "") == 403
    assert await attempt("clusterroles", {"metadata": {"name": "plain"}, "rules": []}, "") == 201


def test_limit_ranges_fill_and_bound() -> None:
    obj = pod()
    rule = {
        "type": "Container",
        "default": {"cpu": "500m"},
        "defaultRequest": {"cpu": "100m"},
        "max": {"cpu": "1"},
    }
    limit_ranger.fill(obj, rule)
    assert obj["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "500m"},
        "requests": {"cpu": "100m"},
    }
    assert limit_ranger.broken_by_pod(obj, rule) == []
    obj["spec"]["containers"][0]["resources"]["limits"]["cpu"] = "2"
    assert limit_ranger.broken_by_pod(obj, rule) == [
        "maximum cpu usage per Container is 1, but limit is 2"
    ]
    assert limit_ranger.broken_by_pod(obj, {"type": "Pod", "max": {"cpu": "1500m"}})
