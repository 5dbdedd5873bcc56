"""Orders as people type them: targets and amounts in any order. Pure.

    delay zone/a zone/b 40ms          loss 10% leader            clock follower -30s

Must not know: how an order is carried out.
"""

from collections.abc import Sequence
from typing import get_args

from cluster.chaos import amounts
from cluster.chaos.orders import VERBS, Order, Verb, Way

# What the amount of an order is.
AMOUNTS: dict[str, str] = {
    "delay": "time", "slow-disk": "time", "clock": "jump",
    "loss": "share", "duplicate": "share", "reorder": "share", "torn-write": "share",
    "bandwidth": "speed",
    "container-kill": "count", "sandbox-kill": "count", "image-remove": "count",
}  # fmt: skip
TWO_SIDED = ("partition", "delay", "loss", "duplicate", "reorder", "bandwidth")


def amount(kind: str, text: str) -> float:
    """An amount of a kind (see ``AMOUNTS``). Raises ValueError with how to write it."""
    match kind:
        case "time":
            return duration(text)
        case "jump":
            return amounts.seconds(text.removeprefix("+"))
        case "share":
            return amounts.share(text)
        case "speed":
            return float(amounts.bytes_per_second(text))
        case _:
            if not text.isdecimal() or int(text) < 1:
                raise ValueError(f"{text!r} is no number of them")
            return float(text)


def duration(text: str) -> float:
    """How long, in seconds. Raises ValueError."""
    found = amounts.seconds(text)
    if found < 0:
        raise ValueError(f"{text!r}: no time is less than none")
    return found


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
    seconds = duration(lasts) if lasts else 0.0
    if lasts and not seconds:
        raise ValueError(f"--for {lasts}: a fault that is to last takes longer than that")
    return Order(
        _verb(verb),
        target or "random",
        other,
        amount=amount(kind, given[0]) if given else 0.0,
        jitter=duration(jitter) if jitter else 0.0,
        rate=rate,
        way=_way(way),
        seconds=seconds,
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


def lasting(seconds: float) -> str:
    """A time for people, as it can be typed: 90.0 is ``90s``."""
    if seconds < 1.0:
        return f"{seconds * 1000:g}ms"
    for unit, length in (("h", 3600.0), ("m", 60.0)):
        if seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{round(seconds, 3):g}s" if seconds < 1e5 else f"{seconds:.0f}s"


def ago(seconds: float) -> str:
    """A time for people who only look: 90.4 is ``1m30s``."""
    minutes, rest = divmod(round(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


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
            kilo, rest = divmod(number, 1000)
            return f"{number:.0f}/s" if rest else f"{kilo:.0f}kB/s"
        case _:
            return f"{number:.0f}"
