"""How much of which actor's trace is kept: levels, and shares of traces. Pure.

Levels: ``off``: nothing; ``notes``: what actors note; ``messages``: each message too, heartbeats
counted; ``routine``: each heartbeat too. A share keeps whole traces: which ones depends on their
ids alone, so that all processes keep the same. Must not know: what a record holds.
"""

from typing import NamedTuple

OFF, NOTES, MESSAGES, ROUTINE = "off", "notes", "messages", "routine"
LEVELS = (OFF, NOTES, MESSAGES, ROUTINE)
# What is known of addresses is worked out anew beyond this many: sessions' actors come and go.
KNOWN_MAX = 10_000
# The last digits of a trace id are random (W3C Trace Context level 2, random-trace-id flag).
CHANCE_DIGITS = 8
CHANCES = float(1 << 4 * CHANCE_DIGITS)


class Dial(NamedTuple):
    """``share``: of the traces that are kept, 0 to 1."""

    level: str = MESSAGES
    share: float = 1.0

    @property
    def messages(self) -> bool:
        """Whether messages are recorded."""
        return self.level in (MESSAGES, ROUTINE)

    @property
    def notes(self) -> bool:
        """Whether notes are."""
        return self.level != OFF

    def samples(self, trace: str) -> bool:
        """Whether the trace with this id is kept. What belongs to none always is."""
        if self.share >= 1.0 or not trace:
            return True
        return int(trace[-CHANCE_DIGITS:], 16) < self.share * CHANCES


DEFAULT = Dial()


class Levels:
    """Of one process. ``plain``: all is as by default, and need not be looked up."""

    def __init__(self) -> None:
        self.plain = True
        self._whole = DEFAULT
        self._actors: dict[str, Dial] = {}
        self._known: dict[str, Dial] = {}

    def set(self, actor: str, level: str, share: float) -> None:
        """From now on. ``actor``: a name, which stands for its children too; '' is every actor,
        and undoes what was set for single ones. Raises ValueError."""
        if level not in LEVELS:
            raise ValueError(f"{level!r} is no level: {', '.join(LEVELS)}")
        if not 0.0 <= share <= 1.0:
            raise ValueError(f"a share is between 0 and 1, not {share:g}")
        if "@" in actor:
            raise ValueError(f"{actor!r}: a name without a process, as store or kubelet/streams")
        dial = Dial(level, share)
        if actor:
            self._actors[actor] = dial
        else:
            self._whole = dial
            self._actors.clear()
        self._known.clear()
        self.plain = self._whole == DEFAULT and not self._actors

    def of(self, address: str) -> Dial:
        """What holds for an actor: its own, else its parent's, else the process's."""
        known = self._known.get(address)
        if known is None:
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            known = self._known[address] = self._find(address.partition("@")[0])
        return known

    def table(self) -> dict[str, Dial]:
        """What is set: by name, '' for all others."""
        return {"": self._whole, **self._actors}

    def _find(self, name: str) -> Dial:
        while name:
            if (dial := self._actors.get(name)) is not None:
                return dial
            name = name.rpartition("/")[0]
        return self._whole
