"""Expressions that take long to compile: not where the loop waits for them. Pure.

Must not know: what becomes of them instead (``patience.unhurried``).
"""

from typing import Any

from cluster.api.types import Object
from cluster.cel.errors import CelTooLong
from cluster.cel.program import COMPILE_CHARACTER

# Fields that are expressions: of policies, webhook configurations and definitions of resources.
_EXPRESSIONS = frozenset(
    ("expression", "messageExpression", "rule", "valueExpression")
)  # fmt: skip


def check_patience(given: Object, patience: int | None, times: int = 1) -> None:
    """Raises CelTooLong if compiling all expressions in ``given`` so many times costs more than
    ``patience`` units; None: it may take as long as it takes."""
    if patience is not None and COMPILE_CHARACTER * _characters(given) * times > patience:
        raise CelTooLong


def _characters(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_characters, value))
    if not isinstance(value, dict):
        return 0
    return sum(
        len(item) if isinstance(item, str) and name in _EXPRESSIONS else _characters(item)
        for name, item in value.items()
    )
