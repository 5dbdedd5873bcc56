"""Where custom resources keep their numbers."""

import pytest

from cluster.api.custom.scale import read, write
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
