"""Rules of selectors and of templates that all workloads share, and where they are told of."""

from typing import Any

import pytest

from tests.unit.cluster.api.validation.helpers import changed, created, updated
from tests.unit.cluster.api.validation.test_apps import body

WORKLOADS = ("deployments", "replicasets", "statefulsets")
NO_MATCH = "`selector` does not match template `labels`"


def places(found: list[str]) -> set[str]:
    """Only the fields."""
    return {item.split(":")[0] for item in found}


@pytest.mark.parametrize("plural", WORKLOADS)
def test_no_selector_selects_nothing(plural: str) -> None:
    found = created("apps", plural, changed(body(), "spec.selector", None))
    assert found[0] == "spec.selector: Required value"
    assert found[1].endswith(NO_MATCH)
    assert len(found) == 2


def test_a_daemon_set_without_a_selector_selects_nothing() -> None:
    [found] = created("apps", "daemonsets", changed(body(), "spec.selector", None))
    assert found.startswith("spec.template.metadata.labels:")


@pytest.mark.parametrize("plural", WORKLOADS)
def test_of_a_selector_that_cannot_be_the_template_is_not_looked_at(plural: str) -> None:
    wrong = changed(body(), "spec.selector.matchLabels", {"app": "Odd!"})
    wrong = changed(wrong, "spec.template.spec.containers", [])
    found = created("apps", plural, wrong)
    assert places(found) == {"spec.selector", "spec.selector.matchLabels"}


def test_labels_of_a_template_are_told_of_by_the_path_of_kubernetes() -> None:
    wrong = changed(body(), "spec.template.metadata.labels", {"app": "web", "a": "Odd!"})
    wrong = changed(wrong, "spec.template.metadata.annotations", {"-": ""})
    for plural in (*WORKLOADS, "daemonsets"):
        found = places(created("apps", plural, wrong))
        assert found == {"spec.template.labels", "spec.template.annotations"}


def test_unknown_strategies() -> None:
    for plural, path in (("deployments", "strategy"), ("daemonsets", "updateStrategy")):
        [found] = created("apps", plural, changed(body(), f"spec.{path}", {"type": "Any"}))
        assert found.startswith(f'spec.{path}: Unsupported value: {{"type":"Any"}}: supported')


@pytest.mark.parametrize(
    ("plural", "rolling", "count"),
    [
        ("daemonsets", {"maxUnavailable": "x"}, 2),
        ("daemonsets", {"maxUnavailable": "5"}, 1),
        ("deployments", {"maxUnavailable": "x", "maxSurge": 0}, 2),
        ("deployments", {"maxUnavailable": "x", "maxSurge": 1}, 1),
    ],
)
def test_what_is_no_share_counts_for_nothing(
    plural: str, rolling: dict[str, Any], count: int
) -> None:
    name = "strategy" if plural == "deployments" else "updateStrategy"
    wrong = changed(body(), f"spec.{name}", {"rollingUpdate": rolling})
    assert len(created("apps", plural, wrong)) == count


def test_a_replication_controller_has_a_template() -> None:
    for create in (True, False):
        wrong: dict[str, Any] = {"spec": {"selector": {"a": "b"}}}
        if create:
            found = created("", "replicationcontrollers", wrong)
        else:
            found = updated("", "replicationcontrollers", {"spec": {}}, wrong)
        assert found == ["spec.template: Required value"]
