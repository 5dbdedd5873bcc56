"""Long expressions are not compiled where the loop waits for them."""

import pytest

from actors.apiserver.admission.policies.records import Policy
from cluster.api.custom.rules import make_rules
from cluster.api.custom.structural import ABSENT
from cluster.api.kinds import by_resource
from cluster.api.policies.expressions import LazyConditions
from cluster.api.policies.haste import check_patience
from cluster.api.types import Object
from cluster.api.validation.table import validate_create, validate_update
from cluster.cel.errors import CelTooLong
from cluster.cel.program import COMPILE_CHARACTER, PER_CALL, Budget

LONG = " && ".join(f"object.metadata.name != 'x{number}'" for number in range(100))
HASTE = COMPILE_CHARACTER * len(LONG) - 1


def policy(expression: str) -> Object:
    return {
        "metadata": {"name": "p"},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "resources": ["configmaps"],
                        "operations": ["CREATE"],
                    }
                ]
            },
            "validations": [{"expression": expression}],
            "failurePolicy": "Fail",
        },
    }


def test_only_expressions_are_counted() -> None:
    other = {"rules": [{"message": LONG}], "description": LONG}
    check_patience({"a": [{"rule": "true", **other}]}, 5 * COMPILE_CHARACTER)
    with pytest.raises(CelTooLong):
        check_patience({"a": [{"rule": "true", **other}]}, 5 * COMPILE_CHARACTER, times=2)
    check_patience({"expression": LONG}, None)


def test_a_policy_is_validated_elsewhere() -> None:
    kind = by_resource("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies")
    assert kind is not None
    for judge in (
        lambda patience: validate_create(kind, policy(LONG), patience),
        lambda patience: validate_update(kind, policy("true"), policy(LONG), "", None, patience),
    ):
        with pytest.raises(CelTooLong):
            judge(HASTE)
        assert not [cause for cause in judge(None) if "validations" in cause.field]


def test_a_policy_is_compiled_elsewhere_and_once() -> None:
    given = Policy(policy(LONG))
    with pytest.raises(CelTooLong):
        given.compiled(HASTE)
    assert given.compiled(None) is given.compiled(0)


def test_conditions_are_compiled_when_first_needed() -> None:
    given = LazyConditions([{"name": "c", "expression": LONG}])
    assert given and not LazyConditions(None)
    with pytest.raises(CelTooLong):
        given.compiled(HASTE)
    assert given.compiled(None) is given.compiled(0)


def test_rules_of_a_custom_resource_too() -> None:
    rule = LONG.replace("object.metadata.name", "self.a")
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "x-kubernetes-validations": [{"rule": rule}],
    }
    judge = make_rules(schema, False)
    assert judge is not None
    hasty = Budget(PER_CALL, COMPILE_CHARACTER * len(rule) - 1)
    with pytest.raises(CelTooLong):
        list(judge({"a": "b"}, ABSENT, "spec", hasty))
    assert not list(judge({"a": "b"}, ABSENT, "spec", Budget(PER_CALL)))
    assert not list(judge({"a": "b"}, ABSENT, "spec", Budget(PER_CALL, len(rule))))
