"""resourceVersion and its match rules, for lists and for watches."""

import pytest

from actors.apiserver.list_options import list_options, watch_options
from cluster.errors import StatusError


@pytest.mark.parametrize(
    ("query", "linearizable", "at_least", "revision"),
    [
        ({}, True, 0, 0),
        ({"resourceVersion": "0"}, False, 0, 0),
        ({"resourceVersion": "7"}, False, 7, 0),
        ({"resourceVersion": "7", "resourceVersionMatch": "NotOlderThan"}, False, 7, 0),
        ({"resourceVersion": "7", "resourceVersionMatch": "Exact"}, True, 0, 7),
        ({"resourceVersion": "7", "limit": "5"}, True, 0, 7),
    ],
)
def test_lists(query: dict[str, str], linearizable: bool, at_least: int, revision: int) -> None:
    read = list_options(query).range_request()
    assert (read.linearizable, read.at_least, read.revision) == (linearizable, at_least, revision)


@pytest.mark.parametrize(
    "query",
    [
        {"resourceVersionMatch": "Exact"},
        {"resourceVersionMatch": "Exact", "resourceVersion": "0"},
        {"resourceVersionMatch": "Near", "resourceVersion": "5"},
        {"resourceVersionMatch": "Exact", "resourceVersion": "5", "continue": "x"},
        {"resourceVersion": "5", "continue": "x"},
        {"sendInitialEvents": "true"},
        {"resourceVersion": "abc"},
        {"timeoutSeconds": "abc"},
        {"limit": "abc"},
    ],
)
def test_wrong_combinations_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(StatusError) as refused:
        list_options(query)
    assert refused.value.code in (400, 422)


def test_what_is_wrong_is_told_by_field() -> None:
    with pytest.raises(StatusError) as refused:
        list_options({"resourceVersionMatch": "Exact"})
    told = refused.value.status
    detail = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
    assert told["message"] == (
        f'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: {detail}'
    )
    assert (told["details"]["group"], told["details"]["kind"]) == ("meta.k8s.io", "ListOptions")
    assert [cause["field"] for cause in told["details"]["causes"]] == ["resourceVersionMatch"]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"continue": "x"}, ["resourceVersionMatch"]),
        ({"sendInitialEvents": "true"}, ["resourceVersionMatch"]),
        ({"resourceVersionMatch": "NotOlderThan"}, ["resourceVersionMatch"]),
        ({"resourceVersionMatch": "Exact"}, ["resourceVersionMatch", "resourceVersionMatch"]),
    ],
)
def test_what_a_watch_is_refused_for(query: dict[str, str], fields: list[str]) -> None:
    with pytest.raises(StatusError) as refused:
        watch_options(query)
    told = refused.value.status
    assert told["code"] == 422
    assert [cause["field"] for cause in told["details"]["causes"]] == fields


def test_a_limit_below_nothing_is_none() -> None:
    assert list_options({"limit": "-1", "timeoutSeconds": "-1"}) == list_options({})


def test_watches() -> None:
    assert watch_options({}).initial
    assert watch_options({"resourceVersion": "0"}).initial
    assert not watch_options({"resourceVersion": "5"}).initial
    listed = watch_options(
        {
            "sendInitialEvents": "true",
            "resourceVersionMatch": "NotOlderThan",
            "allowWatchBookmarks": "true",
        }
    )
    assert (listed.initial, listed.mark_initial) == (True, True)
    from_now = watch_options({"sendInitialEvents": "false", "resourceVersionMatch": "NotOlderThan"})
    assert not from_now.initial


@pytest.mark.parametrize(
    "query",
    [
        {"sendInitialEvents": "true"},
        {"resourceVersionMatch": "NotOlderThan", "resourceVersion": "5"},
    ],
)
def test_wrong_watch_combinations_are_refused(query: dict[str, str]) -> None:
    with pytest.raises(StatusError) as refused:
        watch_options(query)
    assert refused.value.code == 422
