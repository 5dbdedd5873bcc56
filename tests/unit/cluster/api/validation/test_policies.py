"""Rules of admission policies and their bindings, in Kubernetes' words."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import created, updated

Json = dict[str, Any]
GROUP = "admissionregistration.k8s.io"
RULE = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
CONSTRAINTS = {"resourceRules": [RULE]}
APPLY = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": "Object{}"}}
GONE = object()


def without(spec: Json) -> Json:
    return {key: value for key, value in spec.items() if value is not GONE}


def validating(**spec: Any) -> list[str]:
    spec = {"matchConstraints": CONSTRAINTS, "validations": [{"expression": "true"}], **spec}
    obj = {"metadata": {"name": "p.example.com"}, "spec": without(spec)}
    return created(GROUP, "validatingadmissionpolicies", obj)


def mutating(**spec: Any) -> list[str]:
    spec = {
        "matchConstraints": CONSTRAINTS, "mutations": [APPLY], "reinvocationPolicy": "Never", **spec
    }  # fmt: skip
    obj = {"metadata": {"name": "p.example.com"}, "spec": without(spec)}
    return created(GROUP, "mutatingadmissionpolicies", obj)


def binding(plural: str = "validatingadmissionpolicybindings", **spec: Any) -> list[str]:
    spec = {"policyName": "p", "validationActions": ["Deny"], **spec}
    return created(GROUP, plural, {"metadata": {"name": "b"}, "spec": without(spec)})


def test_right_ones_with_their_defaults() -> None:
    assert validating() == mutating() == binding() == []
    variables = [
        {"name": "a", "expression": "object.spec"},
        {"name": "b", "expression": "variables.a == null ? 1 : 2"},
    ]
    expressions = {
        "variables": variables,
        "paramKind": {"apiVersion": "example.com/v1", "kind": "Limit"},
        "matchConditions": [{"name": "c", "expression": "params.x == 1"}],
        "validations": [
            {"expression": "variables.b == 1 && params.y", "messageExpression": "string(params.z)"}
        ],
        "auditAnnotations": [{"key": "k", "valueExpression": "string(variables.b)"}],
    }
    assert validating(**expressions) == []


def test_what_a_policy_must_have() -> None:
    empty = validating(matchConstraints=GONE, validations=GONE)
    assert empty == [
        "spec.matchConstraints: Required value",
        "spec.validations: Required value: validations or auditAnnotations must contain at least "
        "one item",
        "spec.auditAnnotations: Required value: validations or auditAnnotations must contain at "
        "least one item",
    ]
    assert validating(matchConstraints={}) == [
        "spec.matchConstraints.resourceRules: Required value"
    ]
    assert mutating(mutations=[], reinvocationPolicy=GONE) == [
        "spec.mutations: Required value: mutations must contain at least one item",
        "spec.reinvocationPolicy: Required value",
    ]


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"failurePolicy": "Maybe"}, 'spec.failurePolicy: Unsupported value: "Maybe": supported'),
        ({"paramKind": {"kind": "X"}}, "spec.paramKind.apiVersion: Required value"),
        ({"paramKind": {"apiVersion": "v1"}}, "spec.paramKind.kind: Required value"),
        (
            {"paramKind": {"apiVersion": "a/b/c", "kind": "X"}},
            'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string',
        ),
        (
            {"paramKind": {"apiVersion": "x/", "kind": "X"}},
            'spec.paramKind.apiVersion: Invalid value: "x/": version must be specified',
        ),
        ({"paramKind": {"apiVersion": "v1", "kind": "X Y"}}, "may have mixed case, but should oth"),
        (
            {"matchConstraints": {**CONSTRAINTS, "matchPolicy": "Near"}},
            'matchConstraints.matchPolicy: Unsupported value: "Near"',
        ),
        (
            {"matchConstraints": {"resourceRules": [{**RULE, "resourceNames": ["a", "a", "b/c"]}]}},
            'spec.matchConstraints.resourceRules[0].resourceNames[1]: Duplicate value: "a"',
        ),
        ({"validations": [{"expression": " "}]}, "validations[0].expression: Required value: expr"),
        ({"validations": [{"expression": "1"}]}, "must evaluate to bool but got int"),
        ({"validations": [{"expression": "object.x"}]}, "must evaluate to bool but got dyn"),
        (
            {"validations": [{"expression": "params.x == 1"}]},
            "undeclared reference to 'params' (in container '')",
        ),
        (
            {"validations": [{"expression": "true", "messageExpression": "1"}]},
            "validations[0].messageExpression: Invalid value: \"1\": must evaluate to string but",
        ),
        (
            {"validations": [
                {"expression": "true", "messageExpression": "authorizer.path('/').check('get')"
                 ".reason()"}]},
            "undeclared reference to 'authorizer'",
        ),
        (
            {"validations": [{"expression": "true", "message": "a\nb"}]},
            'message: Invalid value: "a\\nb": must not contain line breaks',
        ),
        (
            {"validations": [{"expression": "true", "reason": "Odd"}]},
            'validations[0].reason: Unsupported value: "Odd": supported values: "Forbidden"',
        ),
        ({"variables": [{"name": "if", "expression": "1"}]}, "must be a valid CEL identifier"),
        ({"variables": [{"expression": "1"}]}, "variables[0].name: Required value: name is not sp"),
        (
            {"variables": [{"name": "a", "expression": "variables.b"},
                           {"name": "b", "expression": "1"}]},
            "undefined field 'b'",
        ),
        (
            {"auditAnnotations": [{"key": "a b", "valueExpression": "''"}]},
            'auditAnnotations[0].key: Invalid value: "p.example.com/a b"',
        ),
        (
            {"auditAnnotations": [{"key": "a", "valueExpression": "1"}]},
            "must evaluate to one of [string null] but got int",
        ),
        (
            {"auditAnnotations": [{"key": "a", "valueExpression": "''"}] * 2},
            'auditAnnotations[1].key: Duplicate value: "a"',
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_policy(spec: Json, text: str) -> None:
    found = validating(**spec)
    assert found and any(text in item for item in found), found


@pytest.mark.parametrize(
    ("mutation", "text"),
    [
        ({}, "mutations[0].patchType: Required value"),
        ({"patchType": "Other"}, 'patchType: Unsupported value: "Other": supported values: "Apply'),
        (
            {"patchType": "JSONPatch"},
            "jsonPatch: Required value: must be specified when patchType is JSONPatch",
        ),
        (
            {**APPLY, "jsonPatch": {"expression": "[]"}},
            'jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is App',
        ),
        (
            {"patchType": "JSONPatch", "jsonPatch": {"expression": " "}},
            "mutations[0].jsonPatch.expression: Required value",
        ),
        (
            {"patchType": "JSONPatch", "jsonPatch": {"expression": "'x'"}},
            "must evaluate to list(JSONPatch) but got string",
        ),
        (
            {"patchType": "JSONPatch", "jsonPatch": {"expression": "[JSONPatch{oops: 'x'}]"}},
            "undefined field 'oops'",
        ),
        (
            {**APPLY, "applyConfiguration": {"expression": "Object.spec{}"}},
            "must evaluate to Object but got Object.spec",
        ),
    ],
)
def test_what_is_wrong_with_a_mutation(mutation: Json, text: str) -> None:
    found = mutating(mutations=[mutation])
    assert found and text in found[0], found


def test_what_is_deleted_cannot_be_changed() -> None:
    deleting = {"resourceRules": [{**RULE, "operations": ["DELETE"]}]}
    told = (
        '.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", '
        '"CONNECT", "CREATE", "UPDATE"'
    )
    assert mutating(matchConstraints=deleting) == [f"spec.matchConstraints{told}"]
    plural = "mutatingadmissionpolicybindings"
    assert binding(plural, matchResources=deleting) == [f"spec.matchResources{told}"]
    assert validating(matchConstraints=deleting) == []


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"policyName": GONE}, "spec.policyName: Required value"),
        ({"policyName": "!"}, 'spec.policyName: Invalid value: "!"'),
        ({"validationActions": GONE}, "Required value: at least one validation action is required"),
        ({"validationActions": ["Deny", "Warn"]}, "must not contain both Deny and Warn"),
        ({"validationActions": ["Warn", "Warn"]}, 'validationActions[1]: Duplicate value: "Warn"'),
        ({"validationActions": ["Log"]}, 'validationActions[0]: Unsupported value: "Log"'),
        ({"paramRef": {"name": "x"}}, "paramRef.parameterNotFoundAction: Required value"),
        (
            {"paramRef": {"parameterNotFoundAction": "Deny"}},
            "spec.paramRef: Required value: one of name or selector must be specified",
        ),
        (
            {"paramRef": {"name": "x", "selector": {}, "parameterNotFoundAction": "Deny"}},
            "spec.paramRef.name: Forbidden: name and selector are mutually exclusive",
        ),
    ],
)
def test_what_is_wrong_with_a_binding(spec: Json, text: str) -> None:
    found = binding(**spec)
    assert found and text in found[0], found


def test_what_is_told_of_a_policy() -> None:
    spec = {"matchConstraints": CONSTRAINTS, "validations": [{"expression": "true"}]}
    old: Json = {"metadata": {"name": "p"}, "spec": spec}

    def told(**warning: str) -> list[str]:
        status = {"typeChecking": {"expressionWarnings": [warning]}}
        new = {"metadata": {"name": "p"}, "spec": spec, "status": status}
        return updated(GROUP, "validatingadmissionpolicies", old, new, "status")

    assert told(fieldRef="spec.validations[0].expression", warning="w") == []
    path = "status.typeChecking.expressionWarnings[0]"
    assert told() == [f"{path}.warning: Required value", f"{path}.fieldRef: Required value"]
