"""Clients as generators: each yields what it wants next and is resumed with the answer.

``yield Call(host, ask, seconds)``: the answer, or None after so long. ``yield 0.3``: that much
later. Must not know: what clients do.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.simulation.members.simulation import Simulation

Script = Generator[Any, Any, None]


@dataclass(frozen=True, slots=True)
class Call:
    """Ask ``host``; give up after ``seconds``."""

    host: str
    ask: Any
    seconds: float = 1.0


class Runner:
    """One script under way."""

    def __init__(self, sim: "Simulation", script: Script) -> None:
        self._sim = sim
        self._script = script
        self._turn = 0
        self.done = False
        sim.timeline.after(0.0, self._resume, 0, None)

    def _resume(self, turn: int, value: Any) -> None:
        if turn != self._turn or self.done:
            return
        self._turn += 1
        try:
            wanted = self._script.send(value)
        except StopIteration:
            self.done = True
            return
        timeline, turn = self._sim.timeline, self._turn
        if isinstance(wanted, Call):
            host = self._sim.hosts[wanted.host]

            def reply(answer: Any) -> None:
                self._sim.to_client(self._resume, turn, answer)

            self._sim.to_host(wanted.host, host.ask, wanted.ask, reply)
            timeline.after(wanted.seconds, self._resume, turn, None)
        else:
            timeline.after(wanted, self._resume, turn, None)
