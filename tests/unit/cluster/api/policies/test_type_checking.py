"""Expressions held against the kinds that a policy is about."""

from typing import Any

from cluster.api.policies.schema_types import built_in, custom
from cluster.api.policies.type_checking import KINDS_MAX, Typed, resources_of, warnings_of
from cluster.api.schema import OBJECT_META, Definitions
from cluster.cel.types import DYN

Json = dict[str, Any]
RULES = {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"]}


def deployments(definitions: Definitions) -> Typed:
    node = definitions.schema_for("io.k8s.api.apps.v1.Deployment")
    return Typed("apps/v1, Kind=Deployment", built_in(node, "Deployment"))


def checked(definitions: Definitions, *expressions: str, **spec: Any) -> list[Json]:
    validations = [{"expression": expression} for expression in expressions]
    return warnings_of({"validations": validations, **spec}, [deployments(definitions)])


def test_fields_and_types(definitions: Definitions) -> None:
    [typo, wrong] = checked(
        definitions,
        "object.spec.replica <= 1",
        "object.spec.replicas > '1'",
        "object.spec.template.spec.containers.all(c, c.image != '' && c.ports[0].name != '')",
        "object.metadata.namespace == 'x' || object.metadata.labels['a'] == 'b'",
        "oldObject.metadata.creationTimestamp < object.metadata.creationTimestamp",
        "object.spec.template.spec.containers[0].resources.limits['cpu'] == '1'",
        "object.spec.strategy.rollingUpdate.maxSurge == 1",
    )  # fmt: skip
    assert typo["fieldRef"] == "spec.validations[0].expression"
    assert typo["warning"] == (
        "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'replica'\n"
        " | object.spec.replica <= 1\n | ...........^\n"
    )
    assert wrong["fieldRef"] == "spec.validations[1].expression"
    assert "found no matching overload for '_>_' applied to '(int, string)'" in wrong["warning"]


def test_variables_are_typed_and_messages_too(definitions: Definitions) -> None:
    variables = [
        {"name": "spec", "expression": "object.spec"},
        {"name": "broken", "expression": "object.nothing"},
    ]
    validations = [
        {
            "expression": "variables.spec.oops && variables.broken.anything",
            "messageExpression": "'x' + object.spec.replicas",
        }
    ]
    found = checked(definitions, validations=validations, variables=variables)
    assert [item["fieldRef"] for item in found] == [
        "spec.validations[0].expression",
        "spec.validations[0].messageExpression",
    ]
    assert "undefined field 'oops'" in found[0]["warning"]


def test_several_kinds_and_at_most_so_many(definitions: Definitions) -> None:
    kinds = [Typed(f"x/v{number}, Kind=X", DYN) for number in range(KINDS_MAX)]
    validations = [{"expression": "object.spec.replica == 1"}]
    assert warnings_of({"validations": validations}, [*kinds, deployments(definitions)]) == []
    twice = [deployments(definitions), deployments(definitions)._replace(called="b")]
    [found] = warnings_of({"validations": validations}, twice)
    assert found["warning"].count("undefined field 'replica'") == 2


def test_custom_kinds(definitions: Definitions) -> None:
    schema = {"type": "object", "properties": {"spec": {
        "type": "object", "properties": {"size": {"type": "integer"}}}}}  # fmt: skip
    kind = custom(schema, definitions.schema_for(OBJECT_META), "Widget")
    validations = [
        {"expression": "object.spec.size == 1 && object.metadata.name != ''"},
        {"expression": "object.spec.color == 'red'"},
    ]
    [found] = warnings_of({"validations": validations}, [Typed("example.com/v1, Kind=W", kind)])
    assert found["fieldRef"] == "spec.validations[1].expression"


def test_which_kinds_rules_name() -> None:
    def named(*rules: Json) -> list[tuple[str, str, str]]:
        return resources_of({"matchConstraints": {"resourceRules": list(rules)}})

    assert named(RULES, RULES) == [("apps", "v1", "deployments")]
    assert named({**RULES, "apiVersions": ["*"]}, {**RULES, "resources": ["*"]}) == []
    assert named({**RULES, "resources": ["deployments/scale"]}) == []
