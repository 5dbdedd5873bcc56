"""Clients that watch: from any revision, at any member, going on elsewhere when a stream ends.

Job: follow and write down what came. Must not know: what is right.
"""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from cluster.messages.store import StoreEvents, Watch
from tests.simulation.members.checkers.watches import Segment
from tests.simulation.members.clients import KEYS, RANGE, RANGE_END

if TYPE_CHECKING:
    from tests.simulation.members.simulation import Simulation


class Watcher:
    """``segments``: one per stream, in order. ``position``: all up to it was told."""

    def __init__(self, sim: "Simulation", number: int) -> None:
        self.sim = sim
        self.rng = random.Random(f"{sim.seed}/w{number}")
        self.whole = self.rng.random() < 0.7
        self.key, self.end = (RANGE, RANGE_END) if self.whole else (self.rng.choice(KEYS), "")
        self.segments: list[Segment] = []
        self.position = 1
        self.host = self.settled = ""
        self.stopping = False
        self._stream = 0
        self._item: Callable[[StoreEvents], None] | None = None
        self._life = 0
        sim.timeline.after(self.rng.random(), self._open)

    def _open(self) -> None:
        """A new stream, from where the last one stood; now and then from farther back."""
        if self.stopping:
            return
        self.leave()
        self._stream += 1
        stream = self._stream
        start = self.position + 1
        if self.rng.random() < 0.15:
            start = max(1, start - self.rng.randrange(40))
        segment = Segment(self.key, self.end, start, resumed=bool(self.segments))
        self.segments.append(segment)
        self.host = self.settled or self.rng.choice(self.sim.names)

        def item(events: StoreEvents) -> None:
            self.sim.to_client(self._take, stream, segment, events)

        def closed(why: str) -> None:
            self._closed(stream, segment, why)

        self._item = item
        host = self.sim.hosts[self.host]
        self.sim.to_host(self.host, host.watch, Watch(self.key, self.end, start), item, closed)
        self.sim.timeline.after(0.5 + self.rng.random() * 4, self._move_on, stream)

    def _take(self, stream: int, segment: Segment, events: StoreEvents) -> None:
        if stream == self._stream:
            segment.items.append((events.events, events.revision))
            self.position = max(self.position, events.revision)

    def _closed(self, stream: int, segment: Segment, why: str) -> None:
        if stream != self._stream:
            return
        if why == "Compacted":
            self.sim.seen.saw("watch refused: Compacted")
            segment.compacted = self.sim.witness.compacted
            if not segment.items:
                segment.refused = why
            # A list would tell the present: go on from the last revision that is known.
            self.position = max(self.position, len(self.sim.witness.truth) + 1)
            self._stream += 1
            self.segments.append(Segment(self.key, self.end, self.position + 1))
        else:
            self.sim.seen.saw("watch ended by a crash")
        self.sim.timeline.after(0.05 + self.rng.random() * 0.3, self._reopen, self._stream)

    def _reopen(self, stream: int) -> None:
        if stream == self._stream:
            self._open()

    def _move_on(self, stream: int) -> None:
        """Elsewhere, or the same stream a while longer."""
        if stream != self._stream or self.stopping or self.settled:
            return
        if self.segments[-1].items and self.rng.random() < 0.6:
            self.sim.timeline.after(1 + self.rng.random() * 4, self._move_on, stream)
            return
        self.sim.seen.saw("watch resumed at another member")
        self._open()

    def leave(self) -> None:
        """Let go of the present stream."""
        if self._item is not None:
            host = self.sim.hosts[self.host]
            host.gate(host.unwatch, self._item)
            self._item = None

    def wants(self, key: str) -> bool:
        """True if the key is in range."""
        return self.key <= key < self.end if self.end else key == self.key

    def settle(self, name: str) -> None:
        """Follow this member from now on."""
        self.settled = name
        self._open()
