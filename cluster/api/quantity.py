"""Resource quantities: ``100m``, ``1.5Gi``, ``2e3``, exactly, and their canonical text.

Source: apimachinery's resource.Quantity. The smallest unit is a billionth; finer parts are rounded
away from zero, and the greatest value is 2**63-1. Must not know which resources there are.
"""

import re
from functools import lru_cache
from typing import Literal, NamedTuple

NANO = 10**9
_VALUE_MAX = (2**63 - 1) * NANO
# No quantity anyone means is longer; it bounds the arithmetic.
_TEXT_MAX = 64
_EXPONENT_MAX = 40

Format = Literal["DecimalSI", "BinarySI", "DecimalExponent"]

_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(.*)", re.DOTALL)
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]{1,10})")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL_NAMES = {power: name for name, power in _DECIMAL.items()}
_BINARY_NAMES = {0: "", **{power: name for name, power in _BINARY.items()}}

MALFORMED = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)


class QuantityError(ValueError):
    """The text is no quantity."""


class Quantity(NamedTuple):
    """``nano``: the value in billionths. Compare and add by it. ``format``: how it was written."""

    nano: int
    format: Format = "DecimalSI"

    @property
    def value(self) -> int:
        """In whole units (bytes, cores), rounded away from zero."""
        return _divide_up(self.nano, NANO)

    @property
    def milli(self) -> int:
        """In thousandths (CPU), rounded away from zero."""
        return _divide_up(self.nano, NANO // 1000)

    def __str__(self) -> str:
        """The canonical text: no fraction, the greatest suffix that needs none."""
        if not self.nano:
            return "0"
        if self.format == "BinarySI" and not self.nano % NANO and abs(self.nano) >= 1024 * NANO:
            number, power = _strip(self.nano // NANO, 1024, 6)
            return f"{number}{_BINARY_NAMES[power]}"
        number, power = _strip(self.nano, 1000, 9)
        exponent = power * 3 - 9
        if self.format == "DecimalExponent":
            return f"{number}e{exponent}" if exponent else str(number)
        return f"{number}{_DECIMAL_NAMES[exponent]}"


@lru_cache(maxsize=8192)
def parse(text: str) -> Quantity:
    """A quantity's text. Raises QuantityError."""
    match = _NUMBER.fullmatch(text) if len(text) <= _TEXT_MAX else None
    if match is None:
        raise QuantityError(MALFORMED)
    sign, whole, part, suffix = match[1], match[2], match[3] or "", match[4]
    if not whole and not part:
        raise QuantityError(MALFORMED)
    digits, scale = int(whole + part), len(part)
    factor, power, form = _suffix(suffix)
    if not digits:
        return Quantity(0, form)
    power += 9 - scale
    if power > _EXPONENT_MAX:
        nano = _VALUE_MAX
    elif power < -_EXPONENT_MAX - _TEXT_MAX:
        nano = 1
    elif power >= 0:
        nano = digits * factor * 10**power
    else:
        nano = _divide_up(digits * factor, 10**-power)
    nano = min(nano, _VALUE_MAX)
    return Quantity(-nano if sign == "-" else nano, form)


def _suffix(suffix: str) -> tuple[int, int, Format]:
    """(factor, power of ten, format)."""
    if suffix in _DECIMAL:
        return 1, _DECIMAL[suffix], "DecimalSI"
    if suffix in _BINARY:
        return int(1024 ** _BINARY[suffix]), 0, "BinarySI"
    match = _EXPONENT.fullmatch(suffix)
    if match is None:
        if re.fullmatch(r"[eEinumkKMGTP]*[-+]?[0-9]*", suffix):
            raise QuantityError("unable to parse quantity's suffix")
        raise QuantityError(MALFORMED)
    return 1, int(match[1]), "DecimalExponent"


@lru_cache(maxsize=8192)
def canonical(text: str) -> str:
    """``"0.5"`` → ``"500m"``. Raises QuantityError."""
    return str(parse(text))


def milli_value(text: str) -> int:
    """CPU in thousandths of a core: ``"1.5"`` → 1500. Raises QuantityError."""
    return parse(text).milli


def int_value(text: str) -> int:
    """Whole units: ``"1Ki"`` → 1024. Raises QuantityError."""
    return parse(text).value


def total(texts: list[str]) -> str:
    """The canonical sum, in the format of the first. Raises QuantityError."""
    found = [parse(text) for text in texts]
    if not found:
        return "0"
    return str(Quantity(sum(item.nano for item in found), found[0].format))


def _divide_up(number: int, divisor: int) -> int:
    """Divide, rounding away from zero."""
    return -(-number // divisor) if number >= 0 else number // divisor


def _strip(number: int, base: int, limit: int) -> tuple[int, int]:
    """Divide by the base as often as it goes (at most ``limit`` times)."""
    power = 0
    while power < limit and not number % base:
        number //= base
        power += 1
    return number, power
