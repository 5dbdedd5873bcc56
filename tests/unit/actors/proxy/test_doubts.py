"""Endpoints of dead nodes: who is asked, who is left out, and that nobody else is."""

from hypothesis import given
from hypothesis import strategies as st

from actors.proxy.doubts import ASKED_MAX, Doubts

PLACES = {"n2": {"10.244.2.2": 80, "10.244.2.3": 8080}, "n3": {"10.244.3.2": 80}}


def test_while_nodes_answer_no_endpoint_is_asked() -> None:
    doubts = Doubts()
    assert doubts.to_ask(PLACES, silent=()) == {}
    doubts.heard({})
    assert doubts.dead == frozenset()


def test_endpoints_of_a_silent_node_are_left_out_once_they_fail_twice() -> None:
    doubts = Doubts()
    asked = doubts.to_ask(PLACES, {"n2"})
    assert asked == PLACES["n2"]
    doubts.heard({"10.244.2.2": False, "10.244.2.3": True})
    assert doubts.dead == frozenset()
    doubts.heard({"10.244.2.2": False, "10.244.2.3": True})
    assert doubts.dead == {"10.244.2.2"}


def test_one_that_is_out_is_asked_until_it_answers_or_is_gone() -> None:
    doubts = Doubts()
    for _ in range(5):
        doubts.heard({"10.244.2.2": False, "10.244.2.3": False})
    # Its node is back, its pod is not yet.
    asked = doubts.to_ask(PLACES, silent=())
    assert asked == PLACES["n2"]
    doubts.heard({"10.244.2.2": True, "10.244.2.3": False})
    assert doubts.dead == {"10.244.2.3"}
    gone = {"n2": {"10.244.2.2": 80}}
    assert doubts.to_ask(gone, silent=()) == {}
    doubts.heard({})
    assert doubts.dead == frozenset()


def test_of_a_node_with_many_endpoints_some_are_asked() -> None:
    places = {"n2": {f"10.244.{n // 250}.{n % 250}": 80 for n in range(2 * ASKED_MAX)}}
    assert len(Doubts().to_ask(places, {"n2"})) == ASKED_MAX


ENDS = [address for ends in PLACES.values() for address in ends]


@given(st.lists(st.tuples(st.sets(st.sampled_from(["n2", "n3"])), st.sets(st.sampled_from(ENDS)))))
def test_dead_are_those_that_were_asked_and_failed_twice_in_a_row(
    rounds: list[tuple[set[str], set[str]]],
) -> None:
    doubts, last = Doubts(), dict.fromkeys(ENDS, 0)
    for silent, up in rounds:
        asked = doubts.to_ask(PLACES, silent)
        doubts.heard({address: address in up for address in asked})
        for address in ENDS:
            last[address] = last[address] + 1 if address in asked and address not in up else 0
        assert doubts.dead == {address for address in ENDS if last[address] >= 2}
