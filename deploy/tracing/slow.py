"""Writes that took long, and what stood in the way meanwhile, in plain words. Pure.

A write waits until a majority of the replicas has it on disk (Raft paper, section 5.3). So what
holds the replica that was asked, or the one that led, concerns it, and what leaves no majority of
others. A leader that changed meanwhile is told; all else is told as "while", for it is no more than
at the same time.
"""

from collections.abc import Sequence

from cluster.trace_tree import Span
from deploy.chaos.history import Past
from deploy.tracing import blame
from deploy.tracing.leading import Leading
from deploy.tracing.text import process_of

# From then on a write is told as slow; most take a few tens of milliseconds.
SLOW_SECONDS = 0.5
# Faults that make writes wait.
SLOWING = (
    "kill", "pause", "restart", "zone-outage", "partition", "delay", "loss", "reorder", "bandwidth",
    "slow-disk", "disk-full", "fsync-error", "torn-write",
)  # fmt: skip


class Slow:
    """``faults``: what was broken on purpose."""

    def __init__(self, leading: Leading, faults: Sequence[Past] = ()) -> None:
        self._leading = leading
        self._faults = faults

    def words(self, request: Span) -> str:
        """What is to be said of a write; '' if it was not slow."""
        seconds = (request.milliseconds or 0.0) / 1000
        if seconds < SLOW_SECONDS:
            return ""
        stored = [child for child in request.children if child.stored()]
        waited = max(((one.milliseconds or 0.0) / 1000 for one in stored), default=0.0)
        said = f"; it took {seconds:.1f} s"
        if waited >= SLOW_SECONDS:
            said = f"; the write waited {waited:.1f} s for a majority"
        return said + self._meanwhile(request, request.begin, request.begin + seconds)

    def _meanwhile(self, request: Span, begin: float, end: float) -> str:
        told = [
            f"; meanwhile {self._leading.words(reign)}"
            for reign in self._leading.changes(begin, end)
        ]
        explained = "".join(told)
        for fault in self._faults:
            if fault.verb in SLOWING and fault.stood(begin, end) and f"({fault.name}:" not in (
                explained
            ):  # fmt: skip
                held = self._concerned(fault, process_of(request.receiver), begin)
                if held:
                    lost = self._leading.lost(fault, held, begin, end)
                    told.append(f", while {blame.held(fault, ' and '.join(held))}{lost}")
        return "".join(told)

    def _concerned(self, fault: Past, asked: str, begin: float) -> list[str]:
        """Whom it held that the write had to wait for; [] if nobody."""
        replicas = self._leading.replicas
        hit = [one for one in fault.victims if one in replicas]
        if len(replicas) - len(hit) <= len(replicas) // 2:
            return hit
        return [one for one in hit if one in (asked, self._leading.leader_at(begin))]
