"""What policies and webhooks add to the audit log."""

import json
from pathlib import Path
from typing import Any

import pytest

from cluster.api.audit_policy import parse
from cluster.errors import StatusError
from tests.support.control_plane import ControlPlane, control_plane
from tests.support.policies import GROUP, bind, validating
from tests.support.webhook_server import allowed, rules, webhook_server

POLICY = parse(b"""
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Request, verbs: [create], resources: [{group: "", resources: [configmaps]}]}
""")
FAILURE = "validation.policy.admission.k8s.io/validation_failure"


async def make(plane: ControlPlane, name: str, **data: str) -> None:
    await plane.create("configmaps", {"metadata": {"name": name}, "data": data}, "default")


async def test_failures_and_annotations(tmp_path: Path) -> None:
    policy = validating(
        "p",
        validations=[{"expression": "true"}, {"expression": "!('bad' in object.data)"}],
        auditAnnotations=[
            {"key": "keys", "valueExpression": "'has ' + object.data.map(key, key).join('+')"},
            {"key": "blank", "valueExpression": "' '"},
            {"key": "none", "valueExpression": "null"},
        ],
    )
    broken = validating(
        "q", auditAnnotations=[{"key": "k", "valueExpression": "string(object.data.a)"}]
    )
    async with control_plane(tmp_path, audit=POLICY) as plane:
        async with webhook_server(plane) as server:
            server.answers["/v"] = lambda _: allowed(auditAnnotations={"seen": "yes"})
            await server.register("validating", server.hook("v", rules("configmaps")), name="h")
            await make(plane, "zero", a="x")
        await plane.delete("validatingwebhookconfigurations", "h", group=GROUP)
        await bind(plane, policy, validationActions=["Audit"])
        await bind(plane, broken)
        await make(plane, "one", a="x")
        await make(plane, "two", a="x", bad="y")
        # An annotation without a value is a no, whatever the binding's actions are.
        with pytest.raises(StatusError, match="no such key: a"):
            await make(plane, "three", b="x")
    found = noted(tmp_path)
    assert found["one"] == {"p/keys": "has a", "q/k": "x"}
    assert found["two"]["p/keys"] == "has a+bad"
    [failure] = json.loads(found["two"][FAILURE])
    assert failure == {
        "message": "failed expression: !('bad' in object.data)",
        "policy": "p",
        "binding": "p-b",
        "expressionIndex": 1,
        "validationActions": ["Audit"],
    }
    assert found["three"] == {"p/keys": "has b"}
    assert found["zero"] == {"v.hooks.example.com/seen": "yes"}


def noted(folder: Path) -> dict[str, Any]:
    """Annotations by the names of objects, which no path of a create tells; less the decision of
    the authorizer, which every event has."""
    lines = (folder / "audit" / "audit.jsonl").read_text().splitlines()
    found = {}
    for event in map(json.loads, lines):
        annotations = event["annotations"]
        assert annotations.pop("authorization.k8s.io/decision") == "allow"
        del annotations["authorization.k8s.io/reason"]
        found[event["requestObject"]["metadata"]["name"]] = annotations
    return found
