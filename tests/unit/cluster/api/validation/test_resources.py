"""Requests and limits."""

from typing import Any

import pytest

from cluster.api.status import Cause
from cluster.api.validation.resources import check_amounts, check_resources


def found(requests: dict[str, str], limits: dict[str, str]) -> list[str]:
    causes: list[Cause] = []
    check_resources("r", {"requests": requests, "limits": limits}, causes)
    return [cause.text() for cause in causes]


@pytest.mark.parametrize(
    ("requests", "limits", "text"),
    [({"cpu": "1"}, {"cpu": "1000m"}, ""), ({"cpu": "1"}, {}, ""), ({}, {"memory": "1Gi"}, ""),
     ({"cpu": "1001m"}, {"cpu": "1"}, "must be less than or equal to cpu limit of 1"),
     ({"memory": "-1"}, {}, "must be greater than or equal to 0"),
     ({"cpu": "1", "hugepages-2Mi": "2Mi"}, {"hugepages-2Mi": "2048Ki"}, ""),
     ({"hugepages-2Mi": "2Mi"}, {"hugepages-2Mi": "2Mi"}, "r: Forbidden: HugePages require cpu or"),
     ({"cpu": "1", "hugepages-2Mi": "2Mi"}, {}, "r.limits: Required value: Limit must be set for"),
     ({"cpu": "1"}, {"hugepages-2Mi": "1Mi"}, "1Mi is not positive integer multiple of"),
     ({"cpu": "1"}, {"hugepages-many": "1Mi"}, "r.limits[hugepages-many]: Invalid value"),
     ({"x.io/gpu": "1"}, {}, "r.limits: Required value: Limit must be set for non"),
     ({}, {"x.io/gpu": "1"}, ""),
     ({"x.io/gpu": "1"}, {"x.io/gpu": "2"}, "must be equal to x.io/gpu limit of 2"),
     ({"x.io/gpu": "500m"}, {"x.io/gpu": "500m"}, "must be an integer"),
     ({"disk": "1"}, {}, "must be a standard resource for containers"),
     ({"a b": "1"}, {}, "name part must consist of")],
)  # fmt: skip
def test_resources(requests: dict[str, str], limits: dict[str, str], text: str) -> None:
    causes = found(requests, limits)
    assert (causes == []) if not text else any(text in cause for cause in causes)


def test_amounts() -> None:
    causes: list[Any] = []
    check_amounts("c", None, causes)
    check_amounts("c", {"cpu": "1"}, causes)
    assert causes == []
    check_amounts("c", {"cpu": "-1", "-": "1"}, causes)
    assert [cause.field for cause in causes] == ["c[cpu]", "c[-]"]
