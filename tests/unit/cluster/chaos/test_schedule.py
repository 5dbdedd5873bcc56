"""Timed orders from seeds."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cluster.chaos.dice import Dice
from cluster.chaos.orders import Order
from cluster.chaos.scenario import Repeated, Scenario
from cluster.chaos.schedule import PAUSE_SECONDS, schedule

KILL, PAUSE = Order("kill", "leader"), Order("pause", "random-node")
TWO = Scenario(
    "two", "two lanes", seconds=60.0,
    faults=(
        Repeated((KILL, PAUSE), every=(2.0, 6.0), for_=(1.0, 8.0)),
        Repeated((PAUSE,), every=5.0, for_=9.0, first=0.0, overlap=True),
    ),
)  # fmt: skip


def test_the_same_seed_gives_the_same_list() -> None:
    assert schedule(TWO, 7) == schedule(TWO, 7)
    assert schedule(TWO, 7) != schedule(TWO, 8)


def test_it_is_the_same_on_every_machine() -> None:
    """Whoever has the seed of a report gets the run of that report."""
    first = schedule(TWO, 7)[:4]
    shown = [(one.at, one.lane, one.order.verb, one.order.seconds) for one in first]
    assert shown == [
        (0.0, 1, "pause", 9.0),
        (2.0, 0, "pause", 2.27),
        (5.0, 1, "pause", 9.0),
        (5.903, 0, "pause", 3.524),
    ]


def test_another_lane_moves_no_other() -> None:
    one = Scenario("one", "", seconds=60.0, faults=TWO.faults[:1])
    assert schedule(one, 3) == [timed for timed in schedule(TWO, 3) if timed.lane == 0]


@given(st.integers(0, 10_000))
def test_orders_of_a_lane_wait_for_each_other_and_for_the_end(seed: int) -> None:
    listed = schedule(TWO, seed)
    assert [one.at for one in listed] == sorted(one.at for one in listed)
    assert all(0 <= one.at < 60.0 for one in listed)
    assert all(one.at + one.order.seconds <= 60.001 for one in listed)
    lane = [one for one in listed if one.lane == 0]
    for before, after in itertools.pairwise(lane):
        assert after.at >= before.at + before.order.seconds + PAUSE_SECONDS - 0.01
    assert lane[0].at == 2.0


def test_in_turn() -> None:
    turns = Scenario("turns", "", faults=(Repeated((KILL, PAUSE), every=5.0, in_turn=True),))
    assert [one.order.verb for one in schedule(turns, 9)][:4] == ["kill", "pause"] * 2


def test_times_is_a_bound() -> None:
    few = Scenario("few", "", faults=(Repeated((KILL,), every=1.0, for_=0.5, times=3),))
    assert len(schedule(few, 1)) == 3


@given(st.text(), st.integers(-5, 5), st.integers(0, 9))
def test_dice_stay_in_their_bounds(seed: str, least: int, more: int) -> None:
    dice = Dice(seed)
    assert all(0.0 <= dice.random() < 1.0 for _ in range(20))
    assert all(least <= dice.within(least, least + more) <= least + more for _ in range(20))
    assert 1.0 <= dice.span((1.0, 2.0)) < 2.0
    assert dice.span(3.0) == 3.0
    assert dice.fork("a").number() != dice.fork("b").number()
