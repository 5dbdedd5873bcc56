"""What audit events say of webhooks."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from cluster.api.audit_policy import parse
from tests.support.control_plane import control_plane
from tests.support.webhook_server import patched, rules, webhook_server

CHANGED = {"op": "add", "path": "/metadata/annotations", "value": {"x": "y"}}


@pytest.mark.parametrize("level", ["Metadata", "Request"])
async def test_webhooks_that_were_asked(tmp_path: Path, level: str) -> None:
    policy = parse(
        f"""
apiVersion: audit.k8s.io/v1
kind: Policy
rules: [{{level: {level}, omitStages: [RequestReceived], resources: [{{resources: [configmaps]}}]}}]
""".encode()
    )
    async with control_plane(tmp_path, audit=policy) as plane, webhook_server(plane) as server:
        server.answers["/m"] = lambda _: patched(CHANGED)
        server.answers["/down"] = server.answers["/broken"] = lambda _: web.Response(status=500)
        maps = rules("configmaps")
        mutating = [
            server.hook("m", maps, reinvocationPolicy="IfNeeded"),
            server.hook("down", maps, failurePolicy="Ignore"),
        ]
        await server.register("mutating", *mutating, name="a")
        broken = server.hook("broken", maps, failurePolicy="Ignore")
        await server.register("validating", broken, name="b")
        await plane.create("configmaps", {"metadata": {"name": "one"}}, "default")
    lines = (tmp_path / "audit" / "audit.jsonl").read_text().splitlines()
    event = [json.loads(line) for line in lines][-1]
    said: dict[str, Any] = event["annotations"]
    told = {key: text for key, text in said.items() if "webhook.admission" in key}
    who = {"configuration": "a", "webhook": "m.hooks.example.com"}
    patch = told.pop("patch.webhook.admission.k8s.io/round_0_index_1", None)
    if level == "Metadata":
        assert patch is None
    else:
        assert patch is not None
        assert json.loads(patch) == {**who, "patch": [CHANGED], "patchType": "JSONPatch"}
    asked = "mutation.webhook.admission.k8s.io/round_0_index_"
    assert json.loads(told.pop(f"{asked}1")) == {**who, "mutated": True}
    assert json.loads(told.pop(f"{asked}2"))["mutated"] is False
    assert told == {
        f"failed-open.{asked}2": "down.hooks.example.com",
        "failed-open.validating.webhook.admission.k8s.io/round_0_index_0": "broken.hooks.example"
        ".com",
    }
