"""deploy.trace_tree: the causal tree from records."""

from typing import Any

import pytest

from deploy import trace_tree


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
    assert trace_tree.traces_of(RECORDS, "deployment/web") == ["t1"]
    assert trace_tree.traces_of(RECORDS, "deploy/default/web") == ["t1"]
    assert trace_tree.traces_of(RECORDS, "deployment/other") == []


def test_the_tree_follows_the_spans_and_leaves_reads_out() -> None:
    lines = list(trace_tree.render(trace_tree.build(RECORDS, "t1")))
    assert len(lines) == 3
    assert "create deployments.apps default/web 2.0 ms (hop 2.0 ms)" in lines[0]
    assert "[Conflict]" in lines[1]
    assert "container.started default/web-1 container=web" in lines[2]
    assert lines[2].lstrip().startswith("500.0")


def test_full_shows_reads_too() -> None:
    lines = list(trace_tree.render(trace_tree.build(RECORDS, "t1"), full=True))
    assert any("Range /registry" in line for line in lines)


def test_a_target_must_name_kind_and_object() -> None:
    with pytest.raises(ValueError, match="KIND/NAME"):
        trace_tree.target("web")
