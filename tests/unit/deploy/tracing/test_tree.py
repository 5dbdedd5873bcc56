"""deploy.tracing.tree: the causal tree from records."""

from typing import Any

import pytest

from deploy.tracing import tree


def record(event: str, span: str, parent: str, ts: float, **more: Any) -> dict[str, Any]:
    base = {"event": event, "trace": "t1", "span": span, "parent": parent, "ts": ts,
            "msg": "ApiRequest", "from": "a@p", "to": "b@q"}  # fmt: skip
    return {**base, **more}


RECORDS = [
    record("sent", "s1", "", 1.0, subject="create deployments.apps default/web"),
    record("received", "s1", "", 1.002, subject="create deployments.apps default/web"),
    record("handled", "s1", "", 1.004, ms=2.0, outcome="ok"),
    record("sent", "s2", "s1", 1.003, msg="Range", subject="/registry"),
    record("sent", "s3", "s1", 1.010, subject="create pods default/"),
    record("handled", "s3", "s1", 1.012, ms=1.0, outcome="Conflict"),
    {"event": "note", "trace": "t1", "span": "s3", "ts": 1.5, "msg": "container.started",
     "from": "kubelet@node-1", "subject": "default/web-1", "container": "web"},
    record("sent", "x", "", 9.0, trace="t2", subject="list deployments.apps default/web"),
]  # fmt: skip


def test_traces_are_found_by_what_they_wrote() -> None:
    assert tree.traces_of(RECORDS, "deployment/web") == ["t1"]
    assert tree.traces_of(RECORDS, "deploy/default/web") == ["t1"]
    assert tree.traces_of(RECORDS, "deployment/other") == []


def test_a_write_over_http_is_found_by_what_it_stored() -> None:
    records = [
        {"event": "note", "trace": "t3", "span": "h", "ts": 2.0, "msg": "http.request",
         "subject": "PATCH /api/v1/namespaces/default/configmaps/web", "ms": 10.0, "code": 201,
         "user": "admin", "from": "apiserver@p"},
        record("sent", "s", "h", 1.995, trace="t3", msg="Txn",
               subject="put /registry/core/configmaps/default/web"),
        record("sent", "n", "", 3.0, trace="t4", msg="Txn", subject="put /registry/core/nodes/web"),
    ]  # fmt: skip
    assert tree.traces_of(records, "cm/web") == ["t3"]
    assert tree.traces_of(records, "node/web") == ["t4"]
    assert tree.asked_for(records, ["t4", "t3"]) == ["t3"]
    [root] = tree.build(records, "t3")
    assert (root.message, root.outcome, round(root.begin, 3)) == ("http.request", "201", 1.99)
    assert [child.stored() for child in root.children] == ["configmaps default/web"]


def test_a_note_on_a_container_is_a_note_on_its_pod() -> None:
    assert tree.traces_of(RECORDS, "pod/web-1") == ["t1"]
    assert tree.traces_of(RECORDS, "service/web-1") == []


def test_the_tree_follows_the_spans() -> None:
    [root] = tree.build(RECORDS, "t1")
    assert [child.identity for child in root.children] == ["s2", "s3"]
    assert root.milliseconds == 2.0
    assert root.children[1].outcome == "Conflict"
    assert root.telling()
    assert not root.children[0].telling()


def test_a_target_must_name_kind_and_object() -> None:
    with pytest.raises(ValueError, match="KIND/NAME"):
        tree.target("web")
