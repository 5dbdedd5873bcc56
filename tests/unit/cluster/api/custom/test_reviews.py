"""Conversion reviews: asked right, and no answer believed that changes what it may not."""

from typing import Any

import pytest

from cluster.api.custom import reviews
from cluster.api.custom.form import CustomForm
from tests.support.widgets import definition, version, widget


def form() -> CustomForm:
    made = definition(version("v1"), version("v2", storage=False))
    made["status"] = {"acceptedNames": {"kind": "Widget"}}
    made["spec"]["conversion"] = {
        "strategy": "Webhook",
        "webhook": {"conversionReviewVersions": ["v9", "v1"]},
    }
    return CustomForm(made, made["spec"]["versions"][1], None)


OLD = {**widget(), "metadata": {"name": "w", "uid": "u", "generation": 3}}
NEW = {**OLD, "apiVersion": "example.com/v2"}


def answered(*objects: Any, **response: Any) -> list[dict[str, Any]]:
    review = reviews.request(form(), "v2", [OLD], "id")
    assert review["apiVersion"] == "apiextensions.k8s.io/v1"
    assert review["request"]["desiredAPIVersion"] == "example.com/v2"
    full = {"uid": "id", "result": {"status": "Success"}, "convertedObjects": list(objects),
            **response}  # fmt: skip
    return reviews.converted(form(), "v2", [OLD], review, {"response": full})


def test_labels_may_change_the_rest_of_metadata_not() -> None:
    given = {**NEW, "metadata": {"name": "w", "uid": "u", "labels": {"a": "b"}, "generation": 99}}
    [found] = answered(given)
    assert found["metadata"] == {"name": "w", "uid": "u", "generation": 3, "labels": {"a": "b"}}


@pytest.mark.parametrize(
    ("objects", "response", "said"),
    [
        ((), {}, "expected 1 converted objects, got 0"),
        ((OLD,), {}, "expected example.com/v2, Kind=Widget, got example.com/v1"),
        (({**NEW, "metadata": {"name": "x", "uid": "u"}},), {}, "must not change metadata.name"),
        ((NEW,), {"uid": "other"}, "expected response.uid="),
        ((NEW,), {"result": {"status": "Failed", "message": "no way"}}, "no way"),
    ],
)
def test_answers_that_are_refused(objects: Any, response: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        answered(*objects, **response)


def test_endpoints_behind_a_port() -> None:
    service = {"spec": {"ports": [{"name": "https", "port": 443, "targetPort": 8443}]}}
    slices = [
        {
            "ports": [{"name": "https", "port": 8443}, {"name": "other", "port": 1}],
            "endpoints": [
                {"addresses": ["10.0.0.2"], "conditions": {"ready": True}},
                {"addresses": ["10.0.0.3"], "conditions": {"ready": False}},
                {"addresses": ["10.0.0.1"]},
            ],
        }
    ]
    assert reviews.endpoints(service, slices, 443) == [("10.0.0.1", 8443), ("10.0.0.2", 8443)]
    assert reviews.endpoints(service, slices, 80) == []
