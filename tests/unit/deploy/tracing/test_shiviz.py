"""deploy.tracing.shiviz: read as ShiViz reads it, and the clocks are vector clocks."""

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from deploy.tracing import shiviz
from tests.unit.deploy.tracing.histories import History

Clock = dict[str, int]
Parsed = list[tuple[str, Clock, str]]


def read(lines: list[str]) -> Parsed:
    """The first line, made whole as ShiViz does, takes every line from the third on apart. (Named
    groups are written otherwise in JavaScript.)"""
    assert lines[1] == ""
    form = re.compile("^" + lines[0].replace("(?<", "(?P<") + "$", re.MULTILINE)
    assert {"host", "clock", "event"} <= set(form.groupindex)
    found = []
    for line in lines[2:]:
        match = form.fullmatch(line)
        assert match, line
        found.append((match["host"], json.loads(match["clock"]), match["event"]))
    return found


def check(events: Parsed) -> None:
    """What ShiViz demands: a host counts its events from 1; a clock knows only events that are
    there; and what an event knows of another it knows with all that one knew."""
    at: dict[tuple[str, int], Clock] = {}
    for host, clock, _ in events:
        assert clock[host] == sum(one == host for one, _ in at) + 1
        at[host, clock[host]] = clock
    for host, clock, _ in events:
        for other, count in clock.items():
            if (other, count) != (host, clock[host]):
                known = at[other, count]
                assert all(clock.get(name, 0) >= number for name, number in known.items())
                assert known.get(host, 0) < clock[host]


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_clocks_are_vector_clocks(seed: int, skew: float) -> None:
    history = History(seed, skew=skew)
    events = read(list(shiviz.lines(history.records)))
    assert len(events) == len(history.records)
    check(events)


@given(st.integers(0, 10_000))
def test_what_was_received_knows_what_was_sent(seed: int) -> None:
    records: list[dict[str, Any]] = []
    for number, record in enumerate(History(seed).records):
        # The event's own words tell the steps of one message apart.
        records.append({**record, "subject": f"{record['span']} {number}"})
    events = read(list(shiviz.lines(records)))
    clocks = {event.split(" sends ")[1].split()[1]: (host, clock)
              for host, clock, event in events if " sends " in event}  # fmt: skip
    checked = 0
    for _, clock, event in events:
        if " receives " in event:
            host, sent = clocks[event.split(" receives ")[1].split()[1]]
            assert clock.get(host, 0) >= sent[host]
            checked += 1
    assert checked == sum(record["event"] == "received" for record in records)


def test_a_cause_that_came_by_a_watch_comes_before() -> None:
    base = {"trace": "t", "zone": "z", "from": "a@p", "to": "b@q", "msg": "Txn"}
    records = [
        {**base, "event": "received", "span": "w", "process": "q", "ts": 1.0, "hlc": 10},
        {**base, "event": "sent", "span": "n", "parent": "w", "process": "r", "ts": 2.0, "hlc": 5},
        {**base, "event": "note", "span": "w", "process": "s", "ts": 2.0, "hlc": 6, "msg": "x.y"},
    ]
    clocks = {host: clock for host, clock, _ in read(list(shiviz.lines(records)))}
    assert clocks == {"q": {"q": 1}, "r": {"q": 1, "r": 1}, "s": {"q": 1, "s": 1}}


def test_clocks_that_contradict_each_other_lose_a_cause_and_not_an_event() -> None:
    base = {"trace": "t", "from": "a@p", "to": "b@q", "msg": "Txn"}
    records = [
        {**base, "event": "received", "span": "1", "process": "p", "ts": 1.0, "hlc": 1},
        {**base, "event": "sent", "span": "2", "process": "p", "ts": 1.1, "hlc": 2},
        {**base, "event": "received", "span": "2", "process": "q", "ts": 1.2, "hlc": 3},
        {**base, "event": "sent", "span": "1", "process": "q", "ts": 1.3, "hlc": 4},
    ]
    events = read(list(shiviz.lines(records)))
    assert len(events) == 4
    check(events)


def test_an_event_is_one_line() -> None:
    record = {"event": "note", "msg": "x.y", "subject": "a\nb", "ts": 1.0, "process": "p",
              "error": "two\r\nlines", "from": "k@p", "span": "s", "trace": "t"}  # fmt: skip
    [(_, _, event)] = read(list(shiviz.lines([record])))
    assert event == "● k@p: x.y a b error=two lines"
