"""What keeps an applied configuration from being typed. Answers as a kube-apiserver gave them."""

from typing import Any

import pytest

from cluster.api.custom import typed
from cluster.api.custom.structural import Structural
from cluster.api.schema import OBJECT_META, Definitions

OBJECT = {"type": "object"}
PORTS = {
    "type": "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name", "protocol"],
    "items": {
        **OBJECT,
        "properties": {
            "name": {"type": "string"},
            "protocol": {"type": "string"},
            "weight": {"type": "integer"},
        },
    },
}
TAGS = {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}}
KEEPS = {"x-kubernetes-preserve-unknown-fields": True}
SPEC = {
    **OBJECT,
    "properties": {
        "text": {"type": "string"},
        "number": {"type": "number"},
        "on": {"type": "boolean"},
        "either": {"x-kubernetes-int-or-string": True},
        "ports": PORTS,
        "tags": TAGS,
        "args": {"type": "array", "items": {"type": "string"}},
        "free": OBJECT,
        "whole": KEEPS,
        "any": {**OBJECT, **KEEPS, "properties": {"known": {"type": "integer"}}},
        "texts": {**OBJECT, "additionalProperties": {"type": "string"}},
        "pod": {**OBJECT, **KEEPS, "x-kubernetes-embedded-resource": True},
    },
}


def found(definitions: Definitions, **spec: Any) -> list[str]:
    """Of an object with such a spec."""
    meta = definitions.schema_for(OBJECT_META)
    schema = Structural({**OBJECT, "properties": {"spec": SPEC}}, meta, root=True)
    return list(typed.mistakes(schema, {"apiVersion": "a/v1", "kind": "A", "spec": spec}))


@pytest.mark.parametrize(
    "spec",
    [
        {"text": "a", "number": 1, "on": True, "either": "a", "args": ["a", "a", None]},
        {"text": None, "ports": None, "tags": None, "either": 1, "number": 1.5},
        {"ports": [{"name": "a"}, {"name": "a", "protocol": "TCP"}], "tags": ["a", "b"]},
        {"free": {"a": 1}, "whole": [1], "any": {"b": {"c": []}}, "texts": {"a": None}},
        {"pod": {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"a": "b"}}, "x": 1}},
    ],
)
def test_right(definitions: Definitions, spec: dict[str, Any]) -> None:
    assert found(definitions, **spec) == []


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"odd": 1}, ".spec.odd: field not declared in schema"),
        ({"text": 1}, ".spec.text: expected string, got &value.valueUnstructured{Value:1}"),
        (
            {"text": {"a": ["b", None, True]}},
            ".spec.text: expected string, got &value.valueUnstructured{Value:"
            'map[string]interface {}{"a":[]interface {}{"b", interface {}(nil), true}}}',
        ),
        (
            {"number": "x"},
            ".spec.number: expected numeric (int or float), got *value.valueUnstructured",
        ),
        ({"on": "x"}, ".spec.on: expected boolean, got &{x}"),
        ({"either": {}}, ".spec.either: expected any scalar, got &{map[]}"),
        ({"ports": {}}, ".spec.ports: expected list, got &{map[]}"),
        ({"texts": "x"}, ".spec.texts: expected map, got &{x}"),
        ({"args": [1]}, ".spec.args[0]: expected string, got &value.valueUnstructured{Value:1}"),
        (
            {"ports": [{"name": "a", "weight": "x"}]},
            '.spec.ports[name="a"].weight: expected numeric (int or float), '
            "got *value.valueUnstructured",
        ),
        (
            {"ports": [{"protocol": "TCP", "name": "a"}, {"name": "a", "protocol": "TCP"}]},
            '.spec.ports: duplicate entries for key [name="a",protocol="TCP"]',
        ),
        (
            {"ports": [{"weight": 1}]},
            ".spec.ports: element 0: associative list with keys has an element that omits all key "
            'fields ["name" "protocol"] (and doesn\'t have default values for any key fields)',
        ),
        (
            {"ports": [None]},
            ".spec.ports: element 0: associative list with keys may not have a null element",
        ),
        (
            {"ports": [1]},
            ".spec.ports: element 0: associative list with keys may not have non-map elements",
        ),
        ({"tags": ["a", "a"]}, '.spec.tags: duplicate entries for key [="a"]'),
        (
            {"tags": [None]},
            ".spec.tags: element 0: associative list without keys has an element that's an "
            "explicit null",
        ),
        (
            {"pod": {"metadata": {"labels": {"a": 1}}}},
            ".spec.pod.metadata.labels.a: expected string, got &value.valueUnstructured{Value:1}",
        ),
        (
            {"any": {"known": "x"}},
            ".spec.any.known: expected numeric (int or float), got *value.valueUnstructured",
        ),
    ],
)
def test_wrong(definitions: Definitions, spec: dict[str, Any], text: str) -> None:
    assert found(definitions, **spec) == [text]


def test_several_are_one_text(definitions: Definitions) -> None:
    assert typed.message(found(definitions, on=1, text=1)) == (
        "errors:\n  .spec.on: expected boolean, got &{1}\n"
        "  .spec.text: expected string, got &value.valueUnstructured{Value:1}"
    )
