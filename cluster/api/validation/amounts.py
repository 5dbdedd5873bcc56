"""Rules of what is a count or a share of a whole (``3``, ``25%``). Must not know what of."""

import re
from typing import Any

from cluster.api.status import Cause
from cluster.api.validation import causes

_PERCENT = re.compile(r"[0-9]{1,9}%")
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}%?")
_PERCENT_TEXT = (
    "a valid percent string must be a numeric string followed by an ending '%' "
    "(e.g. '1%', or '93%', regex used for validation is '[0-9]+%')"
)


def check_amount_or_percent(path: str, value: Any, found: list[Cause]) -> None:
    """A count, or a share as ``25%``."""
    if isinstance(value, int):
        causes.not_negative(path, value, found)
    elif not _PERCENT.fullmatch(value):
        found.append(causes.invalid(path, value, _PERCENT_TEXT))


def check_whole(path: str, value: Any, found: list[Cause]) -> None:
    """A share is at most all of it."""
    if isinstance(value, str) and _PERCENT.fullmatch(value) and amount(value) > 100:
        found.append(causes.invalid(path, value, "must not be greater than 100%"))


def amount(value: Any) -> int:
    """The number of ``3`` and of ``25%``; of what is neither, none."""
    if isinstance(value, int):
        return value
    return int(value.removesuffix("%")) if _NUMBER.fullmatch(value) else 0
