"""The patch that a status is written with."""

from actors.kubelet import status_patch
from cluster.api.types import Object


def condition(kind: str, value: str, **fields: str) -> Object:
    return {"type": kind, "status": value, **fields}


def test_conditions_of_others_are_not_sent() -> None:
    conditions = [condition("DisruptionTarget", "True"), condition("Ready", "True")]
    patch = status_patch.make_patch("u", 7, {"phase": "Running", "conditions": conditions}, {})
    assert patch["metadata"] == {"uid": "u", "resourceVersion": "7"}
    assert patch["status"]["conditions"] == [
        {"type": "Ready", "status": "True", "reason": None, "message": None}
    ]


def test_what_is_gone_is_taken_away() -> None:
    last = {"phase": "Running", "podIP": "10.0.0.1", "reason": "x"}
    status = {"phase": "Running", "podIPs": [{"ip": "10.0.0.2"}]}
    body = status_patch.make_patch("u", 7, status, last)["status"]
    assert body["podIP"] is None and body["reason"] is None and "message" not in body
    assert body["podIPs"] == [{"$patch": "replace"}, {"ip": "10.0.0.2"}]


def test_differs() -> None:
    assert not status_patch.differs({"phase": "x"}, {"phase": "x", "other": 1})
    assert status_patch.differs({"phase": "x"}, {"phase": "y"})
    assert status_patch.differs({"phase": "x"}, {"phase": "x", "podIP": "1"})


def test_gist_sees_what_others_change() -> None:
    one = {"phase": "Running", "conditions": [condition("Ready", "True", message="a")]}
    same = {"phase": "Running", "conditions": [condition("Ready", "True", message="b")]}
    other = {"phase": "Running", "conditions": [condition("Ready", "False")]}
    assert status_patch.gist(one) == status_patch.gist(same) != status_patch.gist(other)
