"""Fields that custom objects can be selected by."""

from typing import Any

import pytest

from cluster.api.custom.selectable import check_selectable, selectable_values
from cluster.api.status import Cause

SPEC = {
    "color": {"type": "string", "enum": ["red"], "format": "hostname"},
    "size": {"type": "integer"},
    "on": {"type": "boolean"},
    "weight": {"type": "number"},
    "either": {"x-kubernetes-int-or-string": True},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {"type": "object", "properties": SPEC},
        "metadata": {"type": "object", "properties": {"name": {"type": "string"}}},
    },
}
KINDS = (
    "must point to a field of type string, boolean or integer. Enum string fields and strings "
    "with formats are allowed."
)


def said(*paths: str) -> list[str]:
    found: list[Cause] = []
    check_selectable([{"jsonPath": path} for path in paths], SCHEMA, "f", found)
    return [cause.text() for cause in found]


def test_what_is_right() -> None:
    assert said() == []
    assert said(".spec.color", ".spec.size", ".spec.on", ".spec.labels.app") == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("", "Required value"),
        (".spec.weight", f'Invalid value: ".spec.weight": {KINDS}'),
        (".spec.either", f'Invalid value: ".spec.either": {KINDS}'),
        (".spec", f'Invalid value: ".spec": {KINDS}'),
        (".metadata.name",
         'Invalid value: ".metadata.name": must not point to fields in metadata'),
        (".metadata.uid",
         'Invalid value: ".metadata.uid": is an invalid path: does not refer to a valid field'),
        (".spec['color']",
         'Invalid value: ".spec[\'color\']": is an invalid path: array notation is not allowed'),
        ("spec.color",
         'Invalid value: "spec.color": is an invalid path: expected [ or . but got: spec'),
    ],
)  # fmt: skip
def test_what_is_wrong(path: str, text: str) -> None:
    assert said(path) == [f"f[0].jsonPath: {text}"]


def test_how_many_and_how_often() -> None:
    assert said(".spec.on", ".spec.on") == ['f[1].jsonPath: Duplicate value: ".spec.on"']
    many = [f".spec.labels.a{number}" for number in range(9)]
    assert said(*many[:8]) == []
    assert said(*many) == ["f: Too many: 9: must have at most 8 items"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a", "a"),
        (3, "3"),
        (3.0, "3"),
        (True, "true"),
        (False, "false"),
        (None, ""),
        (1e22, "1e+22"),
    ],
)
def test_what_selectors_see(value: Any, shown: str) -> None:
    assert selectable_values({"spec": {"x": value}}, ("spec.x",)) == {"spec.x": shown}


def test_what_is_not_there() -> None:
    for obj in ({}, {"spec": None}, {"spec": "text"}, {"spec": []}):
        assert selectable_values(obj, ("spec.x.y",)) == {"spec.x.y": ""}
