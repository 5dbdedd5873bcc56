"""Environments of containers."""

from typing import Any

import pytest

from cluster.api.status import Cause
from cluster.api.validation.environment import (
    check_environment,
    check_field_ref,
    check_resource_field,
)


def field(path: str) -> dict[str, str]:
    return {"apiVersion": "v1", "fieldPath": path}


def found(env: list[dict[str, Any]]) -> list[str]:
    causes: list[Cause] = []
    check_environment("c", {"env": env}, causes)
    return [cause.text() for cause in causes]


@pytest.mark.parametrize(
    ("source", "text"),
    [({"fieldRef": field("status.podIP")}, ""),
     ({"fieldRef": field("metadata.labels['app']")}, ""),
     ({"fieldRef": field("metadata.labels['a b']")}, "fieldRef: Invalid value"),
     ({"fieldRef": field("metadata.name['a']")}, "field label does not support subscript"),
     ({"fieldRef": field("metadata.labels")}, "fieldPath: Unsupported value"),
     ({"fieldRef": field("spec.x")}, "fieldPath: Invalid value"),
     ({"fieldRef": {**field("metadata.name"), "apiVersion": "v2"}}, "unsupported pod version: v2"),
     ({"fieldRef": {"fieldPath": "metadata.name"}}, "apiVersion: Required value"),
     ({"fieldRef": {"apiVersion": "v1"}}, "fieldPath: Required value"),
     ({"resourceFieldRef": {"resource": "limits.cpu", "divisor": "2"}}, "divisor: Invalid value"),
     ({"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}, ""),
     ({"resourceFieldRef": {"resource": "limits.memory", "divisor": "1m"}}, "the memory resource"),
     ({"secretKeyRef": {"name": "A B", "key": "a"}}, "secretKeyRef.name: Invalid value"),
     ({"fileKeyRef": {"key": "A", "volumeName": "v", "path": "a.env"}}, ""),
     ({"fileKeyRef": {"key": "A", "volumeName": "v", "path": "/a"}}, "must be a relative path"),
     ({"fileKeyRef": {"key": "A"}}, "fileKeyRef.volumeName: Required value"),
     ({"resourceFieldRef": {"resource": "limits.cpu"}}, ""),
     ({"resourceFieldRef": {"resource": "limits.x"}}, "Unsupported value"),
     ({"resourceFieldRef": {}}, "resource: Required value"),
     ({"configMapKeyRef": {"name": "a", "key": "b"}}, ""),
     ({"configMapKeyRef": {"key": "b"}}, "configMapKeyRef.name: Invalid value"),
     ({"secretKeyRef": {"name": "a", "key": "/"}}, "a valid config key"),
     ({"configMapKeyRef": {"name": "a", "key": "b"}, "secretKeyRef": {"name": "a", "key": "b"}},
      "may not have more than one field specified")],
)  # fmt: skip
def test_sources(source: dict[str, Any], text: str) -> None:
    causes = found([{"name": "A", "valueFrom": source}])
    assert (causes == []) if not text else any(text in cause for cause in causes)


def test_whole_environments() -> None:
    causes: list[Cause] = []
    right = [{"configMapRef": {"name": "a"}, "prefix": "A_"}, {"secretRef": {"name": "a"}}]
    check_environment("c", {"envFrom": right}, causes)
    assert causes == []
    wrong = [{"configMapRef": {}}, {"configMapRef": {"name": "a"}, "secretRef": {"name": "a"}},
             {"secretRef": {"name": "A"}, "prefix": "a="}]  # fmt: skip
    check_environment("c", {"envFrom": wrong}, causes)
    assert [cause.field for cause in causes] == [
        "c.envFrom[0].configMapRef.name",
        "c.envFrom",
        "c.envFrom[2].prefix",
        "c.envFrom[2].secretRef.name",
    ]


def test_files_may_hold_whole_maps() -> None:
    causes: list[Cause] = []
    check_field_ref("f", field("metadata.annotations"), True, causes)
    check_resource_field("r", {"containerName": "a", "resource": "requests.memory"}, True, causes)
    assert causes == []
    check_resource_field("r", {"resource": "requests.memory"}, True, causes)
    check_field_ref("f", field("status.podIP"), True, causes)
    assert [cause.field for cause in causes] == ["r.containerName", "f.fieldPath"]
