"""The history of a template: what is equal, what is the newest, what is forgotten."""

from actors.controllers import controller_revisions as revisions
from cluster.api.resources import STATEFUL_SETS
from cluster.api.types import Object
from tests.unit.actors.controllers.stateful import make_stateful, revision


def numbered(stateful: Object, number: int) -> Object:
    return revision(stateful, number)


def test_a_revision_brings_its_template_back() -> None:
    stateful = make_stateful()
    stateful["metadata"]["annotations"] = {
        "kubernetes.io/change-cause": "new image",
        revisions.LAST_APPLIED: "{}",
    }
    made = revision(stateful, 3)
    assert made["revision"] == 3
    assert made["data"]["spec"]["template"]["$patch"] == "replace"
    assert revisions.template_of(made) == stateful["spec"]["template"]
    meta = made["metadata"]
    assert meta["labels"]["app"] == "web"
    assert meta["name"] == f"web-{meta['labels'][revisions.LABEL_HASH]}"
    assert meta["annotations"] == {"kubernetes.io/change-cause": "new image"}
    assert meta["ownerReferences"][0]["controller"]


def test_collisions_change_the_name_only() -> None:
    stateful = make_stateful()
    first = revision(stateful)
    stateful["status"]["collisionCount"] = 1
    second = revision(stateful)
    assert first["metadata"]["name"] != second["metadata"]["name"]
    assert first["data"] == second["data"]


def test_the_newest_an_older_one_and_a_new_one() -> None:
    one, two = make_stateful(image="web:1"), make_stateful(image="web:2")
    history = [numbered(two, 2), numbered(one, 1)]
    assert revisions.find(two, STATEFUL_SETS, history) == (history[0], False, False)
    back = revisions.find(one, STATEFUL_SETS, history)
    assert back.renumbered and back.revision == {**history[1], "revision": 3}
    third = revisions.find(make_stateful(image="web:3"), STATEFUL_SETS, history)
    assert third.made and third.revision["revision"] == 3
    assert revisions.find(one, STATEFUL_SETS, []).revision["revision"] == 1


def test_of_two_with_one_number_the_present_one_gets_the_next() -> None:
    one, two = make_stateful(image="web:1"), make_stateful(image="web:2")
    for stateful in (one, two):
        found = revisions.find(stateful, STATEFUL_SETS, [numbered(one, 1), numbered(two, 1)])
        assert found.renumbered and found.revision["revision"] == 2


def test_what_is_in_use_neither_counts_nor_goes() -> None:
    history = [numbered(make_stateful(image=f"web:{number}"), number) for number in range(1, 6)]
    names = [item["metadata"]["name"] for item in history]
    gone = revisions.to_forget(reversed(history), {names[0], names[4]}, 1)
    assert [item["revision"] for item in gone] == [2, 3]
    assert revisions.to_forget(history, set(names), 0) == []
    assert revisions.to_forget(history, {names[4]}, 10) == []
