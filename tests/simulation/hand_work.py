"""What one order on a simulated cluster works with, and what it says when it is done."""

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from cluster.chaos.faults import LinkFault
from cluster.chaos.orders import Active
from tests.simulation.cluster import SimulatedCluster
from tests.simulation.keeper import Keeper


class Evidence(NamedTuple):
    """Why it is known that something took effect, or what was seen instead."""

    proof: str = ""
    doubt: str = ""


@dataclass
class Tools:
    """Shared by all orders of a run. ``links``: what each process's sending suffers, by fault.
    ``holders``: which faults hold a thing that several may hold, by the thing's name."""

    cluster: SimulatedCluster
    keeper: Keeper
    links: dict[str, dict[str, tuple[LinkFault, dict[str, int]]]] = field(default_factory=dict)
    holders: dict[str, dict[str, float]] = field(default_factory=dict)

    def hold(self, thing: str, fault: str, amount: float = 1.0) -> float:
        """One more holds it. The sum of all amounts."""
        held = self.holders.setdefault(thing, {})
        held[fault] = amount
        return sum(held.values())

    def let_go(self, thing: str, fault: str) -> float:
        """One less. The sum of what is left."""
        held = self.holders.get(thing, {})
        held.pop(fault, None)
        return sum(held.values())


class Work(Protocol):
    """One order at work."""

    async def begin(self) -> Evidence:
        """Break it, and look."""

    async def end(self) -> Evidence:
        """Mend it, and look."""


class Maker(Protocol):
    """Of the work for one order."""

    def __call__(self, tools: Tools, active: Active, seed: int) -> Work: ...


def joined(parts: list[Evidence]) -> Evidence:
    """All of it; a doubt in one is a doubt in all."""
    doubts = [part.doubt for part in parts if part.doubt]
    proofs = [part.proof for part in parts if part.proof]
    return Evidence("", "; ".join([*doubts, *proofs])) if doubts else Evidence("; ".join(proofs))
