"""A Deployment's history in annotations and hashes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.controllers import revisions
from actors.controllers.rolling import Bounds
from tests.unit.actors.controllers.cluster import make_deployment

LIMITS = Bounds(3, 1, 0)


def deployment(image: str = "web:1", **annotations: str) -> dict:
    made = make_deployment(3, image)
    made["metadata"].update(uid="uid-web", annotations=annotations)
    return made


def test_the_hash_is_stable_and_follows_the_template() -> None:
    one = deployment()["spec"]["template"]
    reordered = {"spec": one["spec"], "metadata": one["metadata"]}
    assert revisions.template_hash(one) == revisions.template_hash(reordered)
    assert revisions.template_hash(one) != revisions.template_hash(one, collisions=1)
    other = deployment("web:2")["spec"]["template"]
    assert revisions.template_hash(one) != revisions.template_hash(other)
    assert revisions.template_hash(one).isalnum()


def test_the_new_set_equals_the_template_it_was_made_of() -> None:
    made = revisions.make_set(deployment(), 2, 5, LIMITS)
    assert made["spec"]["replicas"] == 2
    assert revisions.revision_of(made) == 5
    assert revisions.find_new(deployment(), [made]) is made
    assert revisions.find_new(deployment("web:2"), [made]) is None
    annotations = made["metadata"]["annotations"]
    assert annotations[revisions.DESIRED] == "3" and annotations[revisions.MAX_REPLICAS] == "4"


def test_annotations_are_copied_but_for_those_of_kubectl_and_our_own() -> None:
    source = deployment(**{"team": "blue", revisions.LAST_APPLIED: "{}", revisions.REVISION: "9"})
    made = revisions.make_set(source, 1, 1, LIMITS)["metadata"]["annotations"]
    assert made["team"] == "blue" and revisions.LAST_APPLIED not in made
    assert made[revisions.REVISION] == "1"


def test_a_returning_set_gets_the_next_revision_and_remembers() -> None:
    made = revisions.make_set(deployment(), 0, 1, LIMITS)
    again = revisions.refreshed(deployment(), made, 3, LIMITS)
    assert again is not None
    assert revisions.revision_of(again) == 3
    assert again["metadata"]["annotations"][revisions.REVISION_HISTORY] == "1"
    assert revisions.refreshed(deployment(), again, 3, LIMITS) is None
    assert revisions.refreshed(deployment(), again, 2, LIMITS) is None


def test_resizing_writes_only_changes() -> None:
    made = revisions.make_set(deployment(), 3, 1, LIMITS)
    assert revisions.resized(made, 3, LIMITS) is None
    changed = revisions.resized(made, 5, Bounds(5, 2, 1))
    assert changed is not None and changed["spec"]["replicas"] == 5
    assert changed["metadata"]["annotations"][revisions.MAX_REPLICAS] == "7"
    assert made["spec"]["replicas"] == 3


@pytest.mark.parametrize(("limit", "expected"), [(0, ["1", "2", "3"]), (2, ["1"]), (5, [])])
def test_history_beyond_the_limit(limit: int, expected: list[str]) -> None:
    sets = []
    for revision in (3, 1, 2):
        item = revisions.make_set(deployment(f"web:{revision}"), 0, revision, LIMITS)
        item["metadata"]["generation"] = 1
        item["status"] = {"observedGeneration": 1, "replicas": 0}
        sets.append(item)
    found = revisions.to_forget(sets, limit)
    assert [item["metadata"]["annotations"][revisions.REVISION] for item in found] == expected


def test_a_set_that_still_has_pods_is_kept() -> None:
    item = revisions.make_set(deployment(), 0, 1, LIMITS)
    item["status"] = {"replicas": 1}
    assert revisions.to_forget([item], 0) == []


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=4))
def test_the_hash_label_makes_no_difference(labels: dict[str, str]) -> None:
    one = {"metadata": {"labels": labels}, "spec": {}}
    other = {"metadata": {"labels": {**labels, "pod-template-hash": "x"}}, "spec": {}}
    assert revisions.same_template(one, other)
