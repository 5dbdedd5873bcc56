"""A connection of two processes in memory: what is under way on it. Pure, but for its timer.

Must not know: faults, when anything arrives.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field


@dataclass
class Connection:
    """Between two processes. By source, what is under way: ``queues``, with when it arrives, and
    ``turns``, how often that was changed; ``held``, as nothing passes; ``late``, out of order."""

    up: bool = False
    epoch: int = 0
    queues: dict[str, deque[tuple[float, bytes]]] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)
    held: dict[str, list[bytes]] = field(default_factory=dict)
    late: dict[tuple[str, int], bytes] = field(default_factory=dict)
    silence: asyncio.TimerHandle | None = None

    def reset(self, up: bool) -> list[tuple[str, bytes, bool]]:
        """Broken, or made anew. Returns what was under way: source, envelope, whether held."""
        lost = [(source, data, False) for source, queue in self.queues.items() for _, data in queue]
        lost += [(source, data, False) for (source, _), data in self.late.items()]
        lost += [(source, data, True) for source, held in self.held.items() for data in held]
        self.up = up
        self.epoch += 1
        self.queues.clear()
        self.due.clear()
        self.held.clear()
        self.late.clear()
        if self.silence is not None:
            self.silence.cancel()
            self.silence = None
        return lost
