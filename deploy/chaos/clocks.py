"""Whether the wall clocks of processes are as far off as they were to be.

Must not know: how a clock is bent.
"""

import time
from collections.abc import Iterable

import msgspec

from cluster.settings import ClusterSettings
from deploy.chaos import door
from deploy.chaos.evidence import Evidence
from deploy.chaos.ledger import Entry
from deploy.chaos.looking import side_by_side

# Both times are taken at one moment, by the process itself.
TOLERANCE_SECONDS = 0.05
# Long enough to see how fast a clock runs.
RATE_SECONDS = 0.5
RATE_TOLERANCE = 0.02


class Told(msgspec.Struct, frozen=True):
    """What a process says at one moment: its own time, and the machine's; UNIX seconds."""

    now: float
    actual: float


def times(settings: ClusterSettings, names: Iterable[str]) -> dict[str, Told | None]:
    """What each process says that it is; None if it is silent."""

    def one(name: str) -> Told | None:
        try:
            return msgspec.convert(door.ask(settings, name, "time"), Told)
        except (door.DoorShut, ValueError):
            return None

    return side_by_side(one, names)


def proof(
    settings: ClusterSettings, entry: Entry, names: list[str], before: dict[str, Told | None]
) -> Evidence:
    """Against what they said ``before``: each clock has jumped, or runs as fast as it was to."""
    order = entry.active.order
    now = times(settings, names)
    if order.rate == 1.0:
        jumps = {name: jump(before.get(name), now[name]) for name in names}
        return judged(jumps, order.amount, TOLERANCE_SECONDS, "s against before")
    time.sleep(RATE_SECONDS)
    later = times(settings, names)
    rates = {name: rate(now[name], later[name]) for name in names}
    return judged(rates, order.rate, RATE_TOLERANCE, "times as fast", "")


def jump(before: Told | None, now: Told | None) -> float | None:
    """Seconds that a clock has gained on the machine's. Pure."""
    if before is None or now is None:
        return None
    return (now.now - now.actual) - (before.now - before.actual)


def rate(before: Told | None, now: Told | None) -> float | None:
    """How many times as fast as the machine's a clock ran. Pure."""
    if before is None or now is None or now.actual <= before.actual:
        return None
    return (now.now - before.now) / (now.actual - before.actual)


def healed(settings: ClusterSettings, names: list[str], others: list[Entry]) -> Evidence:
    """Each clock tells the machine's time, unless something else bends it."""
    bent = ", ".join(other.name for other in others if other.active.order.verb == "clock")
    if bent:
        return Evidence(f"{bent} bends the clocks still")
    true = Told(0.0, 0.0)
    off = {name: jump(true, told) for name, told in times(settings, names).items()}
    return judged(off, 0.0, TOLERANCE_SECONDS, "s off")


def judged(
    found: dict[str, float | None], wanted: float, tolerance: float, unit: str, sign: str = "+"
) -> Evidence:
    """Those that are as wanted, and those that are not. ``sign``: of what is more. Pure."""
    proof, doubt = [], []
    for name, value in found.items():
        if value is None:
            doubt.append(f"{name} does not tell its time")
        elif abs(value - wanted) > tolerance:
            doubt.append(f"{name}: {value:{sign}.2f} {unit}, and not {wanted:{sign}.2f}")
        else:
            # Never "-0.0".
            proof.append(f"{name}: {round(value, 1) + 0.0:{sign}.1f} {unit}")
    return Evidence("; ".join(proof), "; ".join(doubt))
