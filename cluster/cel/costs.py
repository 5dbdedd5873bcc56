"""What evaluating a node costs by itself, in cel-go's units; of calls see ``functions.py``.

Source: cel-go's cost model, which Kubernetes' limits are stated in.
"""

from cluster.cel.errors import CelCostExceeded

CONSTANT = 0
# Of a name, and of each field or index behind it.
SELECT = 1
CALL = 1
LIST = 10
MAP = 30
OBJECT = 40
# Of each turn of a macro, next to what its body costs.
TURN = 3
TURN_MADE = TURN + LIST + CALL

PER_EXPRESSION = 1_000_000
PER_CALL = 10_000_000
MATCH_CONDITIONS = 2_500_000


class Budget:
    """What may still be spent; several evaluations may share one."""

    __slots__ = ("left",)

    def __init__(self, limit: int) -> None:
        self.left = limit

    def spend(self, units: int) -> None:
        """Raises CelCostExceeded once more was spent than there was."""
        self.left -= units
        if self.left < 0:
            raise CelCostExceeded
