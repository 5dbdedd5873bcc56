"""Definitions in groups of the Kubernetes community."""

from typing import Any

import pytest

from cluster.api.custom.approval import APPROVAL, check_approval, condition_of
from cluster.api.status import Cause
from tests.support.widgets import definition


def made(text: str | None = None, group: str = "x.k8s.io") -> dict[str, Any]:
    obj = definition()
    obj["spec"]["group"] = group
    if text is not None:
        obj["metadata"]["annotations"] = {APPROVAL: text}
    return obj


def said(obj: dict[str, Any], old: dict[str, Any] | None = None) -> list[str]:
    found: list[Cause] = []
    check_approval(obj, old, found)
    return [cause.reason for cause in found]


@pytest.mark.parametrize(
    ("text", "held", "reason", "message"),
    [
        ("https://example.com/1", "True", "Approved", "approved in https://example.com/1"),
        ('unapproved, a "test"', "False", "Unapproved",
         'not approved: "unapproved, a \\"test\\""'),
        ("yes", "False", "Invalid", "protected groups must have approval annotation "),
        ("http:///path", "False", "Invalid", "protected groups must have approval annotation "),
        (None, "False", "Missing", "protected groups must have approval annotation "),
    ],
)  # fmt: skip
def test_the_condition(text: str | None, held: str, reason: str, message: str) -> None:
    found = condition_of(made(text))
    assert found is not None and found["message"].startswith(message)
    assert (found["status"], found["reason"]) == (held, f"{reason}Annotation")


def test_groups_of_anybody() -> None:
    assert condition_of(made(group="example.com")) is None
    assert said(made(group="example.com")) == []


def test_what_was_wrong_may_stay_as_it_was() -> None:
    assert said(made()) == ["FieldValueRequired"] and said(made("no")) == ["FieldValueInvalid"]
    assert said(made("yes"), made("no")) == said(made(), made()) == []
    assert said(made("yes"), made("https://example.com/1")) == ["FieldValueInvalid"]
    assert said(made("unapproved"), made("no")) == []
