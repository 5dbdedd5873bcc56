"""deploy.tracing.lookup: by any name of a request; and what to say of a name that nothing has."""

import pytest

from deploy.tracing import lookup

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
AUDIT = "7848a5b3-7cd7-410d-9c72-4b2d9f89c150"
RECORDS = [
    {"event": "sent", "ts": 2.0, "trace": TRACE, "span": SPAN},
    {"event": "note", "ts": 3.0, "trace": TRACE, "span": "1" * 16, "audit": AUDIT},
    {"event": "note", "ts": 3.0, "trace": "0af7650000000000", "span": "2" * 16, "audit": "mine"},
]
KNOWN = {
    ("deployments", "default/web"), ("pods", "default/web-1"), ("pods", "default/web-2"),
    ("pods", "other/db-0"), ("nodes", "node-1"), ("endpointslices", "default/web-x"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "span"),
    [
        (TRACE, ""),
        (TRACE[:12], ""),
        (TRACE.upper(), ""),
        (SPAN, SPAN),
        (AUDIT, ""),
        (f"00-{TRACE}-{SPAN}-01", SPAN),
        (f"{TRACE}-{SPAN}", SPAN),
    ],
)
def test_a_trace_is_found_by_each_of_its_names(words: str, span: str) -> None:
    wanted = lookup.identity(words)
    assert lookup.traces(RECORDS, wanted) == [TRACE]
    assert wanted.span == span


def test_an_audit_id_may_be_any_text() -> None:
    assert lookup.traces(RECORDS, lookup.identity("mine")) == ["0af7650000000000"]
    assert lookup.traces(RECORDS, lookup.identity("")) == []


def test_a_beginning_may_mean_several() -> None:
    assert lookup.traces(RECORDS, lookup.identity("0af765")) == [TRACE, "0af7650000000000"]
    assert lookup.traces(RECORDS, lookup.identity("0af")) == []


@pytest.mark.parametrize(
    ("words", "near"),
    [
        ("depolyment/web", ["deployment/web"]),
        ("pod/web", ["pod/web-1", "pod/web-2"]),
        ("po/wbe-1", ["pod/web-1", "pod/web-2"]),
        ("pod/db-0", ["pod/other/db-0"]),
        ("nod/node-1", ["node/node-1"]),
        ("secret/nothing", []),
    ],
)
def test_near_names(words: str, near: list[str]) -> None:
    assert lookup.near(words, KNOWN)[: len(near) or None] == near


def test_work_that_others_had_asked_for_first_goes_on_in_their_trace() -> None:
    links = [f"{TRACE}-{SPAN}"]
    records = [
        {"event": "note", "ts": 1.0, "trace": "b" * 32, "links": links},
        {"event": "note", "ts": 1.0, "trace": TRACE, "links": links},
        {"event": "note", "ts": 1.0, "trace": "", "links": links},
    ]
    assert lookup.continued(records, TRACE) == ["b" * 32]
    assert lookup.continued(records, "c" * 32) == []


def test_what_was_written_is_known() -> None:
    records = [
        {"event": "sent", "ts": 1.0, "msg": "Txn", "subject": "put /registry/core/pods/default/a"},
        {"event": "sent", "ts": 1.0, "msg": "Txn", "subject": "compact"},
    ]
    assert lookup.known_objects(records) == {("pods", "default/a")}


def test_advice_is_one_line() -> None:
    assert lookup.advice("pod/web", KNOWN) == (
        "no trace of pod/web is kept; did you mean pod/web-1 or pod/web-2?"
    )
    assert "steersman trace since" in lookup.advice("secret/none", KNOWN)
