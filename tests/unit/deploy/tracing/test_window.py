"""deploy.tracing.window: durations, and a line for each chain."""

from typing import Any

import pytest

from deploy.tracing import window

HTTP = {"event": "note", "msg": "http.request", "from": "apiserver@p", "user": "admin"}


def message(trace: str, span: str, parent: str, ts: float, **more: Any) -> dict[str, Any]:
    base = {"event": "handled", "trace": trace, "span": span, "parent": parent, "ts": ts, "id": 1,
            "msg": "ApiRequest", "from": "kubelet@n", "to": "apiserver@p", "ms": 2.0,
            "outcome": "ok"}  # fmt: skip
    return {**base, **more}


def sent(trace: str, span: str, parent: str, ts: float, subject: str) -> dict[str, Any]:
    return message(trace, span, parent, ts, event="sent", ms=0.0, outcome="", subject=subject)


RECORDS = [
    {**HTTP, "trace": "t1", "span": "h", "ts": 10.5, "ms": 500.0, "code": 201,
     "subject": "POST /api/v1/namespaces/default/pods"},
    sent("t1", "s", "h", 10.2, "create pods default/x"),
    message("t1", "s", "h", 10.21),
    {"event": "note", "trace": "t1", "span": "s", "ts": 12.0, "msg": "container.started",
     "from": "kubelet@n", "subject": "default/x"},
    sent("t2", "r", "", 11.0, "get pods default/x"),
    message("t2", "r", "", 11.01),
    sent("t3", "l", "", 13.0, "update leases.coordination.k8s.io kube-node-lease/n"),
    message("t3", "l", "", 13.01),
    sent("t4", "f", "", 9.0, "update pods default/x"),
    message("t4", "f", "", 9.01, outcome="error StatusError: no such pod"),
    {"event": "log", "trace": "t5", "span": "f", "ts": 9.0, "msg": "text"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("5m", 300.0),
        ("90s", 90.0),
        ("1h30m", 5400.0),
        ("250ms", 0.25),
        ("1.5s", 1.5),
        ("1d", 86400.0),
    ],
)
def test_durations(words: str, expected: float) -> None:
    assert window.seconds(words) == expected


@pytest.mark.parametrize("words", ["", "5", "m", "5 m", "5mm", "-5m", "five minutes"])
def test_what_is_no_duration(words: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        window.seconds(words)


def test_a_chain_in_short() -> None:
    found = {chain.trace: chain for chain in window.chains(RECORDS)}
    assert list(found) == ["t4", "t1", "t2", "t3"]
    one = found["t1"]
    assert (one.began, one.took, one.lasted, one.outcome) == (10.0, 500.0, 2000.0, "201")
    assert (one.size, one.failed) == (3, 0)
    assert one.what == "admin → p: POST /api/v1/namespaces/default/pods 201"


def test_reads_and_leases_tell_nothing_failures_do() -> None:
    chains = window.chains(RECORDS)
    assert [chain.trace for chain in chains if chain.tells] == ["t4", "t1"]
    assert [chain.trace for chain in chains if chain.failed] == ["t4"]
    assert chains[0].outcome == "error"


def test_what_only_goes_on_did_not_begin() -> None:
    chains = {chain.trace: chain for chain in window.chains(RECORDS)}
    assert all(chain.begins for chain in chains.values())
    cut = [record for record in RECORDS if record.get("msg") != "http.request"]
    assert not {chain.trace: chain for chain in window.chains(cut)}["t1"].begins
    notes = [record for record in RECORDS if record.get("msg") == "container.started"]
    assert [chain.begins for chain in window.chains(notes)] == [False]


def test_only_what_began_in_the_window() -> None:
    assert [chain.trace for chain in window.chains(RECORDS, 11.0)] == ["t2", "t3"]


def test_a_line_names_the_outcome_once() -> None:
    chain = next(chain for chain in window.chains(RECORDS) if chain.trace == "t1")
    text = window.line(chain)
    assert text.count("201") == 1
    assert text.endswith("admin → p: POST /api/v1/namespaces/default/pods")
    assert window.HEAD.index("trace") == text.index("t1")
