"""deploy.tracing.perfetto: held to the Trace Event Format by a checker that knows nothing of us."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from deploy.tracing import perfetto, spans
from tests.unit.deploy.tracing.histories import History

Event = dict[str, Any]


def loaded(seed: int, skew: float = 0.0) -> list[Event]:
    document = perfetto.document(spans.items(History(seed, skew=skew).records), "c")
    found = json.loads(json.dumps(document))
    assert found["displayTimeUnit"] in ("ms", "ns")
    events: list[Event] = found["traceEvents"]
    return events


def check(events: list[Event]) -> None:
    """Fields by phase; every thread and process is named; bars of a thread nest; an arrow begins
    and ends inside a bar."""
    named: set[tuple[int, int]] = set()
    bars: dict[tuple[int, int], list[tuple[int, int]]] = {}
    flows: dict[str, dict[str, Event]] = {}
    for event in events:
        place = (event["pid"], event["tid"])
        assert isinstance(event["ts"], int)
        match event["ph"]:
            case "M":
                assert event["name"] in ("process_name", "thread_name")
                assert event["args"]["name"]
                named.add(place if event["name"] == "thread_name" else (event["pid"], 0))
            case "X":
                assert event["dur"] > 0
                assert event["name"]
                bars.setdefault(place, []).append((event["ts"], event["ts"] + event["dur"]))
            case "i":
                assert event["s"] == "t"
            case "s" | "f" as phase:
                assert phase == "s" or event["bp"] == "e"
                key = f"{event['cat']} {event['name']} {event['id']}"
                assert phase not in flows.setdefault(key, {})
                flows[key][phase] = event
            case other:
                raise AssertionError(other)
    for event in events:
        assert {(event["pid"], 0), (event["pid"], event["tid"])} <= named
    for own in bars.values():
        nest(own)
    for ends in flows.values():
        assert set(ends) == {"s", "f"}
        for end in ends.values():
            own = bars[end["pid"], end["tid"]]
            assert any(begin <= end["ts"] < stop for begin, stop in own)


def nest(bars: list[tuple[int, int]]) -> None:
    open_ends: list[int] = []
    for begin, end in sorted(bars, key=lambda bar: (bar[0], -bar[1])):
        while open_ends and open_ends[-1] <= begin:
            open_ends.pop()
        assert not open_ends or end <= open_ends[-1], "two bars of a thread overlap"
        open_ends.append(end)


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_it_is_what_the_format_demands(seed: int, skew: float) -> None:
    check(loaded(seed, skew))


@given(st.integers(0, 10_000))
def test_an_arrow_for_each_message_that_came(seed: int) -> None:
    items = spans.items(History(seed).records)
    came = [one for one in items if isinstance(one, spans.Message) and one.received]
    events = perfetto.document(items, "c")["traceEvents"]
    assert sum(event["ph"] == "s" for event in events) == len(came)
    assert sum(event["ph"] == "i" for event in events) == len(items) - sum(
        isinstance(one, spans.Message) for one in items
    )


def test_a_request_by_http_is_a_bar() -> None:
    record = {
        "event": "note", "msg": "http.request", "subject": "GET /api", "ts": 10.0, "ms": 3.0,
        "from": "apiserver@p", "process": "p", "trace": "t", "span": "s", "code": 200,
    }  # fmt: skip
    events = perfetto.document(spans.items([record]), "c")["traceEvents"]
    [bar] = [event for event in events if event["ph"] == "X"]
    assert (bar["name"], bar["ts"], bar["dur"]) == ("GET /api", 9_997_000, 3000)
    check(events)
