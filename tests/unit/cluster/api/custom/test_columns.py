"""Columns of custom resources."""

from typing import Any

from cluster.api.custom.columns import columns_of

NOW = 1767225600.0
OBJ = {
    "metadata": {"name": "w", "creationTimestamp": "2025-12-31T23:59:00Z"},
    "spec": {
        "n": 3,
        "f": 2.5,
        "b": True,
        "s": "text",
        "many": ["a", "b"],
        "map": {"k": 1},
        "null": None,
        "empty": "",
        "huge": 1e300,
        "whole": 2.0,
        "odd": {"b": "<&>", "a": [1]},
    },
}


def cell(kind: str, path: str) -> Any:
    column = {"name": "X", "type": kind, "jsonPath": path, "priority": 1}
    found = columns_of({"additionalPrinterColumns": [column]})[1]
    assert found.definition()["priority"] == 1
    return found.cell(OBJ, NOW)


def test_without_columns_name_and_age() -> None:
    name, age = columns_of({})
    assert (name.cell(OBJ, NOW), age.cell(OBJ, NOW)) == ("w", "60s")


def test_cells_by_type() -> None:
    assert cell("integer", ".spec.n") == 3
    assert cell("number", ".spec.f") == 2.5
    assert cell("boolean", ".spec.b") is True
    assert cell("string", ".spec.s") == "text"
    # Of several values the first.
    assert cell("string", ".spec.many[*]") == "a"
    assert cell("string", ".spec.map") == '{"k":1}'
    assert cell("date", ".metadata.creationTimestamp") == "60s"
    assert cell("date", ".spec.s") == "<invalid>"
    assert cell("date", ".spec.n") is None
    assert cell("date", ".spec.null") is None
    assert cell("string", ".spec.null") == "<no value>"
    assert cell("integer", ".spec.null") is None
    assert cell("date", ".spec.empty") == "<unknown>"
    assert cell("integer", ".spec.huge") == -(2**63)
    assert cell("string", ".spec.whole") == "2"
    assert cell("string", ".spec.odd") == '{"a":[1],"b":"\\u003c\\u0026\\u003e"}'


def test_a_path_that_is_none_ends_the_columns() -> None:
    paths = (".spec.n", ".spec[", ".spec.f")
    columns = [{"name": path, "type": "string", "jsonPath": path} for path in paths]
    found = columns_of({"additionalPrinterColumns": columns})
    assert [column.name for column in found] == ["Name", ".spec.n"]


def test_what_is_absent_or_of_another_type_shows_nothing() -> None:
    assert cell("string", ".spec.absent") is None
    assert cell("integer", ".spec.s") is None
    assert cell("boolean", ".spec.s") is None
    assert cell("integer", ".spec.b") is None
    assert cell("number", ".spec.b") is None
    # Only what is in a list has a place in it.
    assert cell("string", ".spec.map[*]") is None
