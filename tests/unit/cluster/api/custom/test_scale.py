"""Where custom resources keep their numbers."""

from typing import Any

import pytest

from cluster.api.custom.scale import check, read, write
from cluster.api.status import Cause
from cluster.errors import StatusError

PATHS = {
    "specReplicasPath": ".spec.size.wanted",
    "statusReplicasPath": ".status.counted",
    "labelSelectorPath": ".status.selector",
}
OBJ = {
    "spec": {"size": {"wanted": 2, "other": 1}},
    "status": {"counted": 1, "selector": "app=web"},
}


def test_reading() -> None:
    assert read(PATHS, OBJ) == (2, 1, "app=web")
    assert read(PATHS, {"spec": OBJ["spec"]}) == (2, 0, "")
    with pytest.raises(StatusError, match=r"\.spec\.size\.wanted.* does not exist"):
        read(PATHS, {"spec": {}})


def test_writing() -> None:
    changed = write(PATHS, OBJ, 5)
    assert changed["spec"] == {"size": {"wanted": 5, "other": 1}}
    assert OBJ["spec"] == {"size": {"wanted": 2, "other": 1}}
    assert write(PATHS, {}, 1) == {"spec": {"size": {"wanted": 1}}}


def test_any_path_that_a_definition_may_have() -> None:
    odd = {"specReplicasPath": ".spec.a[0].", "statusReplicasPath": ".status.."}
    changed = write(odd, {"spec": {"b": 1}}, 3)
    assert changed == {"spec": {"b": 1, "a[0]": {"": 3}}}
    assert read(odd, changed) == (3, 0, "")


@pytest.mark.parametrize(
    ("obj", "told"),
    [
        ({}, {}),
        ({"spec": None, "status": {"n": 0, "s": ""}}, {}),
        ({"spec": {"n": -1}}, {".spec.n": "Invalid value: -1: should be a non-negative integer"}),
        (
            {"spec": {"n": 2**31}},
            {
                ".spec.n": "Invalid value: 2147483648: should be less than or equal to 2147483647",
            },
        ),
        (
            {"status": {"n": "x", "s": None}},
            {
                ".status.n": "Invalid value: 0: .status.n accessor error: x is of the type string, "
                "expected int64",
                ".status.s": 'Invalid value: "": .status.s accessor error: <nil> is of the type '
                "<nil>, expected string",
            },
        ),
        (
            {"spec": [1]},
            {
                ".spec.n": "Invalid value: 0: .spec.n accessor error: [1] is of the type "
                "[]interface {}, expected map[string]interface{}",
            },
        ),
    ],
)
def test_what_is_wrong_at_the_paths(obj: dict[str, Any], told: dict[str, str]) -> None:
    paths = {
        "specReplicasPath": ".spec.n",
        "statusReplicasPath": ".status.n",
        "labelSelectorPath": ".status.s",
    }
    found: list[Cause] = []
    check(paths, obj, True, found)
    assert {cause.field: cause.message for cause in found} == told
    found = []
    check(paths, obj, False, found)
    assert {cause.field for cause in found} == {one for one in told if one.startswith(".status")}
