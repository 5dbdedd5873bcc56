"""The part of JSONPath that custom resources use."""

from typing import Any

import pytest

from cluster.api.custom.jsonpath import PathError, compile_path

OBJ = {
    "spec": {"a": 1, "dotted.key": 2, "list": [{"n": "x", "v": 1}, {"n": "y", "v": 2}]},
    "status": {
        "conditions": [
            {"type": "Ready", "status": "True"},
            {"type": "Synced", "status": "False"},
        ]
    },
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.a", [1]),
        ("$.spec.a", [1]),
        (".spec.absent.more", []),
        (".spec['dotted.key']", [2]),
        (r".spec.dotted\.key", [2]),
        (".spec.list[0].n", ["x"]),
        (".spec.list[-1].n", ["y"]),
        (".spec.list[7].n", []),
        (".spec.list[*].v", [1, 2]),
        (".spec.list[0:1].v", [1]),
        ("..v", [1, 2]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type=='Synced')].status", ["False"]),
        ('.status.conditions[?(@.type=="None")].status', []),
        (".spec.list[?(@.v>1)].n", ["y"]),
        (".spec.list[?(@.v)].n", ["x", "y"]),
    ],
)
def test_finding(path: str, found: list[Any]) -> None:
    assert compile_path(path)(OBJ) == found


@pytest.mark.parametrize("path", ["", "spec", ".spec[", ".spec[a]", ".a[?(b)]", ".a[::0]", ".a."])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(PathError):
        compile_path(path)
