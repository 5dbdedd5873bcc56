"""Which traces touched an object, and the causal tree of one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.trace_subjects import asked_for, target, traces_of
from cluster.trace_tree import build, walk


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
    assert traces_of(RECORDS, "deployment/web") == ["t1"]
    assert traces_of(RECORDS, "deploy/default/web") == ["t1"]
    assert traces_of(RECORDS, "deployment/other") == []


def test_a_write_over_http_is_found_by_what_it_stored() -> None:
    records = [
        {"event": "note", "trace": "t3", "span": "h", "ts": 2.0, "msg": "http.request",
         "subject": "PATCH /api/v1/namespaces/default/configmaps/web", "ms": 10.0, "code": 201,
         "user": "admin", "from": "apiserver@p"},
        record("sent", "s", "h", 1.995, trace="t3", msg="Txn",
               subject="put /registry/core/configmaps/default/web"),
        record("sent", "n", "", 3.0, trace="t4", msg="Txn", subject="put /registry/core/nodes/web"),
    ]  # fmt: skip
    assert traces_of(records, "cm/web") == ["t3"]
    assert traces_of(records, "node/web") == ["t4"]
    assert asked_for(records, ["t4", "t3"]) == ["t3"]
    [root] = build(records, "t3")
    assert (root.message, root.outcome, round(root.begin, 3)) == ("http.request", "201", 1.99)
    assert [child.stored() for child in root.children] == ["configmaps default/web"]


def test_a_note_on_a_container_is_a_note_on_its_pod() -> None:
    assert traces_of(RECORDS, "pod/web-1") == ["t1"]
    assert traces_of(RECORDS, "service/web-1") == []


def test_the_tree_follows_the_spans() -> None:
    [root] = build(RECORDS, "t1")
    assert [child.identity for child in root.children] == ["s2", "s3"]
    assert root.milliseconds == 2.0
    assert root.children[1].outcome == "Conflict"
    assert root.telling
    assert not root.children[0].telling


def test_a_target_must_name_kind_and_object() -> None:
    with pytest.raises(ValueError, match="KIND/NAME"):
        target("web")


@given(st.permutations(RECORDS))
def test_the_order_of_records_does_not_matter(records: list[dict[str, Any]]) -> None:
    told = [
        (depth, span.identity, span.begin, span.received, span.milliseconds, span.outcome)
        for depth, span in walk(build(records, "t1"))
    ]
    assert told == [
        (0, "s1", 1.0, 1.002, 2.0, "ok"),
        (1, "s2", 1.003, None, None, ""),
        (1, "s3", 1.010, None, 1.0, "Conflict"),
    ]


def test_an_ask_that_was_sent_again_began_when_it_was_sent_first() -> None:
    again = [record("sent", "s", "", at) for at in (3.0, 1.0, 2.0)]
    [span] = build(again, "t1")
    assert span.begin == 1.0


def test_what_was_lost_says_why_whatever_else_is_known_of_it() -> None:
    lost = record("dropped", "s", "", 2.0, reason="fault:loss-1")
    for records in ([lost, record("sent", "s", "", 1.0, outcome="open")],
                    [record("sent", "s", "", 1.0, outcome="open"), lost]):  # fmt: skip
        [span] = build(records, "t1")
        assert (span.dropped, span.outcome) == ("fault:loss-1", "dropped: fault:loss-1")


def test_spans_that_cause_each_other_are_kept_below_the_first() -> None:
    ring = [record("sent", f"s{n}", f"s{(n + 1) % 3}", float(n)) for n in range(3)]
    tail = record("sent", "tail", "s1", 9.0)
    spans = [(depth, span.identity) for depth, span in walk(build([*ring, tail], "t1"))]
    assert spans == [(0, "s0"), (1, "s2"), (2, "s1"), (3, "tail")]
