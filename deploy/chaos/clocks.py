"""Whether the wall clocks of processes are as far off as they were to be.

Must not know: how a clock is bent.
"""

import time
from collections.abc import Iterable

from cluster.settings import ClusterSettings
from deploy.chaos import door
from deploy.chaos.evidence import Evidence
from deploy.chaos.ledger import Entry
from deploy.chaos.looking import side_by_side

# What it takes to ask, and to be asked.
TOLERANCE_SECONDS = 0.1
# Long enough to see how fast a clock runs.
RATE_SECONDS = 0.5
RATE_TOLERANCE = 0.1


def offsets(settings: ClusterSettings, names: Iterable[str]) -> dict[str, float | None]:
    """How far each process's clock is ahead of the machine's, seconds; None if it is silent."""

    def one(name: str) -> float | None:
        try:
            told = door.ask(settings, name, "time")
        except (door.DoorShut, ValueError):
            return None
        return float(told["now"]) - float(told["actual"])

    return side_by_side(one, names)


def proof(
    settings: ClusterSettings, entry: Entry, names: list[str], before: dict[str, float | None]
) -> Evidence:
    """Against the offsets ``before``: each clock has jumped, or runs as fast as it was to."""
    order = entry.active.order
    now = offsets(settings, names)
    begin = time.monotonic()
    if order.rate == 1.0:
        moved = {name: _less(now[name], before.get(name)) for name in names}
        return judged(moved, order.amount, TOLERANCE_SECONDS, "s against before")
    time.sleep(RATE_SECONDS)
    later, took = offsets(settings, names), time.monotonic() - begin
    gained = {name: _less(later[name], now[name]) for name in names}
    rates = {name: None if gain is None else 1.0 + gain / took for name, gain in gained.items()}
    return judged(rates, order.rate, RATE_TOLERANCE * order.rate, "times as fast")


def healed(settings: ClusterSettings, names: list[str], others: list[Entry]) -> Evidence:
    """Each clock tells the machine's time, unless something else bends it."""
    bent = ", ".join(other.name for other in others if other.active.order.verb == "clock")
    if bent:
        return Evidence(f"{bent} bends the clocks still")
    return judged(offsets(settings, names), 0.0, TOLERANCE_SECONDS, "s off")


def judged(found: dict[str, float | None], wanted: float, tolerance: float, unit: str) -> Evidence:
    """Those that are as wanted, and those that are not. Pure."""
    proof, doubt = [], []
    for name, value in found.items():
        if value is None:
            doubt.append(f"{name} does not tell its time")
        elif abs(value - wanted) > tolerance:
            doubt.append(f"{name}: {value:+.2f} {unit}, and not {wanted:+.2f}")
        else:
            # Never "-0.0".
            proof.append(f"{name}: {round(value, 1) + 0.0:+.1f} {unit}")
    return Evidence("; ".join(proof), "; ".join(doubt))


def _less(value: float | None, base: float | None) -> float | None:
    return None if value is None or base is None else value - base
