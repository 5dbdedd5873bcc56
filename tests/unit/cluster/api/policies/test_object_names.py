"""Types in configurations are named after their places."""

import pytest

from cluster.api.policies.expressions import Compiler
from cluster.api.policies.object_names import misplaced


def found(source: str, apply: bool = True) -> str:
    expression = Compiler().patch(source, apply)
    assert expression.program is not None, expression.error
    return misplaced(expression.program.checked.root)


@pytest.mark.parametrize(
    "source",
    [
        "Object{}",
        "Object{spec: Object.spec{replicas: 1}, metadata: object.metadata}",
        "Object{spec: Object.spec{containers: object.spec.containers.map(c, "
        "Object.spec.containers{name: c.name})}}",
        "has(object.x) ? Object{} : Object{?spec: optional.of(Object.spec{})}",
        "Object{spec: Object.spec{list: [Object.spec.list{}] + [Object.spec.list{}]}}",
    ],
)
def test_right_ones(source: str) -> None:
    assert found(source) == ""


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("Object{spec: Object.status{}}", "Object.status", "Object.spec"),
        ("Object{a: Object.a{b: [Object.b{}]}}", "Object.b", "Object.a.b"),
        ("true ? Object{} : Object{a: Object{}}", "Object", "Object.a"),
        ("Object{a: object.l.map(x, Object.b{})}", "Object.b", "Object.a"),
        ("Object{?a: optional.of(Object.b{})}", "Object.b", "Object.a"),
    ],
)
def test_wrong_ones(source: str, name: str, expected: str) -> None:
    assert found(source).startswith(f'unexpected type name "{name}", expected "{expected}"')


def test_values_of_json_patches_begin_where_they_say() -> None:
    right = "[JSONPatch{op: 'add', path: '/spec', value: Object.spec{a: Object.spec.a{}}}]"
    assert found(right, apply=False) == ""
    assert found(right.replace("spec.a{", "a{"), apply=False).startswith("unexpected type name")
