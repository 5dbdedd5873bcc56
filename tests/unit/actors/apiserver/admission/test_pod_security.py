"""Namespaces with Pod Security labels, through the whole chain."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from cluster.api.audit_policy import parse as parse_audit
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest, ApiResponse
from tests.support.control_plane import ControlPlane, control_plane

Json = dict[str, Any]


def labelled(name: str, **modes: str) -> Json:
    labels = {f"pod-security.kubernetes.io/{mode}": level for mode, level in modes.items()}
    return {"metadata": {"name": name, "labels": labels}}


def pod(name: str, **spec: Any) -> Json:
    return {
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "c", "image": "i"}], **spec},
    }


async def asked(
    plane: ControlPlane, verb: str, resource: str, obj: Json, **where: Any
) -> ApiResponse:
    return await plane.ask(ApiRequest(verb, resource, body=orjson.dumps(obj), **where))  # type: ignore[arg-type]


async def test_what_is_enforced_is_refused(plane: ControlPlane) -> None:
    await plane.create("namespaces", labelled("strict", enforce="baseline"))
    await plane.create("pods", pod("good"), "strict")
    with pytest.raises(StatusError) as caught:
        await plane.create("pods", pod("bad", hostPID=True), "strict")
    assert caught.value.code == 403
    assert str(caught.value) == (
        'pods "bad" is forbidden: violates PodSecurity "baseline:latest": host namespaces '
        "(hostPID=true)"
    )


async def test_the_version_counts(plane: ControlPlane) -> None:
    probed = pod("p")
    probed["spec"]["containers"][0]["livenessProbe"] = {"httpGet": {"port": 80, "host": "h"}}
    old = {"enforce": "baseline", "enforce-version": "v1.33", "warn": "baseline"}
    await plane.create("namespaces", labelled("older", **old))
    answer = await asked(plane, "create", "pods", probed, namespace="older")
    assert answer.code == 201
    [warning] = answer.warnings
    assert warning.startswith('would violate PodSecurity "baseline:latest": probe or lifecycle')
    await plane.create("namespaces", labelled("newer", **{**old, "enforce-version": "v1.34"}))
    with pytest.raises(StatusError, match=r"baseline:v1\.34.: probe or lifecycle host"):
        await plane.create("pods", probed, "newer")


async def test_a_workload_is_warned_of(plane: ControlPlane) -> None:
    await plane.create("namespaces", labelled("warned", enforce="baseline", warn="restricted"))
    template = {"metadata": {"labels": {"a": "b"}}, "spec": pod("x")["spec"]}
    made = {
        "metadata": {"name": "w"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template},
    }
    answer = await asked(plane, "create", "deployments", made, group="apps", namespace="warned")
    assert answer.code == 201
    [warning] = answer.warnings
    assert warning.startswith('would violate PodSecurity "restricted:latest": allowPrivilege')


async def test_labels_are_judged(plane: ControlPlane) -> None:
    with pytest.raises(StatusError) as caught:
        await plane.create("namespaces", labelled("odd", enforce="none", **{"warn-version": "1"}))
    causes = caught.value.status["details"]["causes"]
    assert (caught.value.code, len(causes)) == (422, 2)
    assert causes[0]["field"] == "metadata.labels[pod-security.kubernetes.io/enforce]"


async def test_pods_that_are_there_are_told_of(plane: ControlPlane) -> None:
    await plane.create("namespaces", labelled("rising"))
    for name in ("one", "two"):
        await plane.create("pods", pod(name, hostPID=True), "rising")
    answer = await asked(
        plane, "patch", "namespaces", labelled("rising", enforce="baseline"), name="rising",
        content_type="application/merge-patch+json",
    )  # fmt: skip
    assert answer.warnings == (
        'existing pods in namespace "rising" violate the new PodSecurity enforce level '
        '"baseline:latest"',
        "one (and 1 other pod): host namespaces",
    )


async def test_an_update_that_changes_nothing_of_it_passes(plane: ControlPlane) -> None:
    await plane.create("namespaces", labelled("late"))
    await plane.create("pods", pod("old", hostPID=True), "late")
    await plane.patch("namespaces", "late", labelled("late", enforce="restricted"))
    patched = await plane.patch("pods", "old", {"metadata": {"labels": {"a": "b"}}}, "late")
    assert patched["metadata"]["labels"] == {"a": "b"}


AUDIT = parse_audit(b"""
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Request, verbs: [create], resources: [{group: "", resources: [pods]}]}
""")


async def test_the_audit_log_is_told(tmp_path: Path) -> None:
    async with control_plane(tmp_path, audit=AUDIT) as plane:
        modes = labelled("told", enforce="baseline", audit="restricted")
        await plane.create("namespaces", modes)
        await plane.create("pods", pod("good"), "told")
        with pytest.raises(StatusError):
            await plane.create("pods", pod("bad", hostPID=True), "told")
    lines = (tmp_path / "audit" / "audit.jsonl").read_text().splitlines()
    for name, event in zip(("good", "bad"), map(orjson.loads, lines), strict=True):
        assert event["requestObject"]["metadata"]["name"] == name
        told = event["annotations"]
        assert told["pod-security.kubernetes.io/enforce-policy"] == "baseline:latest"
        violated = told["pod-security.kubernetes.io/audit-violations"]
        assert violated.startswith('would violate PodSecurity "restricted:latest": ')
