"""Environments of containers."""

from typing import Any

import pytest

from cluster.api.status import Cause
from cluster.api.validation.environment import (
    check_environment,
    check_field_path,
    check_resource_field,
)


def found(env: list[dict[str, Any]]) -> list[str]:
    causes: list[Cause] = []
    check_environment("c", {"env": env}, causes)
    return [cause.text() for cause in causes]


@pytest.mark.parametrize(
    ("source", "text"),
    [({"fieldRef": {"fieldPath": "status.podIP"}}, ""),
     ({"fieldRef": {"fieldPath": "metadata.labels['app']"}}, ""),
     ({"fieldRef": {"fieldPath": "metadata.labels"}}, "Unsupported value"),
     ({"fieldRef": {}}, "fieldPath: Required value"),
     ({"resourceFieldRef": {"resource": "limits.cpu"}}, ""),
     ({"resourceFieldRef": {"resource": "limits.x"}}, "Unsupported value"),
     ({"resourceFieldRef": {}}, "resource: Required value"),
     ({"configMapKeyRef": {"name": "a", "key": "b"}}, ""),
     ({"configMapKeyRef": {"key": "b"}}, "configMapKeyRef.name: Required value"),
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
             {"secretRef": {"name": "a"}, "prefix": "a="}]  # fmt: skip
    check_environment("c", {"envFrom": wrong}, causes)
    assert [cause.field for cause in causes] == [
        "c.envFrom[0].configMapRef.name",
        "c.envFrom[1]",
        "c.envFrom[2].prefix",
    ]


def test_files_may_hold_whole_maps() -> None:
    causes: list[Cause] = []
    check_field_path("f", "metadata.annotations", True, causes)
    check_resource_field("r", {"containerName": "a", "resource": "requests.memory"}, True, causes)
    assert causes == []
    check_resource_field("r", {"resource": "requests.memory"}, True, causes)
    assert [cause.field for cause in causes] == ["r.containerName"]
