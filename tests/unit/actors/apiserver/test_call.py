"""URL parameters of writes and deletes."""

import pytest

from actors.apiserver.call import delete_options, parse_bool, parse_int, write_options
from cluster.errors import StatusError


def test_write_options() -> None:
    options = write_options(
        {"dryRun": "All", "fieldManager": "me", "fieldValidation": "Strict", "force": "true"},
        verb="apply",
    )
    assert (options.dry_run, options.manager, options.validation, options.force) == (
        True,
        "me",
        "Strict",
        True,
    )


def test_the_client_program_is_the_manager_without_a_better_name() -> None:
    assert write_options({}, "kubectl/v1.37.1 (linux)", "create").manager == "kubectl"


def test_a_read_has_no_write_options() -> None:
    assert write_options({"dryRun": "Some", "fieldValidation": "Maybe"}, verb="get").manager == ""


@pytest.mark.parametrize(
    ("query", "verb", "text"),
    [
        (
            {"dryRun": "Some"},
            "create",
            'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: '
            'supported values: "All"',
        ),
        (
            {"fieldValidation": "Maybe"},
            "update",
            'UpdateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Maybe": '
            'supported values: "", "Ignore", "Strict", "Warn"',
        ),
        (
            {"fieldManager": "x" * 129},
            "patch",
            'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Too long: '
            "may not be more than 128 bytes",
        ),
        (
            {"force": "true"},
            "patch",
            'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: '
            "may not be specified for non-apply patch",
        ),
        (
            {"force": "true"},
            "apply",
            'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: '
            "is required for apply patch",
        ),
    ],
)
def test_wrong_write_options_are_invalid(query: dict[str, str], verb: str, text: str) -> None:
    with pytest.raises(StatusError) as refused:
        write_options(query, verb=verb)
    assert refused.value.code == 422
    assert refused.value.status["message"] == text


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(StatusError) as refused:
        write_options({"dryRun": "x", "fieldManager": "a\x07b"}, verb="create")
    fields = [cause["field"] for cause in refused.value.status["details"]["causes"]]
    assert fields == ["fieldManager", "dryRun"]


@pytest.mark.parametrize(
    ("value", "truth"),
    [("", True), ("1", True), ("perhaps", True), ("false", False), ("FALSE", False), ("0", False)],
)
def test_truth(value: str, truth: bool) -> None:
    assert parse_bool({"force": value}, "force") is truth
    assert parse_bool({}, "force") is False


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("1.5", 'strconv.ParseInt: parsing "1.5": invalid syntax'),
        ("-1", 'strconv.ParseInt: parsing "-1": invalid syntax'),
        ("9223372036854775808", 'parsing "9223372036854775808": value out of range'),
        ("9" * 5000, "value out of range"),
    ],
)
def test_wrong_numbers_are_400(value: str, wrong: str) -> None:
    with pytest.raises(StatusError, match=wrong) as refused:
        parse_int({"limit": value}, "limit")
    assert refused.value.code == 400
    assert parse_int({"limit": "9223372036854775807"}, "limit") == 2**63 - 1


def test_an_empty_dry_run_is_refused() -> None:
    with pytest.raises(StatusError) as refused:
        write_options({"dryRun": ""}, verb="create")
    assert refused.value.code == 422


def test_delete_options_of_the_body_win() -> None:
    options = delete_options(
        {"gracePeriodSeconds": "5"},
        {"gracePeriodSeconds": 0, "preconditions": {"uid": "u"}, "propagationPolicy": "Orphan"},
    )
    assert (options.grace, options.propagation, options.preconditions.uid) == (0, "Orphan", "u")
    assert delete_options({"gracePeriodSeconds": "5"}, None).grace == 5
    assert delete_options({"gracePeriodSeconds": "5", "dryRun": "All"}, {}) == delete_options(
        {}, {}
    )
    assert delete_options({"orphanDependents": "true"}, None).propagation == "Orphan"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"gracePeriodSeconds": -(2**63) - 1}, 400),
        ({"gracePeriodSeconds": True}, 400),
        ({"gracePeriodSeconds": 1.5}, 400),
        ({"gracePeriodSeconds": 2**63}, 400),
        ({"preconditions": "u"}, 400),
        ({"kind": "ConfigMap", "apiVersion": "v1"}, 400),
        ({"preconditions": {"uid": 5}}, 400),
        ({"propagationPolicy": ["Orphan"]}, 400),
        ({"orphanDependents": "yes"}, 400),
        ({"dryRun": 5}, 400),
        ({"dryRun": ["All", "More"]}, 422),
        ({"propagationPolicy": "Sideways"}, 422),
        ({"propagationPolicy": "Orphan", "orphanDependents": True}, 422),
    ],
)
def test_wrong_delete_options_are_refused(body: dict[str, object], code: int) -> None:
    with pytest.raises(StatusError) as refused:
        delete_options({}, body)
    assert refused.value.code == code


def test_the_query_has_preconditions_too() -> None:
    found = delete_options({"uid": "u", "resourceVersion": "5"}, None).preconditions
    assert (found.uid, found.resource_version) == ("u", "5")
    assert delete_options({"resourceVersion": ""}, None) == delete_options({}, None)
    found = delete_options({"resourceVersion": "5"}, {"preconditions": {"uid": ""}}).preconditions
    assert (found.uid, found.resource_version) == ("", None)


def test_less_than_nothing_is_a_second_of_grace() -> None:
    assert delete_options({"gracePeriodSeconds": "-7"}, None).grace == 1
    assert delete_options({}, {"gracePeriodSeconds": -1, "kind": "DeleteOptions"}).grace == 1


def test_numbers_and_truths() -> None:
    assert parse_int({}, "limit", 7) == 7
    assert parse_bool({"watch": ""}, "watch")
    for text in ("-1", "1.5", "٣", "9" * 30):
        with pytest.raises(StatusError):
            parse_int({"limit": text}, "limit")
    assert parse_int({"limit": "-1"}, "limit", signed=True) == -1
    for text in ("-", "--1", "+1", "-٣", "-" + "9" * 30):
        with pytest.raises(StatusError):
            parse_int({"limit": text}, "limit", signed=True)
