"""Parameters of policies: config maps, custom resources and cluster-wide objects."""

from typing import Any

import orjson
import pytest

from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support.control_plane import ControlPlane
from tests.support.policies import GROUP, bind, binding, rule, settled, validating
from tests.support.widgets import GROUP as WIDGETS
from tests.support.widgets import established, widget

Json = dict[str, Any]
POLICIES = "validatingadmissionpolicies"
BINDINGS = "validatingadmissionpolicybindings"
RBAC = "rbac.authorization.k8s.io"
MAPS = {"apiVersion": "v1", "kind": "ConfigMap"}
SECRETS = {"resourceRules": [rule("secrets")]}
LIMIT = [
    {
        "expression": "params == null || object.data.size() <= int(params.data.most)",
        "messageExpression": "'at most ' + params.data.most + ' by ' + params.metadata.name",
    }
]


async def secret(plane: ControlPlane, namespace: str = "default", count: int = 2) -> None:
    data = {f"k{number}": "eA==" for number in range(count)}
    body = orjson.dumps({"metadata": {"generateName": "s-"}, "data": data})
    await plane.ask(ApiRequest("create", "secrets", namespace=namespace, body=body))


async def said(plane: ControlPlane, namespace: str = "default", count: int = 2) -> str:
    with pytest.raises(StatusError) as refused:
        await secret(plane, namespace, count)
    return str(refused.value).partition("denied request: ")[2]


async def most(plane: ControlPlane, name: str, value: int, namespace: str = "default") -> None:
    labels = {"limits": "yes"} if value else {}
    obj = {"metadata": {"name": name, "labels": labels}, "data": {"most": str(value)}}
    await plane.create("configmaps", obj, namespace)


def limit(**spec: Any) -> Json:
    return validating("limit", paramKind=MAPS, matchConstraints=SECRETS, validations=LIMIT, **spec)


async def test_a_parameter_by_its_name(plane: ControlPlane) -> None:
    await plane.create("namespaces", {"metadata": {"name": "other"}})
    await most(plane, "m", 1)
    here = {"name": "m", "namespace": "default", "parameterNotFoundAction": "Deny"}
    await bind(plane, limit(), paramRef=here)
    await secret(plane, count=1)
    assert await said(plane, "other") == "at most 1 by m"
    # A change of the parameter counts for the next request.
    await plane.patch("configmaps", "m", {"data": {"most": "2"}}, "default")
    await secret(plane)
    await plane.delete("configmaps", "m", "default")
    missing = "no params found for policy binding with `Deny` parameterNotFoundAction"
    assert await said(plane) == f"failed to configure binding: {missing}"


async def test_a_parameter_of_the_requests_namespace(plane: ControlPlane) -> None:
    for namespace in ("one", "two"):
        await plane.create("namespaces", {"metadata": {"name": namespace}})
    await most(plane, "m", 1, "one")
    await most(plane, "m", 3, "two")
    await bind(plane, limit(), paramRef={"name": "m", "parameterNotFoundAction": "Allow"})
    assert await said(plane, "one") == "at most 1 by m"
    await secret(plane, "two")
    # Where there is none, nothing is asked.
    await secret(plane, count=9)


async def test_all_parameters_that_a_selector_chooses(plane: ControlPlane) -> None:
    chosen = {"selector": {"matchLabels": {"limits": "yes"}}, "parameterNotFoundAction": "Deny"}
    await bind(plane, limit(), paramRef=chosen)
    assert (await said(plane, count=0)).startswith("failed to configure binding: no params found")
    for name, value in (("a", 5), ("b", 1), ("c", 0)):
        await most(plane, name, value)
    assert await said(plane) == "at most 1 by b"
    await secret(plane, count=1)


async def test_a_custom_resource_that_is_defined_later(plane: ControlPlane) -> None:
    kind = {"apiVersion": f"{WIDGETS}/v1", "kind": "Widget"}
    colors = [{"expression": "object.metadata.labels.color == params.spec.color"}]
    policy = validating("w", paramKind=kind, matchConstraints=SECRETS, validations=colors)
    reference = {"name": "w", "namespace": "default", "parameterNotFoundAction": "Deny"}
    await bind(plane, policy, paramRef=reference)
    found = await said(plane)
    assert found == (
        "failed to configure policy: failed to find resource referenced by paramKind: "
        "'example.com/v1, Kind=Widget'"
    )
    await established(plane)
    await plane.create("widgets", widget(), "default", WIDGETS)
    for name, color in (("right", "red"), ("wrong", "blue")):
        obj = {"metadata": {"name": name, "labels": {"color": color}}}
        if name == "right":
            await plane.create("secrets", obj, "default")
            continue
        with pytest.raises(StatusError, match="failed expression: "):
            await plane.create("secrets", obj, "default")


async def test_a_parameter_without_a_namespace(plane: ControlPlane) -> None:
    kind = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass"}
    value = [{"expression": "params.value < 5", "message": "too high"}]
    policy = validating("c", paramKind=kind, matchConstraints=SECRETS, validations=value)
    classes = {"metadata": {"name": "c"}, "value": 9}
    await plane.create("priorityclasses", classes, group="scheduling.k8s.io")
    await bind(plane, policy, paramRef={"name": "c", "parameterNotFoundAction": "Deny"})
    assert await said(plane) == "too high"
    placed = {"name": "c", "namespace": "default", "parameterNotFoundAction": "Deny"}
    await plane.delete(BINDINGS, "c-b", group=GROUP)
    await plane.create(BINDINGS, binding(policy, paramRef=placed), group=GROUP)
    await settled(plane)
    assert (await said(plane)).endswith(
        "paramRef.namespace must not be provided for a cluster-scoped `paramKind`"
    )


async def test_what_is_in_no_namespace_has_none_for_its_parameter(plane: ControlPlane) -> None:
    constraints = {"resourceRules": [rule("nodes", "namespaces")]}
    policy = validating(
        "p", paramKind=MAPS, matchConstraints=constraints, validations=[{"expression": "true"}]
    )
    await bind(plane, policy, paramRef={"name": "m", "parameterNotFoundAction": "Allow"})
    with pytest.raises(StatusError, match="cannot use namespaced paramRef in policy binding that"):
        await plane.create("nodes", {"metadata": {"name": "n"}})
    # A namespace is its own.
    await plane.create("namespaces", {"metadata": {"name": "n"}})


async def test_a_binding_without_parameters_and_a_policy_that_may_fail(plane: ControlPlane) -> None:
    await bind(plane, limit())
    await secret(plane, count=9)
    await plane.delete(POLICIES, "limit", group=GROUP)
    await plane.delete(BINDINGS, "limit-b", group=GROUP)
    await bind(
        plane,
        limit(failurePolicy="Ignore"),
        paramRef={"name": "none", "parameterNotFoundAction": "Deny"},
    )
    await secret(plane, count=9)


async def test_nobody_makes_a_policy_read_what_they_may_not_read(plane: ControlPlane) -> None:
    rules = [{"apiGroups": [GROUP], "resources": ["*"], "verbs": ["*"]}]
    role = {"metadata": {"name": "author"}, "rules": rules}
    subjects = [{"kind": "User", "name": "system:kube-scheduler"}]
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "author"}
    bound = {"metadata": {"name": "author"}, "roleRef": reference, "subjects": subjects}
    await plane.create("clusterroles", role, group=RBAC)
    await plane.create("clusterrolebindings", bound, group=RBAC)
    author = {"group": GROUP, "sender": "scheduler/test"}
    policy, by_name = limit(), {"name": "m", "parameterNotFoundAction": "Deny"}
    for _ in range(400):  # until the role counts
        with pytest.raises(StatusError) as refused:
            await plane.create(POLICIES, policy, **author)
        if refused.value.code == 422:
            break
        await plane.system.world.clock.sleep(0.01)
    assert (
        'spec.paramKind: Forbidden: user system:kube-scheduler must have "list" permission on all '
        "objects of the paramKind (kind=ConfigMap, apiVersion=v1)"
    ) in str(refused.value)
    await plane.create(POLICIES, policy, group=GROUP)
    with pytest.raises(StatusError, match="on the object referenced by paramRef") as refused:
        await plane.create(BINDINGS, binding(policy, paramRef=by_name), **author)
    assert refused.value.code == 422
    await plane.create(BINDINGS, binding(policy), **author)
