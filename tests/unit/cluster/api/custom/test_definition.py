"""Kinds of definitions whose status a client may have written."""

from typing import Any

import pytest

from cluster.api.custom.definition import accepted_names, kinds_of, stored_kind
from tests.support import widgets

NAMES = {"plural": "widgets", "kind": "Widget"}
TRUE = {"type": "Established", "status": "True"}


def definition(**status: Any) -> dict[str, Any]:
    return {**widgets.definition(), "status": status}


def test_an_established_definition_is_a_kind() -> None:
    found = definition(acceptedNames=NAMES, conditions=[TRUE])
    assert [kind.kind for kind in kinds_of(found)] == ["Widget"]
    assert stored_kind(found) is not None
    assert accepted_names(found) == NAMES


@pytest.mark.parametrize(
    "status",
    [
        {"acceptedNames": NAMES, "conditions": [{"status": "True"}]},
        {"acceptedNames": {"plural": "widgets"}, "conditions": [TRUE]},
        {"acceptedNames": {"plural": "", "kind": "Widget"}, "conditions": [TRUE]},
        {"conditions": [TRUE]},
        {},
    ],
)
def test_one_that_says_half_of_it_is_none(status: Any) -> None:
    assert kinds_of(definition(**status)) == ()
    assert stored_kind(definition(**status)) is None


def test_who_uses_an_old_version_is_told_of_a_better_one() -> None:
    old, gone = widgets.version("v1beta1", storage=False), widgets.version("v3", storage=False)
    old["deprecated"], gone["served"] = True, False
    two = widgets.version("v2", storage=False)
    made = widgets.definition(widgets.version("v1"), two, old, gone)
    made["status"] = {"acceptedNames": NAMES, "conditions": [TRUE]}

    def told() -> dict[str, str]:
        return {kind.version: kind.deprecated for kind in kinds_of(made)}

    text = "example.com/v1beta1 Widget is deprecated; use example.com/v2 Widget"
    assert told() == {"v1": "", "v2": "", "v1beta1": text}
    made["spec"]["versions"] = [{**item, "deprecated": True} for item in made["spec"]["versions"]]
    assert told()["v1beta1"] == "example.com/v1beta1 Widget is deprecated"
    made["spec"]["versions"][2]["deprecationWarning"] = "Go away."
    assert told()["v1beta1"] == "Go away."
