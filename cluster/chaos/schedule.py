"""From a scenario and a seed to the list of timed orders: the same seed, the same list. Pure.

What ``random`` targets turn out to be is decided when an order is carried out (the cluster may be
another by then), from the seed that each order has here.
"""

from collections.abc import Iterator

import msgspec

from cluster.chaos.dice import Dice
from cluster.chaos.orders import Order
from cluster.chaos.scenario import Repeated, Scenario

# Between the end of a fault and the next of the same lane: so much is well seen, and reported.
PAUSE_SECONDS = 1.0


class Timed(msgspec.Struct, frozen=True):
    """``order`` is due ``at`` seconds after faults begin, for ``order.seconds``. ``lane``: which
    entry of the scenario it is of; without overlap the orders of a lane wait for each other.
    ``overlap``: this one does not."""

    at: float
    lane: int
    order: Order
    seed: int
    overlap: bool = False


def schedule(scenario: Scenario, seed: int | str) -> list[Timed]:
    """All orders, by time. None is due at or after the end, and none lasts beyond it."""
    dice = Dice(seed).fork("schedule")
    found = [
        timed
        for lane, repeated in enumerate(scenario.faults)
        for timed in _lane(lane, repeated, scenario.seconds, dice.fork(str(lane)))
    ]
    return sorted(found, key=lambda timed: (timed.at, timed.lane))


def _lane(lane: int, repeated: Repeated, end: float, dice: Dice) -> Iterator[Timed]:
    at = dice.span(repeated.first)
    count = 0
    while at < end and (not repeated.times or count < repeated.times):
        drawn, seconds = dice.choice(repeated.any_of), dice.span(repeated.for_)
        order = repeated.any_of[count % len(repeated.any_of)] if repeated.in_turn else drawn
        seconds = min(seconds, end - at)
        order = msgspec.structs.replace(order, seconds=round(seconds, 3))
        yield Timed(round(at, 3), lane, order, dice.number() >> 32, repeated.overlap)
        count += 1
        step = max(dice.span(repeated.every), 0.1)
        at += step if repeated.overlap else max(step, seconds + PAUSE_SECONDS)
