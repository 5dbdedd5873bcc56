"""Label selectors inside objects."""

from typing import Any

import pytest

from cluster.api.status import Cause
from cluster.api.validation.label_selectors import check_label_selector


def found(selector: Any) -> list[str]:
    causes: list[Cause] = []
    check_label_selector("s", selector, causes)
    return [cause.text() for cause in causes]


def test_right_ones() -> None:
    assert found(None) == [] and found({}) == []
    expression = {"key": "a", "operator": "NotIn", "values": ["x", ""]}
    assert found({"matchLabels": {"a": "b"}, "matchExpressions": [expression]}) == []


@pytest.mark.parametrize(
    ("expression", "field"),
    [({"key": "a"}, "operator"), ({"key": "a", "operator": "In"}, "values"),
     ({"key": "a", "operator": "Exists", "values": ["x"]}, "values"),
     ({"operator": "Exists"}, "key"),
     ({"key": "a", "operator": "In", "values": ["-"]}, "values[0]")],
)  # fmt: skip
def test_wrong_ones(expression: dict[str, Any], field: str) -> None:
    assert found({"matchExpressions": [expression]})[0].startswith(
        f"s.matchExpressions[0].{field}: "
    )
    assert found({"matchLabels": {"-": "-"}})[0].startswith("s.matchLabels: ")
