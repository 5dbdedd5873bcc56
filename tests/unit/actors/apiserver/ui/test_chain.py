"""Chains: a tree from records in any order, quiet parts marked, length bounded."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.ui import chain as chains
from actors.apiserver.ui.chain import chain, chains_of

TRACE = "a" * 32
Record = dict[str, Any]


def message(span: str, parent: str, at: float, subject: str = "", **fields: Any) -> list[Record]:
    base = {
        "msg": "ApiRequest", "from": "scheduler@r1", "to": "apiserver@r1", "trace": TRACE,
        "span": span, "parent": parent, "process": "r1", "subject": subject, **fields,
    }  # fmt: skip
    return [
        {**base, "ts": at, "event": "sent"},
        {**base, "ts": at + 0.001, "event": "received", "wait": 0.4},
        {**base, "ts": at + 0.003, "event": "handled", "ms": 2.0, "outcome": "ok"},
    ]


def request() -> Record:
    return {
        "ts": 10.02, "event": "note", "msg": "http.request", "from": "apiserver@r1", "user": "jane",
        "trace": TRACE, "span": "0", "subject": "POST /pods", "code": 201, "ms": 20.0,
        "process": "r1",
    }  # fmt: skip


def records() -> list[Record]:
    note = {
        "ts": 10.05, "event": "note", "msg": "pod.placed", "from": "scheduler@r1", "trace": TRACE,
        "span": "3", "subject": "default/web", "node": "n1", "key": "default/web",
        "scores": {"n1": {"Fit": 9}, "n2": {"Fit": 1, "Spread": 2}}, "tried": ["n1", "n2"],
        "process": "r1", "zone": "a", "hlc": 1,
    }  # fmt: skip
    return [
        request(),
        *message("1", "0", 10.001, "put /registry/core/pods/default/web", msg="Txn"),
        *message("2", "1", 10.01, "get nodes"),
        *message("3", "1", 10.04, "create pods default/web/binding"),
        note,
    ]


@given(st.randoms())
def test_the_order_of_records_does_not_matter(chance: random.Random) -> None:
    mixed = records()
    chance.shuffle(mixed)
    found = chain(mixed, TRACE)
    assert found["begin"] == 10.0
    told = [(line["depth"], line["subject"], line.get("quiet", False)) for line in found["lines"]]
    assert told == [
        (0, "POST /pods", False),
        (1, "put /registry/core/pods/default/web", False),
        (2, "get nodes", True),
        (2, "create pods default/web/binding", False),
    ]
    assert found["lines"][0] | {"ms": 20.0, "outcome": "201", "from": "jane"} == found["lines"][0]
    last = found["lines"][3]
    assert (last["at"], last["hop"], last["wait"], last["ms"]) == (40.0, 1.0, 0.4, 2.0)
    assert last["notes"] == [
        {
            "at": 50.0,
            "from": "scheduler@r1",
            "text": "pod.placed default/web node=n1 "
            "scores=(n1 (Fit 9), n2 (Fit 1, Spread 2)) tried=n1,n2",
        }
    ]


def test_that_work_was_gathered_is_quiet() -> None:
    note = {
        "ts": 10.5, "event": "note", "msg": "work.coalesced", "from": "controllers@r1",
        "trace": TRACE, "span": "1", "subject": "default/web", "process": "r1",
    }  # fmt: skip
    [line] = chain([*message("1", "", 10.0, "get pods"), note], TRACE)["lines"]
    assert line["quiet"] and line["notes"][0]["quiet"]


def test_failures_and_losses_are_told_and_are_not_quiet() -> None:
    lost = message("2", "1", 11.0, "get nodes")[:1]
    lost.append({**lost[0], "ts": 11.1, "event": "dropped", "reason": "fault:loss-1"})
    refused = message("3", "1", 12.0, "get nodes")
    refused[2]["outcome"] = "Forbidden"
    lines = chain([*message("1", "", 10.0, "list pods"), *lost, *refused], TRACE)["lines"]
    assert [line.get("quiet", False) for line in lines] == [False, False, False]
    assert lines[1]["dropped"] == "fault:loss-1"
    assert lines[2]["outcome"] == "Forbidden"


def test_links_lead_to_other_chains_both_ways() -> None:
    other = "b" * 32
    mine = message("1", "", 10.0, "update pods", links=[f"{other}-1234567812345678"])
    theirs = message("7", "", 11.0, trace="c" * 32, links=[f"{TRACE}-1234567812345678"])
    found = chain([*mine, *theirs], TRACE)
    assert found["lines"][0]["links"] == [other]
    assert found["linked"] == ["c" * 32]
    assert len(found["lines"]) == 1


def test_a_part_whose_cause_is_not_known_stands_on_its_own() -> None:
    found = chain(message("5", "gone", 10.0, "update pods"), TRACE)
    assert [line["depth"] for line in found["lines"]] == [0]


def test_long_chains_are_cut_and_deep_ones_do_not_overflow() -> None:
    count = chains.LINES_MAX + 500
    deep = [one for n in range(count) for one in message(str(n), str(n - 1), 10.0 + n, "get x")]
    found = chain(deep, TRACE)
    assert len(found["lines"]) == chains.LINES_MAX
    assert found["cut"] == 500
    assert found["lines"][-1]["depth"] == chains.LINES_MAX - 1


def test_spans_that_cause_each_other_are_no_endless_loop() -> None:
    lines = chain([*message("1", "2", 1.0), *message("2", "1", 2.0)], TRACE)["lines"]
    assert [(line["depth"], line["at"]) for line in lines] == [(0, 0.0), (1, 1000.0)]


def test_chains_of_an_object() -> None:
    first = message("1", "", 10.0, "create pods default", msg="Txn")
    second = message("2", "", 20.0, "patch pods default/web", trace="b" * 32)
    third = message("3", "", 30.0, trace="")
    assert chains_of([*third, *second, *reversed(first)]) == [
        [20.0, "scheduler@r1", "ApiRequest", "patch pods default/web", "b" * 32, 3],
        [10.0, "scheduler@r1", "Txn", "create pods default", TRACE, 3],
    ]


def test_nothing_is_known() -> None:
    assert chain([], TRACE)["lines"] == []
