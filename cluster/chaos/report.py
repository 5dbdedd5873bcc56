"""What is left of a run: figures, series, faults, violations, a verdict. Pure records, as the JSON
file beside the page has them.

Times are seconds since the run began to be watched. Must not know: how it is shown.
"""

from typing import Literal

import msgspec

from cluster.chaos.observations import Violation
from cluster.chaos.scenario import Scenario

Verdict = Literal["held", "broken", "says nothing"]
# What a command ends with.
EXIT_CODES: dict[Verdict, int] = {"held": 0, "broken": 1, "says nothing": 2}


class Fault(msgspec.Struct, frozen=True):
    """``begin`` to ``struck``: until it was known to have taken effect; ``mending`` to ``end``:
    until it was known to be healed. ``proof``, ``healed``: why that is known; ``doubts``: why it
    is not; ``masked``: the fault that held one of its processes meanwhile, so that it could not
    be proven."""

    name: str
    order: str
    names: tuple[str, ...]
    begin: float
    struck: float
    mending: float
    end: float
    proof: str
    healed: str
    doubts: tuple[str, ...] = ()
    masked: str = ""


class Found(msgspec.Struct, frozen=True):
    """A violation, and what caused what around it, from the trace."""

    violation: Violation
    chain: tuple[str, ...] = ()


class Series(msgspec.Struct, frozen=True):
    """Over time, one number per ``step`` seconds; None where there is nothing to tell."""

    name: str
    unit: str
    step: float
    values: tuple[float | None, ...]


class Reign(msgspec.Struct, frozen=True):
    """A replica led (``replica`` '': nobody was seen to)."""

    replica: str
    term: int
    begin: float
    end: float


class Report(msgspec.Struct, frozen=True, rename="kebab"):
    """``reasons``: for the verdict. ``started``: UNIX seconds. ``steady``: the phase without
    faults, ``faults_end``: when the last was to be healed. ``unchecked``: what could not be looked
    at on this ground."""

    scenario: Scenario
    seed: str
    cluster: str
    started: float
    steady: float
    faults_end: float
    end: float
    verdict: Verdict
    reasons: tuple[str, ...]
    replicas: tuple[str, ...]
    figures: dict[str, float] = {}
    faults: tuple[Fault, ...] = ()
    violations: tuple[Found, ...] = ()
    reigns: tuple[Reign, ...] = ()
    series: tuple[Series, ...] = ()
    story: tuple[tuple[float, str], ...] = ()
    unchecked: tuple[str, ...] = ()

    def exit_code(self) -> int:
        """0: all held; 1: an invariant broke; 2: the run says nothing."""
        return EXIT_CODES[self.verdict]


def encode(report: Report) -> bytes:
    """The JSON file."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2)


def decode(data: bytes) -> Report:
    """Raises ValueError with the path of what is wrong."""
    try:
        return msgspec.json.decode(data, type=Report)
    except msgspec.DecodeError as error:
        raise ValueError(f"report: {error}") from error
