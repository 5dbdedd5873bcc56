"""Links between hosts: one-way each, they delay, lose, double, hold and bring back.

Job: carry payloads. Must not know: what they are.
"""

import random
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.simulation.members.timeline import Timeline

# Messages remembered to be brought back much later, and how often one is.
REMEMBERED = 48
# The last messages of each host, of which some turn out to be void: what they said is no more.
RECENT = 24
VOID = 64
ASKED = 8

Link = tuple[str, str]


class Network:
    """``cut``: links that lose everything. ``clogged``: links that hold everything back.
    ``deliver(to, payload)`` is called when one arrives."""

    def __init__(
        self, timeline: Timeline, rng: random.Random, deliver: Callable[[str, Any], None]
    ) -> None:
        self.cut: dict[Link, None] = {}
        self.clogged: dict[Link, list[Any]] = {}
        self.loss = 0.0
        self.doubling = 0.0
        # Seconds: at least, and how much more at most; now and then far more.
        self.delay = 0.002
        self.jitter = 0.004
        self.straggling = 0.0
        self.sent = 0
        self._timeline = timeline
        self._rng = rng
        self._deliver = deliver
        self._remembered: list[tuple[str, str, Any]] = []
        self._recent: dict[str, deque[tuple[str, str, Any]]] = {}
        self._asked: dict[str, deque[tuple[str, str, Any]]] = {}
        self._void: deque[tuple[str, str, Any]] = deque(maxlen=VOID)

    def send(self, sender: str, to: str, payload: Any, twice: bool = True) -> None:
        """Perhaps it arrives. ``twice`` False: never two times."""
        self.sent += 1
        link = (sender, to)
        if link in self.cut:
            return
        rng = self._rng
        if self.loss and rng.random() < self.loss:
            return
        if link in self.clogged:
            self.clogged[link].append(payload)
            return
        self._carry(link, payload)
        if twice:
            if self.doubling and rng.random() < self.doubling:
                self._carry(link, payload)
            if self.sent % 17 == 0:
                self._remember(sender, to, payload)

    def _carry(self, link: Link, payload: Any) -> None:
        seconds = self.delay + self.jitter * self._rng.random()
        if self.straggling and self._rng.random() < self.straggling:
            seconds += self._rng.random() * 2.0
        self._timeline.after(seconds, self._arrive, link, payload)

    def _arrive(self, link: Link, payload: Any) -> None:
        if link not in self.cut:
            self._deliver(link[1], payload)

    def _remember(self, sender: str, to: str, payload: Any) -> None:
        item = (sender, to, payload)
        if len(self._remembered) < REMEMBERED:
            self._remembered.append(item)
        else:
            self._remembered[self._rng.randrange(REMEMBERED)] = item

    def replay(self, count: int) -> int:
        """Very old messages arrive again, void ones before others; how many."""
        void = self._rng.sample(self._void, min(count, len(self._void)))
        count = min(count, len(self._remembered))
        for sender, to, payload in [*void, *self._rng.sample(self._remembered, count)]:
            self._carry((sender, to), payload)
        return count + len(void)

    def replay_to(self, to: str) -> None:
        """All void promises that were made to this host arrive again; and what it asked of others
        when it led before arrives at them."""
        for sender, receiver, payload in [*self._void, *self._asked.get(to, ())]:
            if to in (sender, receiver):
                self._carry((sender, receiver), payload)
        self._asked.pop(to, None)

    def asked(self, sender: str, to: str, payload: Any) -> None:
        """A leader asked for something that an answer confirms: keep it a while."""
        asked = self._asked.get(sender)
        if asked is None:
            asked = self._asked[sender] = deque(maxlen=ASKED)
        asked.append((sender, to, payload))

    def said(self, sender: str, to: str, payload: Any) -> None:
        """A promise was sent: keep it a while."""
        recent = self._recent.get(sender)
        if recent is None:
            recent = self._recent[sender] = deque(maxlen=RECENT)
        recent.append((sender, to, payload))

    def void(self, sender: str) -> None:
        """What it promised lately is no more: it was overwritten, or its disk wiped."""
        self._void.extend(self._recent.pop(sender, ()))

    def unclog(self, link: Link) -> None:
        """What was held back arrives, in any order."""
        for payload in self.clogged.pop(link, []):
            self._carry(link, payload)

    def isolate(self, name: str, others: list[str], into: bool = True, out: bool = True) -> None:
        """Nothing reaches ``name`` (``into``), nothing leaves it (``out``)."""
        for other in others:
            if other != name:
                if into:
                    self.cut[(other, name)] = None
                if out:
                    self.cut[(name, other)] = None

    def mend(self) -> None:
        """All links work."""
        self.cut.clear()
        for link in list(self.clogged):
            self.unclog(link)
