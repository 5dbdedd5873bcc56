"""Objects that rule over other requests, bent, stored and in force: what they touch is served or
refused, never broken, and the server that follows them lives on."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.kind import Kind
from cluster.api.kinds import by_resource
from tests.fuzz.budget import examples
from tests.fuzz.judge import Judge
from tests.fuzz.originals import STORED, original
from tests.fuzz.requests import request
from tests.fuzz.shapes import bent, schema_of
from tests.fuzz.wire import Wire

pytestmark = pytest.mark.asyncio(loop_scope="session")
RULERS = frozenset(
    {
        "mutatingwebhookconfigurations", "validatingwebhookconfigurations", "flowschemas",
        "prioritylevelconfigurations", "limitranges", "resourcequotas", "priorityclasses",
        "storageclasses", "ingressclasses", "runtimeclasses", "ipaddresses", "roles",
        "clusterroles", "rolebindings", "clusterrolebindings", "serviceaccounts", "secrets",
        "validatingadmissionpolicies", "validatingadmissionpolicybindings",
        "mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "services",
        "poddisruptionbudgets",
    }
)  # fmt: skip
KINDS = st.sampled_from([kind for kind in STORED if kind.plural in RULERS])
# Those that are kept bind a policy of the name that a bent one gets.
BINDINGS = tuple(kind for kind in STORED if kind.plural.endswith("admissionpolicybindings"))
TOUCHED = tuple(
    kind
    for group, plural in (
        ("", "pods"), ("", "services"), ("", "persistentvolumeclaims"), ("apps", "deployments"),
        ("networking.k8s.io", "ingresses"),
    )
    if (kind := by_resource(group, "v1", plural)) is not None
)  # fmt: skip


def in_force(obj: dict[str, Any]) -> None:
    """Webhooks that nobody answers let requests pass; all rules are about what is asked here."""
    webhooks, spec = obj.get("webhooks"), obj.get("spec")
    hooks = [hook for hook in webhooks if isinstance(hook, dict)] if is_list(webhooks) else []
    for hook in hooks:
        hook["failurePolicy"] = "Ignore"
    match = spec.get("matchConstraints") if isinstance(spec, dict) else None
    rules = [hook.get("rules") for hook in hooks]
    rules.append(match.get("resourceRules") if isinstance(match, dict) else None)
    for rule in [rule for some in rules if is_list(some) for rule in some]:
        if isinstance(rule, dict):
            rule["apiGroups"], rule["resources"] = ["*"], ["*"]


def is_list(value: Any) -> bool:
    """Bent objects may have anything anywhere."""
    return isinstance(value, list)


@st.composite
def rulers(draw: st.DrawFn) -> tuple[Kind, dict[str, Any]]:
    """One of them."""
    kind = draw(KINDS)
    return kind, draw(bent(original(kind), schema_of(kind)))


@given(rulers())
@examples(80)
async def test_a_ruler_that_is_bent(
    judge: Judge, wire: Wire, ruler: tuple[Kind, dict[str, Any]]
) -> None:
    kind, obj = ruler
    in_force(obj)
    for binding in BINDINGS:
        await judge.kept(binding)
    metadata = obj.get("metadata")
    if kind.plural != "ipaddresses" and isinstance(metadata, dict):
        metadata["name"] = "ruler"
    made = await judge.ask(request("create", kind, body=orjson.dumps(obj)))
    if made.code >= 300:
        return
    try:
        await judge.settled(kind, made.body)
        for touched in TOUCHED:
            body = orjson.dumps(original(touched))
            await judge.ask(request("create", touched, query={"dryRun": "All"}, body=body))
        for who in ((), (("Impersonate-User", "jane"),)):
            reply = await wire.ask("GET", "/api/v1/namespaces/default/pods", *who)
            assert reply.code in (200, 403), reply
    finally:
        await judge.remove(kind, made.body["metadata"]["name"])
