"""What evaluating a node costs by itself, in cel-go's units; of calls see ``functions.py``.

Source: cel-go's cost model, which Kubernetes' limits are stated in.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cluster.cel.errors import CelCostExceeded, CelTooLong

CONSTANT = 0
# Of a name, and of each field or index behind it.
SELECT = 1
CALL = 1
LIST = 10
MAP = 30
OBJECT = 40
# A turn of a macro costs what the loop costs that cel-go makes of it, next to its body.
# all and exists ask before each turn whether it is decided: a name, a call, for exists a negation.
ALL_ASKS = SELECT + CALL
EXISTS_ASKS = ALL_ASKS + CALL
# The result so far is a name; a list grows by adding a list of one, a map by a call.
DECIDES = SELECT
COUNTS = SELECT + CALL
ADDS = SELECT + LIST + CALL
INSERTS = SELECT + SELECT + CALL
INSERTS_ENTRY = SELECT + CALL
# Where the body is free, its turns are not.
TURN_MIN = 1


@dataclass(frozen=True, slots=True)
class Loop:
    """Of a macro, next to its range, condition and body. ``start``: of what it begins with, unless
    constants are free; ``turn``: of a turn at most; ``result``: of reading what it made."""

    start: int
    turn: int
    result: int = SELECT


LOOPS: Mapping[str, Loop] = {
    "all": Loop(CONSTANT, ALL_ASKS + DECIDES),
    "exists": Loop(CONSTANT, EXISTS_ASKS + DECIDES),
    "exists_one": Loop(CONSTANT, COUNTS, SELECT + CALL),
    "map": Loop(LIST, ADDS),
    "filter": Loop(LIST, ADDS + SELECT),
    "transformList": Loop(LIST, ADDS),
    "transformMap": Loop(MAP, INSERTS),
    "transformMapEntry": Loop(MAP, INSERTS_ENTRY),
}

PER_EXPRESSION = 1_000_000
PER_CALL = 10_000_000
MATCH_CONDITIONS = 2_500_000
# Of patience, for a character that is compiled: so many units are evaluated in the time of one.
COMPILE_CHARACTER = 5


class Budget:
    """What may still be spent; several evaluations may share one. ``patience``: what may be spent
    before CelTooLong is raised, None for all of it. ``reserve``: what is kept beyond ``left`` for
    costs that stand for no time."""

    __slots__ = ("left", "patience", "reserve")

    def __init__(self, limit: int, patience: int | None = None, reserve: int = 0) -> None:
        self.left = limit
        self.patience = patience
        self.reserve = reserve

    def spend(self, units: int) -> None:
        """Raises CelCostExceeded once more was spent than there was."""
        self.left -= units
        if self.left < 0:
            raise CelCostExceeded

    def wait(self, units: int) -> None:
        """Time for something else than evaluating. Raises CelTooLong beyond the patience."""
        if self.patience is not None:
            self.patience -= units
            if self.patience < 0:
                raise CelTooLong

    def spend_aside(self, units: int) -> None:
        """A cost that takes no time: of the reserve first. Raises CelCostExceeded."""
        aside = min(units, self.reserve)
        self.reserve -= aside
        self.spend(units - aside)
