"""Volumes and mounts."""

from typing import Any

import pytest

from cluster.api.status import Cause
from cluster.api.validation.volumes import check_mounts, check_relative, check_volumes

FIELD = {"fieldPath": "metadata.labels"}


def found(source: dict[str, Any]) -> list[str]:
    causes: list[Cause] = []
    assert check_volumes("v", [{"name": "a", **source}], causes) == {"a"}
    return [cause.text() for cause in causes]


@pytest.mark.parametrize(
    ("source", "text"),
    [({"emptyDir": {"sizeLimit": "1Gi"}}, ""), ({"emptyDir": {"sizeLimit": "-1"}}, "SizeLimit"),
     ({"hostPath": {"path": "/x", "type": "Directory"}}, ""),
     ({"hostPath": {"path": "/x/../y"}}, "must not contain '..'"),
     ({"hostPath": {"path": "/x", "type": "Y"}}, "v[0].hostPath.type: Unsupported value"),
     ({"configMap": {}}, "v[0].configMap.name: Required value"),
     ({"configMap": {"name": "a", "items": [{"key": "b", "path": "c", "mode": 256}]}}, ""),
     ({"configMap": {"name": "a", "items": [{"path": "..c"}]}}, "must not start with '..'"),
     ({"secret": {}}, "v[0].secret.secretName: Required value"),
     ({"secret": {"secretName": "a", "defaultMode": -1}}, "between 0 and 0777"),
     ({"downwardAPI": {"items": [{"path": "a", "fieldRef": FIELD}]}}, ""),
     ({"downwardAPI": {"items": [{"path": "a"}]}}, "one of fieldRef and resourceFieldRef"),
     ({"persistentVolumeClaim": {}}, "claimName: Required value"),
     ({"projected": {"sources": [{"serviceAccountToken": {"path": "t"}},
       {"secret": {"name": "a"}}]}}, ""),
     ({"projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": 1}}]}},
      "less than 10 minutes"),
     ({"projected": {"sources": [{"secret": {"name": "a"}, "configMap": {"name": "a"}}]}},
      "may not specify more than 1 volume type per source"),
     ({}, "must specify a volume type")],
)  # fmt: skip
def test_sources(source: dict[str, Any], text: str) -> None:
    causes = found(source)
    assert (causes == []) if not text else any(text in cause for cause in causes), causes


def test_mounts() -> None:
    causes: list[Cause] = []
    mounts = [{"name": "a", "mountPath": "/a", "subPath": "b/c", "mountPropagation": "None"}]
    check_mounts("m", mounts, frozenset("a"), causes)
    assert causes == []
    mounts = [
        {"name": "a", "mountPath": "/a"},
        {"name": "a", "mountPath": "/a"},
        {"name": "a", "mountPath": "/b", "subPath": "x", "subPathExpr": "y"},
        {"name": "a", "mountPath": "/c", "mountPropagation": "Both"},
    ]
    check_mounts("m", mounts, frozenset("a"), causes)
    assert [cause.field for cause in causes] == [
        "m[1].mountPath",
        "m[2].subPathExpr",
        "m[3].mountPropagation",
    ]


@pytest.mark.parametrize(
    ("path", "right"), [("a/b", True), ("a..b", True), ("/a", False), ("a/../b", False)]
)
def test_relative_paths(path: str, right: bool) -> None:
    causes: list[Cause] = []
    check_relative("p", path, causes)
    assert (not causes) == right
