"""Orders as people type them: targets and amounts in any order. Pure.

    delay zone/a zone/b 40ms          loss 10% leader            clock follower -30s

Must not know: how an order is carried out.
"""

import re
from collections.abc import Sequence
from typing import get_args

from cluster.chaos.orders import VERBS, Order, Verb, Way

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
TIME = re.compile(r"([0-9]*\.?[0-9]+)(us|ms|s|m|h)")
BYTES = {
    "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30,
    "bit": 1 / 8, "kbit": 1e3 / 8, "mbit": 1e6 / 8, "gbit": 1e9 / 8,
}  # fmt: skip
SPEED = re.compile(r"([0-9]*\.?[0-9]+)\s*([a-z]*)(?:/s)?")
# What the amount of an order is.
AMOUNTS: dict[str, str] = {
    "delay": "time", "slow-disk": "time", "clock": "jump",
    "loss": "share", "duplicate": "share", "reorder": "share", "torn-write": "share",
    "bandwidth": "speed",
    "container-kill": "count", "sandbox-kill": "count", "image-remove": "count",
}  # fmt: skip
TWO_SIDED = ("partition", "delay", "loss", "duplicate", "reorder", "bandwidth")


def seconds(text: str) -> float:
    """``40ms``, ``2s``, ``1m30s``, or a number of seconds. Raises ValueError."""
    parts = list(TIME.finditer(text))
    if parts and "".join(part[0] for part in parts) == text:
        return sum(float(part[1]) * UNITS[part[2]] for part in parts)
    if re.fullmatch(r"[0-9]*\.?[0-9]+", text):
        return float(text)
    raise ValueError(f"{text!r} is no time: write it as 40ms, 2s or 1m30s")


def amount(kind: str, text: str) -> float:
    """An amount of a kind (see ``AMOUNTS``). Raises ValueError with how to write it."""
    match kind:
        case "time":
            return seconds(text)
        case "jump":
            sign = -1.0 if text.startswith("-") else 1.0
            return sign * seconds(text[1:] if text[:1] in ("+", "-") else text)
        case "share":
            return _share(text)
        case "speed":
            return _speed(text)
        case _:
            if not text.isdecimal() or int(text) < 1:
                raise ValueError(f"{text!r} is no number of them")
            return float(text)


def _share(text: str) -> float:
    number = text.removesuffix("%")
    if not re.fullmatch(r"[0-9]*\.?[0-9]+", number):
        raise ValueError(f"{text!r} is no share: write it as 10% or 0.1")
    found = float(number) / (100.0 if text.endswith("%") else 1.0)
    if found > 1.0:
        raise ValueError(f"{text!r} is more than all: write 100% or less")
    return found


def _speed(text: str) -> float:
    found = SPEED.fullmatch(text.lower())
    if found is None or (found[2] and found[2] not in BYTES):
        raise ValueError(f"{text!r} is no speed: write it as 500KB/s, 1MiB/s or 8Mbit/s")
    return float(found[1]) * BYTES.get(found[2], 1)


def order(
    verb: str, words: Sequence[str], lasts: str = "", way: str = "both", jitter: str = "",
    rate: float = 1.0,
) -> Order:  # fmt: skip
    """What the words ask for. ``lasts``: for how long ('' : until it is healed).

    Raises ValueError for words that are too many, or amounts that cannot be read.
    """
    if way not in get_args(Way):
        raise ValueError(f"--way is one of {', '.join(get_args(Way))}, not {way!r}")
    kind = AMOUNTS.get(verb, "")
    given = [word for word in words if kind and is_amount(word)]
    targets = [word for word in words if word not in given]
    most = 2 if verb in TWO_SIDED else 1
    if len(targets) > most or len(given) > 1:
        raise ValueError(
            f"{verb} takes {'two targets' if most == 2 else 'one target'} at most (several with "
            f"commas between){' and one amount' if kind else ''}, not: {' '.join(words)}"
        )
    target, other = [*targets, "", ""][:2]
    return Order(
        _verb(verb),
        target or "random",
        other,
        amount=amount(kind, given[0]) if given else 0.0,
        jitter=seconds(jitter) if jitter else 0.0,
        rate=rate,
        way=_way(way),
        seconds=seconds(lasts) if lasts else 0.0,
    )


def is_amount(word: str) -> bool:
    """Whether a word is no target: those begin with a letter."""
    return word[:1].isdigit() or word[:1] in ("+", "-", ".")


def _verb(text: str) -> Verb:
    found: Verb | None = next((verb for verb in get_args(Verb) if verb == text), None)
    if found is None:
        raise ValueError(f"{text!r} is not one of: {', '.join(VERBS)}")
    return found


def _way(text: str) -> Way:
    found: Way = next(way for way in get_args(Way) if way == text)
    return found


def lasting(duration: float) -> str:
    """A time for people: 90.0 is ``1m30s``."""
    if duration < 1.0:
        return f"{duration * 1000:.0f}ms"
    whole, rest = divmod(round(duration, 1), 60.0)
    hours, minutes = divmod(int(whole), 60)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else ""]
    return "".join(parts) + (f"{rest:g}s" if rest or not whole else "")


def about(order: Order) -> str:
    """An order for people, as it could be typed."""
    kind = AMOUNTS.get(order.verb, "")
    parts = [order.verb, order.target, order.other]
    if kind and order.amount:
        parts.append(_amount_text(kind, order.amount))
    if order.way != "both":
        parts.append(f"--way {order.way}")
    if order.jitter:
        parts.append(f"--jitter {lasting(order.jitter)}")
    if order.rate != 1.0:
        parts.append(f"--rate {order.rate:g}")
    if order.seconds:
        parts.append(f"--for {lasting(order.seconds)}")
    return " ".join(part for part in parts if part)


def _amount_text(kind: str, number: float) -> str:
    match kind:
        case "time" | "jump":
            return ("-" if number < 0 else "") + lasting(abs(number))
        case "share":
            return f"{number * 100:g}%"
        case "speed":
            return f"{number:.0f}B/s"
        case _:
            return f"{number:.0f}"
