"""URL parameters of writes and deletes."""

import pytest

from actors.apiserver.call import delete_options, parse_bool, parse_int, write_options
from cluster.errors import StatusError


def test_write_options() -> None:
    options = write_options(
        {"dryRun": "All", "fieldManager": "me", "fieldValidation": "Strict", "force": "true"}
    )
    assert (options.dry_run, options.manager, options.validation, options.force) == (
        True,
        "me",
        "Strict",
        True,
    )


def test_the_client_program_is_the_manager_without_a_better_name() -> None:
    assert write_options({}, "kubectl/v1.37.1 (linux)").manager == "kubectl"


@pytest.mark.parametrize(
    "query",
    [
        {"dryRun": "Some"},
        {"fieldValidation": "Maybe"},
        {"fieldManager": "x" * 129},
        {"force": "perhaps"},
    ],
)
def test_wrong_write_options_are_400(query: dict[str, str]) -> None:
    with pytest.raises(StatusError) as refused:
        write_options(query)
    assert refused.value.code == 400


def test_delete_options_of_the_body_win() -> None:
    options = delete_options(
        {"gracePeriodSeconds": "5"},
        {"gracePeriodSeconds": 0, "preconditions": {"uid": "u"}, "propagationPolicy": "Orphan"},
    )
    assert (options.grace, options.propagation, options.preconditions.uid) == (0, "Orphan", "u")
    assert delete_options({"gracePeriodSeconds": "5"}, None).grace == 5
    assert delete_options({"orphanDependents": "true"}, None).propagation == "Orphan"


@pytest.mark.parametrize(
    "body",
    [
        {"gracePeriodSeconds": -1},
        {"gracePeriodSeconds": True},
        {"propagationPolicy": "Sideways"},
        {"propagationPolicy": "Orphan", "orphanDependents": True},
    ],
)
def test_wrong_delete_options_are_400(body: dict[str, object]) -> None:
    with pytest.raises(StatusError) as refused:
        delete_options({}, body)
    assert refused.value.code == 400


def test_numbers_and_truths() -> None:
    assert parse_int({}, "limit", 7) == 7
    assert parse_bool({"watch": ""}, "watch")
    for text in ("-1", "1.5", "٣", "9" * 30):
        with pytest.raises(StatusError):
            parse_int({"limit": text}, "limit")
