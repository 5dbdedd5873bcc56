"""Conditions of a namespace that waits for its content to go."""

from actors.controllers.namespace_status import COUNTED_MAX, waiting
from cluster.api.resources import CONFIGMAPS, DEPLOYMENTS
from cluster.api.types import Object

NOW = 1_800_000_000.0


def things(count: int, *finalizers: str) -> list[Object]:
    return [{"metadata": {"name": str(each), "finalizers": [*finalizers]}} for each in range(count)]


def conditions(namespace: Object | None) -> dict[str, tuple[str, str]]:
    assert namespace is not None
    found = namespace["status"]["conditions"]
    return {item["type"]: (item["status"], item["message"]) for item in found}


def test_what_remains_and_what_holds_it() -> None:
    content = [(DEPLOYMENTS, things(1, "b/c", "b/c")), (CONFIGMAPS, things(2, "a/b", "b/c"))]
    told = waiting({"status": {"phase": "Terminating"}}, content, NOW)
    found = conditions(told)
    assert found["NamespaceContentRemaining"] == (
        "True",
        "Some resources are remaining: configmaps. has 2 resource instances, "
        "deployments.apps has 1 resource instances",
    )
    assert found["NamespaceFinalizersRemaining"] == (
        "True",
        "Some content in the namespace has finalizers remaining: "
        "a/b in 2 resource instances, b/c in 3 resource instances",
    )
    assert found["NamespaceDeletionContentFailure"][0] == "False"
    assert told is not None and told["status"]["phase"] == "Terminating"
    assert waiting(told, content, NOW + 60) is None


def test_the_last_few_are_counted_down() -> None:
    told: Object | None = {}
    writes = 0
    for left in range(COUNTED_MAX + 20, 0, -1):
        assert told is not None
        next_one = waiting(told, [(CONFIGMAPS, things(left))], NOW)
        writes += next_one is not None
        told = next_one or told
    assert writes == 1 + COUNTED_MAX
    assert "has 1 resource" in conditions(told)["NamespaceContentRemaining"][1]


def test_finalizers_that_are_gone_and_conditions_of_others() -> None:
    other = {"type": "Mine", "status": "True", "message": ""}
    held = waiting({"status": {"conditions": [other]}}, [(CONFIGMAPS, things(1, "a/b"))], NOW)
    assert held is not None
    freed = waiting(held, [(CONFIGMAPS, things(1))], NOW + 5)
    assert conditions(freed)["NamespaceFinalizersRemaining"][0] == "False"
    assert freed is not None and freed["status"]["conditions"][0] == other
