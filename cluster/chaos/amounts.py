"""Amounts as people write them: 40ms, 1.5s, 10%, 2MB/s. Pure."""

import re

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
SIZES = {"": 1, "k": 1000, "kb": 1000, "kib": 1024, "m": 10**6, "mb": 10**6, "mib": 1 << 20}
NUMBER = r"[0-9]+(?:\.[0-9]+)?"
DURATION = re.compile(rf"(-?)({NUMBER})(ms|s|m|h)?")
SHARE = re.compile(rf"({NUMBER})(%?)")
RATE = re.compile(rf"({NUMBER})([kmKM]?(?:[iI]?[bB])?)(?:/s)?")


def seconds(text: str) -> float:
    """``40ms``, ``1.5s``, ``2m``, ``1h``, ``-3h``, or a plain number of seconds. Raises
    ValueError."""
    found = DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no duration: write 40ms, 1.5s, 2m or 1h")
    value = float(found[2]) * UNITS[found[3] or "s"]
    return -value if found[1] else value


def share(text: str) -> float:
    """``10%`` or ``0.1``, from 0 to 1. Raises ValueError."""
    found = SHARE.fullmatch(text.strip())
    value = float(found[1]) / (100 if found[2] else 1) if found else -1.0
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{text!r} is no share: write 10% or 0.1")
    return value


def bytes_per_second(text: str) -> int:
    """``500kB/s``, ``2MB/s``, or a plain number of bytes. Raises ValueError."""
    found = RATE.fullmatch(text.strip())
    size = SIZES.get(found[2].lower()) if found else None
    if found is None or size is None or float(found[1]) * size < 1:
        raise ValueError(f"{text!r} is no bandwidth: write 500kB/s or 2MB/s")
    return int(float(found[1]) * size)
