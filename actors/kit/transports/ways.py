"""The ways out of a process to its peers, and what is wrong with them: distance and faults.

Bytes are delayed by ``pipe``, told messages lost, doubled or held back by ``tcp``; here it is
decided, and counted as the faults' evidence. Must not know: connections, messages.
"""

import math
from collections.abc import Callable, Iterable, Mapping

from actors.kit.world.entropy import Entropy
from cluster.chaos.faults import RETRANSMISSION_SECONDS, LinkFault

# Of a held back message: long enough for others to overtake it.
REORDER_SECONDS = 0.05
RETRANSMISSIONS_MAX = 6

Struck = dict[str, int]


class Way:
    """To one peer. ``clear``: nothing is wrong with it, and it is no longer than this machine.
    ``longest``: seconds after which what leaves now has arrived, unless it is lost on the way."""

    def __init__(self, entropy: Entropy, distance: float = 0.0) -> None:
        self._entropy = entropy
        self._distance = distance
        self._faults: list[tuple[LinkFault, Struck]] = []
        self._watchers: dict[Callable[[], None], None] = {}
        # When the line will have taken all that was put on it.
        self._free = 0.0
        self._decide()

    def suffer(self, faults: list[tuple[LinkFault, Struck]]) -> None:
        """These from now on, and no others."""
        self._faults = faults
        self._decide()
        for changed in list(self._watchers):
            changed()

    def lie(self, distance: float) -> None:
        """So far away (seconds of one way) from now on."""
        if distance != self._distance:
            self._distance = distance
            self.suffer(self._faults)

    def watch(self, changed: Callable[[], None]) -> None:
        """Call it whenever the way gets better or worse."""
        self._watchers[changed] = None

    def unwatch(self, changed: Callable[[], None]) -> None:
        """Call it no more."""
        self._watchers.pop(changed, None)

    def _decide(self) -> None:
        faults = [fault for fault, _ in self._faults]
        self.cut = next((fault.name for fault in faults if fault.cut), "")
        self._delay = self._distance + sum(fault.delay for fault in faults)
        self._jitter = sum(fault.jitter for fault in faults)
        widths = [fault.bandwidth for fault in faults if fault.bandwidth]
        self._bandwidth = min(widths, default=0)
        if not self._bandwidth:
            self._free = 0.0
        # As long as anything can take, but for what is sent anew.
        self.longest = math.inf if self._bandwidth else self._delay + self._jitter
        self._loss = _any(fault.loss for fault in faults)
        self._duplicate = _any(fault.duplicate for fault in faults)
        self._reorder = _any(fault.reorder for fault in faults)
        self.unreliable = bool(self._loss or self._duplicate or self._reorder)
        self.clear = not (self.cut or self._delay or self._jitter or self._bandwidth or self._loss)

    def held(self) -> None:
        """Something could not leave."""
        self._strike("held", lambda fault: fault.cut)

    def due(self, now: float, size: int) -> float:
        """When ``size`` bytes that leave now arrive (loop time; the caller keeps them in order)."""
        arrival = now
        if self._bandwidth:
            arrival = self._free = max(now, self._free) + size / self._bandwidth
            self._strike("slowed", lambda fault: fault.bandwidth > 0)
        arrival += self._delay
        if self._jitter:
            arrival += self._entropy.uniform(0.0, self._jitter)
        if self._faults:
            self._strike("delayed", lambda fault: fault.delay > 0 or fault.jitter > 0)
        wait, tries = RETRANSMISSION_SECONDS, 0
        while self._loss and tries < RETRANSMISSIONS_MAX and self._drawn(self._loss):
            arrival += wait
            wait, tries = wait * 2, tries + 1
        if tries:
            self._strike("retransmitted", lambda fault: fault.loss > 0)
        return arrival

    def loses(self) -> str:
        """The fault that loses the next told message, '' if it arrives."""
        if self._loss and self._drawn(self._loss):
            return self._strike("dropped", lambda fault: fault.loss > 0)
        return ""

    def doubles(self) -> str:
        """The fault that doubles the next told message, '' if it comes once."""
        if self._duplicate and self._drawn(self._duplicate):
            return self._strike("duplicated", lambda fault: fault.duplicate > 0)
        return ""

    def holds_back(self) -> float:
        """Seconds by which the next told message is late, so that others overtake it."""
        if self._reorder and self._drawn(self._reorder):
            self._strike("reordered", lambda fault: fault.reorder > 0)
            return self._entropy.uniform(0.0, REORDER_SECONDS)
        return 0.0

    def _drawn(self, share: float) -> bool:
        return self._entropy.random() < share

    def _strike(self, what: str, guilty: Callable[[LinkFault], bool]) -> str:
        """Count it for each that is guilty; the first one's name."""
        name = ""
        for fault, struck in self._faults:
            if guilty(fault):
                struck[what] = struck.get(what, 0) + 1
                name = name or fault.name
        return name


class Ways:
    """All ways of a process. ``distances``: seconds of one way, by peer."""

    def __init__(self, entropy: Entropy, distances: Mapping[str, float] | None = None) -> None:
        self._entropy = entropy
        self._distances = dict(distances or {})
        self._ways: dict[str, Way] = {}
        self._faults: list[tuple[LinkFault, Struck]] = []

    def to(self, process: str) -> Way:
        """The way to a peer: always the same object."""
        way = self._ways.get(process)
        if way is None:
            distance = self._distances.get(process, 0.0)
            way = self._ways[process] = Way(self._entropy, distance)
            way.suffer(self._of(process))
        return way

    def measure(self, distances: Mapping[str, float]) -> None:
        """Peers have come or moved: the distances of all."""
        self._distances = dict(distances)
        for process, way in self._ways.items():
            way.lie(self._distances.get(process, 0.0))

    def suffer(self, faults: list[tuple[LinkFault, Struck]]) -> None:
        """These from now on, and no others. What they do is counted in their dicts."""
        self._faults = faults
        for process, way in self._ways.items():
            way.suffer(self._of(process))

    def why(self, process: str) -> str:
        """``fault:<name>`` if nothing gets to that peer because of it, else ''."""
        way = self._ways.get(process)
        return f"fault:{way.cut}" if way is not None and way.cut else ""

    def _of(self, process: str) -> list[tuple[LinkFault, Struck]]:
        return [one for one in self._faults if process in one[0].peers]


def _any(shares: Iterable[float]) -> float:
    """The chance that at least one of independent chances comes true."""
    left = 1.0
    for share in shares:
        left *= 1.0 - share
    return 1.0 - left
