"""Mutating admission policies through the real request chain."""

from typing import Any

import pytest

from cluster.errors import StatusError
from tests.support.control_plane import ControlPlane
from tests.support.policies import applying, bind, binding, mutating, patching, rule, validating
from tests.support.webhook_server import WebhookServer, patched, rules, webhook_server
from tests.support.widgets import GROUP as WIDGETS
from tests.support.widgets import established, widget

Json = dict[str, Any]
POD = {
    "metadata": {"name": "p"},
    "spec": {
        "containers": [{"name": "c", "image": "x", "env": [{"name": "A", "value": "1"}]}],
        "tolerations": [{"key": "k", "operator": "Exists"}],
    },
}
PODS = {"resourceRules": [rule("pods", operations=["CREATE"])]}


async def make(plane: ControlPlane, name: str = "m", **obj: Any) -> Json:
    body = {"metadata": {"name": name}, "data": {"a": "b"}, **obj}
    return await plane.create("configmaps", body, "default")


async def refusal(plane: ControlPlane) -> StatusError:
    with pytest.raises(StatusError) as refused:
        await make(plane)
    return refused.value


async def test_a_configuration_is_merged_as_by_server_side_apply(plane: ControlPlane) -> None:
    sidecar = """Object{spec: Object.spec{
        initContainers: [Object.spec.initContainers{
            name: 'mesh', image: 'mesh:1', restartPolicy: 'Always'}],
        containers: [
            Object.spec.containers{name: 'c', env: [
                Object.spec.containers.env{name: 'B', value: string(object.metadata.name)}]}]}}"""
    await bind(plane, mutating("mesh", applying(sidecar), matchConstraints=PODS))
    made = await plane.create("pods", POD, "default")
    [mesh] = made["spec"]["initContainers"]
    [one] = made["spec"]["containers"]
    # Merged by their names; what the policy adds has its defaults.
    assert (mesh["name"], mesh["imagePullPolicy"]) == ("mesh", "IfNotPresent")
    assert one["image"] == "x"
    assert {item["name"]: item["value"] for item in one["env"]} == {"A": "1", "B": "p"}
    # Nobody comes to own what a policy writes.
    assert "mesh" not in str(made["metadata"]["managedFields"])


async def test_what_a_configuration_may_not_do(plane: ControlPlane) -> None:
    def of(expression: str) -> Json:
        return mutating("p", applying(expression), matchConstraints=PODS)

    tolerations = "Object{spec: Object.spec{tolerations: [Object.spec.tolerations{key: 'x'}]}}"
    unknown = "Object{spec: Object.spec{colour: 'red'}}"
    misnamed = "Object{spec: Object.specs{hostname: 'x'}}"
    before = "policy 'p' with binding 'p-b' denied request: "
    for expression, said in (
        (tolerations, "error applying patch: invalid ApplyConfiguration: may not mutate atomic "
         "arrays, maps or structs: .spec.tolerations"),
        (unknown, "error applying patch: failed to convert patch object to typed object: "
         ".spec.colour: field not declared in schema"),
        (misnamed, 'type mismatch: unexpected type name "Object.specs", expected "Object.spec", '
         "which matches field name path from root Object type"),
    ):  # fmt: skip
        await bind(plane, of(expression))
        with pytest.raises(StatusError) as refused:
            await plane.create("pods", POD, "default")
        assert (refused.value.code, refused.value.reason) == (403, "Invalid")
        assert str(refused.value) == before + said
        for kind, name in (("mutatingadmissionpolicies", "p"),
                           ("mutatingadmissionpolicybindings", "p-b")):  # fmt: skip
            await plane.delete(kind, name, group="admissionregistration.k8s.io")


async def test_json_patches(plane: ControlPlane) -> None:
    policy = mutating(
        "patch",
        patching("""[
            JSONPatch{op: 'test', path: '/data/a', value: 'b'},
            JSONPatch{op: 'add', path: '/metadata/annotations', value: {'x': 'y'}},
            JSONPatch{op: 'add', path: '/metadata/annotations/' + jsonpatch.escapeKey('e.x/k~'),
                      value: string(size(object.data))},
            JSONPatch{op: 'copy', from: '/data/a', path: '/data/c'},
            JSONPatch{op: 'remove', path: '/data/a'}]"""),
        patching("has(object.data.c) ? [JSONPatch{op: 'replace', path: '/data/c', value: "
                 "object.data.c + '!'}] : []"),
        patching("[JSONPatch{op: 'add', path: '/metadata', value: Object.metadata{"
                 "name: object.metadata.name, labels: Object.metadata.labels{l: 'm'}}}]"),
        matchConditions=[{"name": "not-off", "expression": "!('off' in object.data)"}],
        reinvocationPolicy="IfNeeded",
    )  # fmt: skip
    await bind(plane, policy)
    made = await make(plane)
    assert made["data"] == {"c": "b!"}
    assert made["metadata"]["labels"] == {"l": "m"} and "annotations" not in made["metadata"]
    # A test that does not hold leaves the object as it is; the others of the policy go on.
    made = await make(plane, "n", data={"a": "other"})
    assert made["data"] == {"a": "other"}
    made = await make(plane, "o", data={"off": ""})
    assert "labels" not in made["metadata"]


async def test_a_patch_that_does_not_apply_and_the_failure_policy(plane: ControlPlane) -> None:
    wrong = patching("[JSONPatch{op: 'replace', path: '/spec/x', value: 1}]")
    await bind(plane, mutating("p", wrong))
    error = await refusal(plane)
    assert str(error).startswith("policy 'p' with binding 'p-b' denied request: JSONPath: ")
    failing = applying("Object{metadata: Object.metadata{name: object.nothing}}")
    await bind(plane, mutating("q", failing))
    texts = [cause["message"] for cause in (await refusal(plane)).status["details"]["causes"]]
    assert len(texts) == 2 and texts[1].endswith("resulted in error: no such key: nothing")


async def test_policies_that_may_fail_and_what_becomes_wrong(plane: ControlPlane) -> None:
    failing = applying("Object{metadata: Object.metadata{name: object.nothing}}")
    await bind(plane, mutating("a", failing, failurePolicy="Ignore"))
    await make(plane)
    # What a policy makes is validated as if it had been written so.
    await bind(
        plane, mutating("b", patching("[JSONPatch{op: 'add', path: '/data/~1', value: ''}]"))
    )
    with pytest.raises(StatusError, match="a valid config key must consist"):
        await make(plane, "n")


async def test_parameters_and_variables(plane: ControlPlane) -> None:
    policy = mutating(
        "p",
        applying("Object{metadata: Object.metadata{labels: variables.labels}}"),
        paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
        matchConstraints={"resourceRules": [rule("secrets")]},
        variables=[{"name": "labels", "expression": "{params.data.key: params.metadata.name}"}],
    )
    for name in ("one", "two"):
        body = {"metadata": {"name": name, "labels": {"param": "x"}}, "data": {"key": f"k{name}"}}
        await plane.create("configmaps", body, "default")
    chosen = {"selector": {"matchLabels": {"param": "x"}}, "parameterNotFoundAction": "Deny"}
    await bind(plane, policy, paramRef=chosen)
    made = await plane.create("secrets", {"metadata": {"name": "s"}}, "default")
    assert made["metadata"]["labels"] == {"kone": "one", "ktwo": "two"}


def adding(key: str) -> Json:
    """Adds the number of keys there are, once."""
    return patching(
        f"'{key}' in object.data ? [] : [JSONPatch{{op: 'add', path: '/data/{key}', "
        "value: string(size(object.data))}]"
    )


async def test_order_and_reinvocation(plane: ControlPlane) -> None:
    count = (
        "[JSONPatch{op: 'add', path: '/data/seen', "
        "value: ('seen' in object.data ? object.data.seen : '') + string(size(object.data))}]"
    )
    # In order of their names: "a" sees the object again after "b" has changed it, "c" does not.
    await bind(plane, mutating("a", patching(count), reinvocationPolicy="IfNeeded"))
    await bind(plane, mutating("b", adding("b")))
    await bind(plane, mutating("c", adding("c")))
    made = await make(plane)
    assert made["data"] == {"a": "b", "seen": "14", "b": "2", "c": "3"}


async def test_policies_come_before_webhooks_and_see_what_those_change(plane: ControlPlane) -> None:
    async with webhook_server(plane) as server:
        await chained(plane, server)


async def chained(plane: ControlPlane, server: WebhookServer) -> None:
    server.answers["/m"] = lambda asked: patched(
        {"op": "add", "path": "/data/hook", "value": str(len(asked["object"]["data"]))}
    )
    await server.register("mutating", server.hook("m", rules("configmaps")))
    await bind(plane, mutating("p", adding("p"), reinvocationPolicy="IfNeeded"))
    await bind(
        plane,
        validating("v", validations=[{"expression": "object.data.hook == '2'"}]),
    )
    made = await make(plane)
    assert made["data"] == {"a": "b", "p": "1", "hook": "2"}


async def test_custom_resources_and_scales(plane: ControlPlane) -> None:
    await established(plane)
    constraints = {"resourceRules": [rule("widgets", group=WIDGETS)]}
    parts = (
        "Object{spec: Object.spec{replicas: 3, parts: [Object.spec.parts{name: 'b', weight: 9}]}}"
    )
    await bind(plane, mutating("w", applying(parts), matchConstraints=constraints))
    given = widget(parts=[{"name": "a"}])
    made = await plane.create("widgets", given, "default", WIDGETS)
    assert made["spec"]["replicas"] == 3
    assert made["spec"]["parts"] == [{"name": "a", "weight": 5}, {"name": "b", "weight": 9}]
    scales = {"resourceRules": [rule("widgets/scale", group=WIDGETS)]}
    bounded = "Object{spec: Object.spec{replicas: object.spec.replicas > 5 ? 5 : 1}}"
    await bind(plane, mutating("s", applying(bounded), matchConstraints=scales))
    scale = await plane.patch(
        "widgets", "w", {"spec": {"replicas": 9}}, "default", WIDGETS, "scale"
    )
    assert scale["spec"]["replicas"] == 5


async def test_bindings_of_one_policy_narrow_it(plane: ControlPlane) -> None:
    policy = mutating("p", adding("p"))
    chosen = {"objectSelector": {"matchLabels": {"x": "y"}}}
    await bind(plane, policy, binding(policy, matchResources=chosen))
    assert "p" not in (await make(plane))["data"]
    labelled = {"name": "n", "labels": {"x": "y"}}
    assert "p" in (await make(plane, metadata=labelled))["data"]
