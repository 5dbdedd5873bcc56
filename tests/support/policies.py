"""Admission policies for tests.

await bind(plane, validating("p", validations=[{"expression": "false"}]))
"""

import itertools
from typing import Any

from cluster.errors import StatusError
from tests.support.control_plane import ControlPlane

Json = dict[str, Any]
GROUP = "admissionregistration.k8s.io"
LEASES = "coordination.k8s.io"
TRIES = 400
_NUMBERS = itertools.count()


def rule(*resources: str, group: str = "", **more: Any) -> Json:
    """One resource rule, for creates and updates."""
    return {
        "operations": ["CREATE", "UPDATE"],
        "apiGroups": [group],
        "apiVersions": ["*"],
        "resources": list(resources),
        **more,
    }


def validating(name: str, **spec: Any) -> Json:
    """A policy about config maps, unless ``spec`` says so."""
    constraints = {"resourceRules": [rule("configmaps")]}
    spec = {"matchConstraints": constraints, **spec}
    return {"kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec}


def mutating(name: str, *mutations: Json, **spec: Any) -> Json:
    """The same, which changes them."""
    spec = {"reinvocationPolicy": "Never", "mutations": list(mutations), **spec}
    made = validating(name, **spec)
    return {**made, "kind": "MutatingAdmissionPolicy"}


def applying(expression: str) -> Json:
    """A mutation by a configuration."""
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def patching(expression: str) -> Json:
    """A mutation by a JSON patch."""
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


def binding(policy: Json, name: str = "", **spec: Any) -> Json:
    """Of that policy; of a validating one to deny."""
    if policy["kind"] == "ValidatingAdmissionPolicy":
        spec = {"validationActions": ["Deny"], **spec}
    named = policy["metadata"]["name"]
    return {"metadata": {"name": name or f"{named}-b"}, "spec": {"policyName": named, **spec}}


async def bind(plane: ControlPlane, policy: Json, *bindings: Json, **spec: Any) -> None:
    """Create both, and wait until they count. ``spec``: of the one binding, if none is given."""
    word = policy["kind"].removesuffix("AdmissionPolicy").lower()
    await plane.create(f"{word}admissionpolicies", policy, group=GROUP)
    for item in bindings or (binding(policy, **spec),):
        await plane.create(f"{word}admissionpolicybindings", item, group=GROUP)
    await settled(plane)


async def settled(plane: ControlPlane) -> None:
    """Wait until what was written of policies so far counts: it is read in order, so a probe that
    is written last counts last."""
    name = f"probe{next(_NUMBERS)}"
    constraints = {
        "resourceRules": [rule("leases", group=LEASES)],
        "objectSelector": {"matchLabels": {"probe": name}},
    }
    note = f"Object{{metadata: Object.metadata{{annotations: {{'{name}': 'x'}}}}}}"
    probes = (
        validating(name, matchConstraints=constraints, validations=[
            {"expression": "!has(object.metadata.annotations)", "message": "counts"},
        ]),
        mutating(name, applying(note), matchConstraints=constraints),
    )  # fmt: skip
    for policy in probes:
        word = policy["kind"].removesuffix("AdmissionPolicy").lower()
        await plane.create(f"{word}admissionpolicies", policy, group=GROUP)
        await plane.create(f"{word}admissionpolicybindings", binding(policy), group=GROUP)
    lease = {"metadata": {"name": name, "labels": {"probe": name}}}
    for _ in range(TRIES):
        try:
            await plane.create("leases", lease, "default", LEASES, dryRun="All")
        except StatusError as error:
            assert str(error).endswith("denied request: counts"), error
            return
        await plane.system.world.clock.sleep(0.01)
    raise AssertionError("the policies never count")
