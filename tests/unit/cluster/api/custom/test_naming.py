"""Names that definitions get, and what their status says."""

from typing import Any

from cluster.api.custom.definition import kinds_of
from cluster.api.custom.naming import status_of, with_condition
from tests.support.widgets import definition, version

NOW = "2026-01-01T00:00:00Z"


def made(uid: str, **names: Any) -> dict[str, Any]:
    obj = definition(version("v1"), version("v2", storage=False))
    obj["metadata"]["uid"] = uid
    obj["spec"]["names"] = {
        "plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList",
        **names,
    }  # fmt: skip
    return obj


def conditions(status: dict[str, Any]) -> dict[str, str]:
    return {item["type"]: f"{item['status']} {item['reason']}" for item in status["conditions"]}


def test_the_first_gets_its_names() -> None:
    one = made("1")
    one["status"] = status_of(one, [one], NOW)
    assert conditions(one["status"]) == {
        "NamesAccepted": "True NoConflicts",
        "Established": "True InitialNamesAccepted",
    }
    assert one["status"]["storedVersions"] == ["v1"]
    assert status_of(one, [one], "2027-01-01T00:00:00Z") == one["status"]
    assert [kind.version for kind in kinds_of(one)] == ["v1", "v2"]


def test_the_second_does_not() -> None:
    one = made("1", shortNames=["wi"])
    one["status"] = status_of(one, [one], NOW)
    two = made("2", plural="gadgets", singular="gadget", kind="Gadget", listKind="GadgetList",
               shortNames=["wi", "ga"])  # fmt: skip
    two["status"] = status_of(two, [one, two], NOW)
    assert conditions(two["status"]) == {
        "NamesAccepted": "False ShortNamesConflict",
        "Established": "False NotAccepted",
    }
    assert two["status"]["conditions"][0]["message"] == '"wi" is already in use'
    assert kinds_of(two) == ()
    two["status"] = status_of(two, [two], NOW)
    assert conditions(two["status"])["Established"] == "True InitialNamesAccepted"
    assert two["status"]["acceptedNames"]["shortNames"] == ["wi", "ga"]


def test_all_short_names_in_use_are_told_and_its_own_are_not() -> None:
    one = made("1", shortNames=["wi", "wo"])
    one["status"] = status_of(one, [one], NOW)
    two = made("2", plural="gadgets", singular="gadget", kind="Gadget", listKind="GadgetList",
               shortNames=["wi", "wo", "ga"])  # fmt: skip
    said = status_of(two, [one, two], NOW)["conditions"][0]["message"]
    assert said == '["wi" is already in use, "wo" is already in use]'
    one["spec"]["names"]["shortNames"] = ["wi", "widget", "widgets"]
    assert conditions(status_of(one, [one], NOW))["NamesAccepted"] == "True NoConflicts"
    one["spec"]["names"]["singular"] = "wi"
    status = status_of(one, [one], NOW)
    assert conditions(status)["NamesAccepted"] == "False SingularConflict"
    assert status["acceptedNames"]["singular"] == "widget"


def test_other_groups_do_not_matter() -> None:
    one = made("1")
    one["status"] = status_of(one, [], NOW)
    two = made("2")
    two["spec"]["group"] = "example.org"
    assert conditions(status_of(two, [one], NOW))["NamesAccepted"] == "True NoConflicts"


def test_established_is_for_ever() -> None:
    one = made("1")
    one["status"] = status_of(one, [], NOW)
    rival = made("2", plural="others", singular="other", shortNames=["new"], kind="Other",
                 listKind="OtherList")  # fmt: skip
    rival["status"] = status_of(rival, [], NOW)
    one["spec"]["names"]["shortNames"] = ["new"]
    status = status_of(one, [one, rival], NOW)
    assert conditions(status) == {
        "NamesAccepted": "False ShortNamesConflict",
        "Established": "True InitialNamesAccepted",
    }


def test_conditions_stay_where_they_are() -> None:
    one = made("1")
    one["status"] = status_of(one, [one], NOW)
    one["status"]["conditions"].insert(0, {"type": "Odd", "status": "True"})
    one["status"]["conditions"].reverse()
    wanted = with_condition(one, "Terminating", "True", "R", "m", NOW)
    assert [item["type"] for item in wanted] == [
        "Established", "NamesAccepted", "Odd", "Terminating",
    ]  # fmt: skip
    one["status"]["conditions"] = wanted
    assert status_of(one, [one], "2027-01-01T00:00:00Z") == one["status"]
