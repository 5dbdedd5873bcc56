"""Paths of fields in a schema."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.api.custom.field_paths import FieldPathError, follow

TEXT = {"type": "string"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "spec": {"type": "object", "properties": {"color": TEXT, "a.b": TEXT, "x-y": TEXT}},
        "labels": {"type": "object", "additionalProperties": TEXT},
        "any": {"type": "object", "additionalProperties": True},
    },
}


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (".spec", ("spec",)),
        (".spec.color", ("spec", "color")),
        (".spec.x-y", ("spec", "x-y")),
        (".spec['a.b']", ("spec", "a.b")),
        ("['spec'].color", ("spec", "color")),
        (".labels.app", ("labels", "app")),
        (r".labels['it\'s']", ("labels", "it's")),
    ],
)
def test_what_they_lead_to(path: str, names: tuple[str, ...]) -> None:
    found, schema = follow(path, SCHEMA)
    assert found == names and schema.get("type") in ("object", "string")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("spec", "expected [ or . but got: spec"),
        (".", "unexpected end of JSON path"),
        (".spec.", "unexpected end of JSON path"),
        (".spec[", "unexpected end of JSON path"),
        (".spec['color'", "unexpected end of JSON path"),
        (".spec..color", "does not refer to a valid field"),
        (".spec.size", "does not refer to a valid field"),
        (".spec.color.deep", "does not refer to a valid field"),
        (".any.x", "does not refer to a valid field"),
        (".spec[color]", "expected single quoted string but got color"),
        (".spec['color'.x", "expected ] but got ."),
        (r".labels['a\d']", r"invalid string literal: invalid escape char \d"),
        (".spec]", "expected [ or . but got: ]"),
    ],
)
def test_what_leads_nowhere(path: str, text: str) -> None:
    with pytest.raises(FieldPathError) as refused:
        follow(path, SCHEMA)
    assert str(refused.value) == text


def test_brackets_may_be_forbidden() -> None:
    with pytest.raises(FieldPathError, match="array notation is not allowed"):
        follow(".spec['color']", SCHEMA, keys=False)


@given(st.text(alphabet=".[]'\\abspecolr", max_size=20))
def test_any_text_leads_somewhere_or_not(path: str) -> None:
    try:
        names, schema = follow(path, SCHEMA)
    except FieldPathError:
        return
    assert isinstance(names, tuple) and isinstance(schema, dict)
