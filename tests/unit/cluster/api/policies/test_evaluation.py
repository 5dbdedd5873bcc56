"""Expressions of admission evaluated: bindings, variables, budgets, and what goes wrong."""

from typing import Any

import pytest

from cluster.api.policies.evaluation import (
    Evaluation,
    Failed,
    Inputs,
    Spent,
    matches,
    namespace_value,
)
from cluster.api.policies.expressions import Compiler, compile_policy, conditions_of
from cluster.api.policies.judging import MESSAGE_MAX, Judgement, annotated
from cluster.cel.library.authorizer import (
    RESOURCE_CHECK,
    CheckValue,
    DecisionValue,
    Question,
)
from cluster.cel.program import Budget

Json = dict[str, Any]
ASKED: list[Question] = []


def decide(question: Question) -> DecisionValue:
    ASKED.append(question)
    return DecisionValue(question.verb == "get", "so it is")


def inputs(obj: Json | None = None, **more: Any) -> Inputs:
    authorizer = CheckValue(decide)
    resource = authorizer.told(RESOURCE_CHECK, resource="pods", namespace="n")
    return Inputs(obj, None, {"operation": "CREATE"}, authorizer, resource, **more)


def value(source: str, obj: Json | None = None, **more: Any) -> Any:
    return Evaluation(inputs(obj or {"a": 1}, **more)).value(Compiler().variable("x", source))


def test_what_is_bound() -> None:
    assert value("object.a == 1 && oldObject == null && request.operation == 'CREATE'") is True
    assert value("authorizer.requestResource.check('get').allowed()") is True
    assert ASKED[-1] == Question("get", resource="pods", namespace="n")
    assert value("authorizer.requestResource.check('list').reason()") == "so it is"
    assert value("namespaceObject == null") is True


def test_a_namespace_is_shown_without_what_is_the_servers() -> None:
    stamp = "2024-01-01T00:00:00Z"
    given = {
        "metadata": {"name": "n", "creationTimestamp": stamp, "managedFields": [{}]},
        "status": {"phase": "Active", "conditions": [{"type": "x", "lastTransitionTime": stamp}]},
    }
    shown = namespace_value(given)
    assert shown is not None and "managedFields" not in shown["metadata"] and shown["spec"] == {}
    year = "namespaceObject.status.conditions[0].lastTransitionTime.getFullYear()"
    assert value(year, namespace=given) == 2024
    assert given["metadata"]["creationTimestamp"] == stamp


def test_a_variable_is_made_once_and_only_when_needed() -> None:
    compiler = Compiler()
    ask = "authorizer.requestResource.check('get').allowed()"
    variables = [("asked", compiler.variable("asked", ask))]
    evaluation = Evaluation(inputs(), None, variables)
    before = len(ASKED)
    assert evaluation.value(compiler.validation("true || variables.asked")) is True
    assert len(ASKED) == before
    assert evaluation.value(compiler.validation("variables.asked && variables.asked")) is True
    assert len(ASKED) == before + 1
    evaluation.again(inputs())
    assert evaluation.value(compiler.validation("variables.asked")) is True
    assert len(ASKED) == before + 2


def test_errors_are_told_with_the_expression() -> None:
    with pytest.raises(Failed, match=r"^expression 'object.x' resulted in error: no such key: x$"):
        value("object.x")
    with pytest.raises(Failed, match=r"^compilation error: compilation failed: "):
        value("object.x +")
    compiler = Compiler()
    variables = [("v", compiler.variable("v", "object.x"))]
    told = 'composited variable "v" fails to evaluate: no such key: x$'
    with pytest.raises(Failed, match=told):
        Evaluation(inputs({}), None, variables).value(compiler.validation("variables.v == 1"))


def test_budgets() -> None:
    ask = Compiler().validation("authorizer.requestResource.check('get').allowed()")
    evaluation = Evaluation(inputs(), budget=Budget(800_000))
    assert evaluation.value(ask) is True and evaluation.value(ask) is True
    with pytest.raises(Spent, match="no further validation rules will be run"):
        evaluation.value(ask)
    # What a variable costs counts too.
    compiler = Compiler()
    variables = [("v", compiler.variable("v", ask.source))]
    evaluation = Evaluation(inputs(), None, variables, Budget(300_000))
    with pytest.raises(Spent):
        evaluation.value(compiler.validation("variables.v"))


def conditions(*sources: str) -> Any:
    return conditions_of([{"name": "c", "expression": source} for source in sources])


def test_conditions() -> None:
    evaluation = Evaluation(inputs({"a": 1}))
    assert matches(conditions("true", "object.a == 1"), evaluation)
    assert not matches(conditions("object.x", "object.x == 1", "false"), evaluation)
    with pytest.raises(Failed, match=r"^\[expression 'object.x == 1' .*, expression 'object.y == "):
        matches(conditions("object.x == 1", "true", "object.y == 1"), evaluation)
    # They have a budget of their own.
    poor = Evaluation(inputs(), budget=Budget(1))
    assert matches(conditions("1 + 1 + 1 == 3"), poor)


def judge(fail: bool = True, **spec: Any) -> list[tuple[int, str, str]]:
    compiled = compile_policy(spec)
    evaluation = Evaluation(inputs({"a": 1}), None, compiled.variables)
    judgement = Judgement(compiled, evaluation, fail)
    judgement.run()
    return [(found.position, found.message, found.reason) for found in judgement.decisions]


def test_every_no_counts_in_its_order() -> None:
    rules = [
        {"expression": "object.a == 2", "message": " first "},
        {"expression": "true"},
        {"expression": "object.x == 1"},
        {"expression": "object.a > 1", "reason": "Forbidden"},
    ]
    failing = "expression 'object.x == 1' resulted in error: no such key: x"
    assert judge(validations=rules) == [
        (0, "first", "Invalid"),
        (2, failing, ""),
        (3, "failed expression: object.a > 1", "Forbidden"),
    ]
    assert [found[0] for found in judge(False, validations=rules)] == [0, 3]


def test_a_condition_that_fails() -> None:
    no = [{"expression": "false"}]
    broken = [{"name": "c", "expression": "object.x == 1"}]
    [(_, message, _)] = judge(validations=no, matchConditions=broken)
    assert message.endswith("no such key: x")
    assert judge(False, validations=no, matchConditions=broken) == []


def test_a_message_is_bounded() -> None:
    long = f"'x'.replace('x', '{'y' * 100}').split('').join('{'z' * 100}')"
    assert len(value(long)) > MESSAGE_MAX
    [(_, message, _)] = judge(
        validations=[{"expression": "false", "messageExpression": long, "message": "short"}]
    )
    assert message == "short"


def test_annotations() -> None:
    given = [
        {"key": "a", "valueExpression": "' x '"},
        {"key": "b", "valueExpression": "null"},
        {"key": "c", "valueExpression": "string(object.x)"},
    ]
    compiled = compile_policy({"auditAnnotations": given})
    found = list(annotated(compiled, Evaluation(inputs({}))))
    assert found == [
        ("a", "x", ""),
        ("c", "", "expression 'string(object.x)' resulted in error: no such key: x"),
    ]
