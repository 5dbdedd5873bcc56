"""Flows: rates over whole seconds, what was missed counted in, what tells something kept."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.ui import flows
from actors.apiserver.ui.flows import FlowCounter

STORE, SERVER = "store@replica-1", "apiserver@replica-1"


def record(event: str = "sent", **fields: Any) -> dict[str, Any]:
    made = {
        "ts": 1.0, "event": event, "msg": "Txn", "from": SERVER, "to": STORE, "trace": "t1",
        "subject": "put /registry/core/pods/default/web", **fields,
    }  # fmt: skip
    return made


def test_a_rate_is_over_the_last_whole_seconds() -> None:
    counter = FlowCounter()
    for second in range(10, 15):
        counter.take([record()] * 4, 0, second + 0.5)
    assert counter.flows(15.9) == {f"{SERVER}|{STORE}|Txn": [4.0, 0, 0.0, 0.0, ""]}
    # The second that is not over does not count yet.
    counter.take([record()] * 100, 0, 15.95)
    assert counter.flows(15.99)[f"{SERVER}|{STORE}|Txn"][0] == 4.0
    assert counter.flows(17.0)[f"{SERVER}|{STORE}|Txn"][0] == 22.4


def test_what_was_missed_is_counted_by_what_was_seen() -> None:
    counter = FlowCounter()
    counter.take([record()] * 5, 45, 10.0)
    assert counter.flows(11.0)[f"{SERVER}|{STORE}|Txn"][0] == 10.0


def test_times_failures_and_drops() -> None:
    counter = FlowCounter()
    counter.take(
        [
            record("handled", ms=3.0, outcome="ok"),
            record("handled", ms=5.0, outcome="Conflict"),
            record("dropped", reason="fault:partition-1"),
        ],
        0,
        10.0,
    )
    assert counter.flows(11.0) == {
        f"{SERVER}|{STORE}|Txn": [0.0, 4.0, 0.2, 0.2, "fault:partition-1"]
    }
    [(_, told)] = counter.messages().items()
    assert told[6] == "dropped: fault:partition-1"


def test_a_dead_line_is_told_now_and_then() -> None:
    counter = FlowCounter()
    for tenth in range(100, 220):
        counter.take([record("dropped", reason="unreachable")], 0, tenth / 10)
    counter.take([record("dropped", reason="overloaded")], 0, 22.0)
    told = [message[6] for message in counter.messages().values()]
    assert told == ["dropped: unreachable"] * 3 + ["dropped: overloaded"]
    assert counter.flows(22.1)[f"{SERVER}|{STORE}|Txn"][3] == 10.0


def test_heartbeats_come_as_counts() -> None:
    counter = FlowCounter()
    beat = {"msg": "RaftHeartbeat", "from": STORE, "to": "store@replica-2"}
    for second in range(10, 15):
        counted = record("counted", **beat, sent=10, handled=4, received=4, ms=2.0)
        counter.take([counted], 0, float(second))
    flow = counter.flows(15.0)[f"{STORE}|store@replica-2|RaftHeartbeat"]
    assert flow[:2] == [10.0, 0.5]
    assert counter.messages() == {}


def test_requests_of_people_are_flows_too() -> None:
    counter = FlowCounter()
    for subject, code in (("GET /api/v1/pods", 200), ("POST /api/v1/pods", 201), ("PUT /x", 503)):
        note = record("note", msg="http.request", user="j|ne", subject=subject, code=code, ms=2.0)
        counter.take([{**note, "from": SERVER, "to": ""}], 0, 10.0)
    assert counter.flows(11.0) == {f"j¦ne|{SERVER}|http.request": [0.6, 2.0, 0.2, 0.0, ""]}
    assert [told[4] for told in counter.messages().values()] == ["POST /api/v1/pods", "PUT /x"]
    newest = counter.messages_of(("j¦ne", SERVER, "http.request"))[0]
    assert (newest[4], newest[6]) == ("PUT /x", "503")


def test_reads_and_replies_tell_nothing_but_are_kept_of_their_flow() -> None:
    counter = FlowCounter()
    asked = {"msg": "ApiRequest", "from": "kubelet@node-1", "to": SERVER}
    counter.take([record(**asked, subject="get pods default/web")], 0, 10.0)
    counter.take([record(**asked, subject="update leases.coordination.k8s.io x/node-1")], 0, 10.0)
    assert counter.messages() == {}
    assert len(counter.messages_of(("kubelet@node-1", SERVER, "ApiRequest"))) == 2
    counter.take([record(**asked, subject="update pods default/web")], 0, 10.0)
    assert [told[4] for told in counter.messages().values()] == ["update pods default/web"]


def test_looking_on_is_left_out() -> None:
    counter = FlowCounter()
    mine = [{"to": "apiserver/ui@replica-2"}, {"from": "apiserver/ui@r"}, {"to": "tracer@node-1"}]
    counter.take([record(**one) for one in mine], 0, 10.0)
    assert counter.flows(11.0) == {}


def test_silent_flows_are_forgotten_and_only_the_busiest_told() -> None:
    counter = FlowCounter()
    for number in range(flows.TOLD_MAX + 50):
        busy = [record(to=f"store@replica-{number}")] * (1 + number % 7)
        counter.take(busy, 0, 10.0)
    told = counter.flows(11.0)
    assert len(told) == flows.TOLD_MAX
    assert min(value[0] for value in told.values()) >= 0.4
    assert counter.flows(10.0 + flows.SILENT_SECONDS + 1) == {}


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 60))))
def test_memory_is_bounded_and_nothing_is_counted_twice(sent: list[tuple[int, int]]) -> None:
    counter = FlowCounter()
    sent.sort(key=lambda one: one[1])
    for receiver, second in sent:
        asked = record(to=f"store@{receiver}", msg="ApiRequest", subject="update pods web")
        counter.take([asked], 0, float(second))
    now = 61.0
    told = counter.flows(now)
    for receiver in range(7):
        recent = [one for one in sent if one[0] == receiver and 56 <= one[1] < 61]
        ever = [one for one in sent if one[0] == receiver]
        value = told.get(f"{SERVER}|store@{receiver}|ApiRequest", [0.0])
        assert value[0] == round(len(recent) / flows.WINDOW_SECONDS, 1)
        kept = counter.messages_of((SERVER, f"store@{receiver}", "ApiRequest"))
        assert len(kept) <= min(len(ever), flows.FLOW_MESSAGES_MAX)
    assert len(counter.messages()) == min(len(sent), flows.MESSAGES_MAX)
