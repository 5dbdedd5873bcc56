"""Packets that wait: each for as long as it must, none twice, in their order where that is kept."""

from hypothesis import given
from hypothesis import strategies as st

from deploy.chaos.holding.line import Hold, Line

SHARE = st.floats(0.0, 1.0)
# Seconds until the next packet comes, and what is drawn for it.
ARRIVALS = st.lists(st.tuples(st.floats(0.0, 0.1), SHARE), max_size=40)


def pass_through(line: Line, arrivals: list[tuple[float, float]]) -> dict[int, tuple[float, float]]:
    """When each packet came and went, in the order of going: looked at whenever one is due."""
    now, came, went = 100.0, {}, {}
    for number, (pause, chance) in enumerate(arrivals):
        then = now + pause
        while (due := line.next()) is not None and due <= then:
            went.update(dict.fromkeys(line.due(due), due))
        now = came[number] = then
        line.take(now, number, chance)
    while (due := line.next()) is not None:
        went.update(dict.fromkeys(line.due(due), due))
    return {number: (came[number], at) for number, at in went.items()}


@given(ARRIVALS, st.floats(0.0, 2.0), st.floats(0.0, 0.5))
def test_delay_and_jitter_keep_the_order(
    arrivals: list[tuple[float, float]], seconds: float, jitter: float
) -> None:
    line = Line(Hold("", seconds, jitter))
    went = pass_through(line, arrivals)
    assert list(went) == list(range(len(arrivals)))
    assert line.taken == len(arrivals)
    assert len(line) == 0
    for came, at in went.values():
        assert at >= came + seconds - 1e-9
        assert at <= came + seconds + jitter + 1e-9


@given(ARRIVALS, st.floats(0.001, 1.0))
def test_apart_each_waits_for_itself(arrivals: list[tuple[float, float]], seconds: float) -> None:
    went = pass_through(Line(Hold("", seconds, order="apart")), arrivals)
    assert sorted(went) == list(range(len(arrivals)))
    for number, (came, at) in went.items():
        assert abs(at - came - seconds * arrivals[number][1]) < 1e-9


def test_apart_one_that_came_later_may_go_first() -> None:
    line = Line(Hold("", 0.05, order="apart"))
    line.take(0.0, 7, 1.0)
    line.take(0.001, 8, 0.1)
    assert line.due(0.01) == [8]
    assert line.due(0.049) == []
    assert line.due(0.05) == [7]


@given(ARRIVALS)
def test_at_the_end_all_go_at_once(arrivals: list[tuple[float, float]]) -> None:
    line = Line(Hold("", 1.0, 0.5))
    for number, (_, chance) in enumerate(arrivals):
        line.take(0.0, number, chance)
    assert line.rest() == list(range(len(arrivals)))
    assert line.next() is None
