"""Decoded JSON in the words of Go."""

from cluster.api.go_text import as_go, kind_of


def test_as_go() -> None:
    value = {"b": [1, "x y", None], "a": {"c": True, "d": 1.5}, "e": {}}
    assert as_go(value) == "map[a:map[c:true d:1.5] b:[1 x y <nil>] e:map[]]"


def test_kinds() -> None:
    kinds = [kind_of(value) for value in ({}, [], "", 1, 1.5, True)]
    assert kinds == ["map", "slice", "string", "int64", "float64", "bool"]
