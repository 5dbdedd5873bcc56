"""Validating admission policies through the real request chain."""

from typing import Any

import orjson
import pytest

from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from tests.support.control_plane import ControlPlane
from tests.support.policies import GROUP, bind, binding, rule, settled, validating
from tests.support.widgets import GROUP as WIDGETS
from tests.support.widgets import definition, established, version, widget

Json = dict[str, Any]
POLICIES = "validatingadmissionpolicies"


async def make(plane: ControlPlane, name: str = "m", namespace: str = "default", **obj: Any) -> Any:
    body = {"metadata": {"name": name, **obj.pop("metadata", {})}, "data": {"a": "b"}, **obj}
    request = ApiRequest("create", "configmaps", namespace=namespace, body=orjson.dumps(body))
    return await plane.ask(request)


async def refusal(plane: ControlPlane, name: str = "m", **obj: Any) -> StatusError:
    with pytest.raises(StatusError) as refused:
        await make(plane, name, **obj)
    return refused.value


async def test_a_denial_names_policy_and_binding(plane: ControlPlane) -> None:
    await bind(plane, validating("small", validations=[{"expression": "size(object.data) <= 1"}]))
    await make(plane, "right")
    error = await refusal(plane, data={"a": "b", "c": "d"})
    said = (
        "ValidatingAdmissionPolicy 'small' with binding 'small-b' denied request: failed "
        "expression: size(object.data) <= 1"
    )
    assert (error.code, error.reason) == (422, "Invalid")
    assert str(error) == f'configmaps "m" is forbidden: {said}'
    details = error.status["details"]
    assert (details["name"], details["kind"]) == ("m", "configmaps")
    assert [cause["message"] for cause in details["causes"]] == [said]
    # An update is judged as well, and what is only read is not.
    with pytest.raises(StatusError, match="denied request"):
        await plane.patch("configmaps", "right", {"data": {"x": "y"}}, "default")
    await plane.patch("configmaps", "right", {"data": {"a": "z"}}, "default")
    await plane.delete("configmaps", "right", "default")


@pytest.mark.parametrize(
    ("validation", "code", "reason", "said"),
    [
        ({"message": " as you like "}, 422, "Invalid", "as you like"),
        ({"reason": "Forbidden", "message": "no"}, 403, "Forbidden", "no"),
        ({"reason": "RequestEntityTooLarge"}, 413, "RequestEntityTooLarge", None),
        ({"messageExpression": "'not ' + object.metadata.name", "message": "x"}, 422, "Invalid",
         "not m"),
        ({"messageExpression": "object.nothing + ''", "message": "x"}, 422, "Invalid", "x"),
        ({"messageExpression": "' '"}, 422, "Invalid", None),
        ({"messageExpression": "'a\\nb'", "message": "x"}, 422, "Invalid", "x"),
    ],
)  # fmt: skip
async def test_words_and_code_of_a_denial(
    plane: ControlPlane, validation: Json, code: int, reason: str, said: str | None
) -> None:
    await bind(plane, validating("p", validations=[{"expression": " false ", **validation}]))
    error = await refusal(plane)
    assert (error.code, error.reason) == (code, reason)
    assert str(error).endswith(f"denied request: {said or 'failed expression: false'}")


async def test_an_expression_that_fails_and_the_failure_policy(plane: ControlPlane) -> None:
    broken = [{"expression": "object.spec.replicas > 1"}]
    await bind(plane, validating("fail", validations=broken))
    text = "expression 'object.spec.replicas > 1' resulted in error: no such key: spec"
    error = await refusal(plane)
    assert (error.code, error.reason) == (422, "Invalid")
    assert str(error).endswith(f"'fail-b' denied request: {text}")
    await plane.delete(POLICIES, "fail", group=GROUP)
    await bind(plane, validating("ignore", validations=broken, failurePolicy="Ignore"))
    await make(plane)


async def test_variables_are_made_when_needed_and_may_use_those_before(plane: ControlPlane) -> None:
    policy = validating(
        "v",
        variables=[
            {"name": "broken", "expression": "object.nothing.there"},
            {"name": "names", "expression": "object.data.map(key, key)"},
            {"name": "long", "expression": "variables.names.filter(name, size(name) > 3)"},
        ],
        validations=[
            {"expression": "variables.long.size() == 0",
             "messageExpression": "'too long: ' + variables.long.join(', ')"},
            {"expression": "!('broken' in object.data) || variables.broken"},
        ],
    )  # fmt: skip
    await bind(plane, policy)
    await make(plane, "right")
    assert str(await refusal(plane, data={"four": "x", "fifth": "y"})).endswith(
        "denied request: too long: four, fifth"
    )
    assert str(await refusal(plane, data={"broken": "x"})).endswith("request: too long: broken")
    policy["spec"]["validations"].pop(0)
    await plane.delete(POLICIES, "v", group=GROUP)
    await plane.create(POLICIES, policy, group=GROUP)
    await settled(plane)
    assert str(await refusal(plane, data={"broken": "x"})).endswith(
        'resulted in error: composited variable "broken" fails to evaluate: no such key: nothing'
    )


async def test_what_expressions_see(plane: ControlPlane) -> None:
    seen = [
        "request.operation == 'UPDATE' ? oldObject.data.a == 'b' : oldObject == null",
        "request.kind.kind == 'ConfigMap' && request.resource.resource == 'configmaps'",
        "request.namespace == 'default' && request.name == object.metadata.name",
        "'system:masters' in request.userInfo.groups && !has(request.subResource)",
        "request.dryRun == false && request.options.kind.endsWith('Options')",
        "namespaceObject.metadata.name == 'default' && namespaceObject.status.phase == 'Active'",
        "namespaceObject.metadata.creationTimestamp < timestamp('2999-01-01T00:00:00Z')",
        "!has(namespaceObject.metadata.deletionTimestamp)",
        "authorizer.group('').resource('secrets').namespace('default').check('get').allowed()",
        "authorizer.requestResource.check('create').allowed()",
        "authorizer.path('/healthz').check('get').allowed()",
        "!authorizer.serviceAccount('default', 'default').group('').resource('secrets')"
        ".namespace('default').check('get').allowed()",
        "authorizer.serviceAccount('default', 'default').group('').resource('secrets')"
        ".check('get').reason() == ''",
    ]
    await bind(plane, validating("all", validations=[{"expression": text} for text in seen]))
    await make(plane)
    await plane.patch("configmaps", "m", {"data": {"a": "c"}}, "default")


async def test_deletes_and_connects_and_things_without_a_namespace(plane: ControlPlane) -> None:
    everything = rule("configmaps", "namespaces", operations=["*"])
    policy = validating(
        "all",
        matchConstraints={"resourceRules": [everything]},
        matchConditions=[{"name": "not-system", "expression": "request.name != 'default'"}],
        validations=[
            {"expression": "request.operation != 'DELETE' || oldObject.metadata.name != 'kept'"},
            {"expression": "request.operation == 'DELETE' ? object == null : true"},
            {"expression": "request.resource.resource != 'namespaces' || namespaceObject == null"},
        ],
    )
    await bind(plane, policy)
    for name in ("kept", "gone"):
        await make(plane, name)
    await plane.create("namespaces", {"metadata": {"name": "n"}})
    await plane.delete("configmaps", "gone", "default")
    with pytest.raises(StatusError, match="denied request"):
        await plane.delete("configmaps", "kept", "default")
    with pytest.raises(StatusError, match="denied request"):
        await plane.ask(ApiRequest("deletecollection", "configmaps", namespace="default"))


async def test_which_requests_a_policy_is_about(plane: ControlPlane) -> None:
    constraints = {
        "resourceRules": [rule("configmaps", "secrets")],
        "excludeResourceRules": [rule("configmaps", resourceNames=["spared"])],
        "namespaceSelector": {"matchLabels": {"watched": "yes"}},
        "objectSelector": {"matchExpressions": [{"key": "free", "operator": "DoesNotExist"}]},
    }
    no = [{"expression": "false"}]
    policy = validating("p", matchConstraints=constraints, validations=no)
    narrowed = {"resourceRules": [rule("configmaps")], "objectSelector": {}}
    for name, labels in (("watched", {"watched": "yes"}), ("other", {})):
        await plane.create("namespaces", {"metadata": {"name": name, "labels": labels}})
    await bind(plane, policy, matchResources=narrowed)
    await make(plane)
    await make(plane, namespace="other")
    assert "denied" in str(await refusal(plane, namespace="watched"))
    await make(plane, "spared", namespace="watched")
    await make(plane, "free", namespace="watched", metadata={"labels": {"free": "x"}})
    # The policy is about secrets too, its binding is not.
    await plane.create("secrets", {"metadata": {"name": "s"}}, "watched")


async def test_one_policy_with_two_bindings_and_none(plane: ControlPlane) -> None:
    policy = validating("p", validations=[{"expression": "false", "message": "no"}])
    await plane.create(POLICIES, policy, group=GROUP)
    await settled(plane)
    await make(plane, "unbound")
    bindings = f"{POLICIES[:-3]}ybindings"
    for name, actions in (("a", ["Warn", "Audit"]), ("b", ["Deny"])):
        made = binding(policy, name, validationActions=actions)
        await plane.create(bindings, made, group=GROUP)
    await settled(plane)
    assert "with binding 'b'" in str(await refusal(plane))
    await plane.delete(bindings, "b", group=GROUP)
    await settled(plane)
    answer = await make(plane)
    assert answer.warnings == (
        "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'a': no",
    )


async def test_match_conditions_of_a_policy(plane: ControlPlane) -> None:
    policy = validating(
        "p",
        validations=[{"expression": "false"}],
        matchConditions=[
            {"name": "exclude-mine", "expression": "!('mine' in object.data)"},
            {"name": "known", "expression": "object.data.a != 'skip'"},
        ],
    )
    await bind(plane, policy)
    await make(plane, "a", data={"a": "b", "mine": "x"})
    await make(plane, "b", data={"a": "skip"})
    # One that is false decides, whatever the others are; one that fails alone does not.
    await make(plane, "c", data={"mine": "x"})
    assert str(await refusal(plane, data={"b": "c"})).endswith(
        "denied request: expression 'object.data.a != 'skip'' resulted in error: no such key: a"
    )
    assert str(await refusal(plane)).endswith("failed expression: false")


async def test_custom_resources_are_judged_in_the_version_of_the_rule(plane: ControlPlane) -> None:
    await established(plane, definition(version("v1"), version("v2", storage=False)))
    constraints = {"resourceRules": [rule("widgets", group=WIDGETS, apiVersions=["v2"])]}
    seen = [
        {"expression": "object.apiVersion.endsWith('/v2') && request.kind.version == 'v2'"},
        {"expression": "request.requestKind.version == 'v1'"},
    ]
    await bind(plane, validating("p", matchConstraints=constraints, validations=seen))
    await plane.create("widgets", widget(), "default", WIDGETS)


async def test_policies_do_not_judge_policies(plane: ControlPlane) -> None:
    constraints = {"resourceRules": [rule("*", group=GROUP, operations=["*"])]}
    no = [{"expression": "false"}]
    await bind(plane, validating("p", matchConstraints=constraints, validations=no))
    hooks = {"metadata": {"name": "h"}, "webhooks": []}
    with pytest.raises(StatusError, match="denied request"):
        await plane.create("validatingwebhookconfigurations", hooks, group=GROUP)
    await plane.delete(POLICIES, "p", group=GROUP)
    await settled(plane)
    await plane.create("validatingwebhookconfigurations", hooks, group=GROUP)


async def test_a_change_of_a_policy_counts(plane: ControlPlane) -> None:
    policy = validating("p", validations=[{"expression": "false"}])
    await bind(plane, policy)
    await refusal(plane)
    right = {"spec": {"validations": [{"expression": "true"}]}}
    changed = await plane.patch(POLICIES, "p", right, group=GROUP)
    assert changed["metadata"]["generation"] == 2
    await settled(plane)
    await make(plane)


async def test_a_budget_is_shared_by_the_expressions(plane: ControlPlane) -> None:
    # Each asks the authorizer twice: of 10,000,000 units each takes 700,000.
    ask = "authorizer.requestResource.check('get').allowed()"
    costly = [{"expression": f"{ask} && {ask}"} for _ in range(15)]
    await bind(plane, validating("p", validations=costly))
    assert str(await refusal(plane)).endswith(
        "denied request: validation failed due to running out of cost budget, no further "
        "validation rules will be run"
    )
    await plane.delete(POLICIES, "p", group=GROUP)
    await bind(plane, validating("q", validations=[{"expression": f"{ask} && {ask} && {ask}"}]))
    assert "operation cancelled: actual cost limit exceeded" in str(await refusal(plane))


async def test_the_status_tells_whether_the_types_fit(plane: ControlPlane) -> None:
    await established(plane)
    constraints = {
        "resourceRules": [
            rule("deployments", group="apps", apiVersions=["v1"]),
            rule("widgets", group=WIDGETS, apiVersions=["v1"]),
        ]
    }
    wrong = [{"expression": "object.spec.replica > 1"}, {"expression": "object.spec.replicas > 1"}]
    policy = validating("p", matchConstraints=constraints, validations=wrong)
    await plane.create(POLICIES, policy, group=GROUP)
    told = await checked(plane, 1)
    [warning] = told["typeChecking"]["expressionWarnings"]
    assert warning["fieldRef"] == "spec.validations[0].expression"
    for kind in ("apps/v1, Kind=Deployment", "example.com/v1, Kind=Widget"):
        assert f"{kind}: ERROR: <input>:1:12: undefined field 'replica'" in warning["warning"]
    right = {"spec": {"validations": wrong[1:]}}
    changed = await plane.patch(POLICIES, "p", right, group=GROUP)
    assert changed["metadata"]["generation"] == 2
    assert (await checked(plane, 2))["typeChecking"] == {}


async def checked(plane: ControlPlane, generation: int) -> Json:
    for _ in range(400):
        found: Json = (await plane.get(POLICIES, "p", group=GROUP)).get("status") or {}
        if found.get("observedGeneration") == generation:
            return found
        await plane.system.world.clock.sleep(0.01)
    raise AssertionError(f"never checked: {found}")
