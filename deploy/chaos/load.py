"""Writers and readers that keep what the cluster said it did, with the times of asking.

Must not know: what is right (the checkers do); what the values are kept in.
"""

import asyncio
import math
from dataclasses import dataclass, field

from cluster.chaos.observations import Acknowledged, Increment, Read, Violation
from cluster.errors import SteersmanError
from deploy.chaos.registers import Conflict, Refused, Register

PAUSE_SECONDS = 0.15
RETRY_SECONDS = 0.05
COUNTER = "counter"


@dataclass
class Load:
    """What all writers and readers of a run kept. ``unknown``: increments without an answer.
    ``failures``: tries to write that were refused or had no answer (they are repeated);
    ``refused_reads``: the same of reads.
    ``surprises``: objects that were not as their only writer left them. Once ``stopping``, each
    ends with its next answer: no outcome is left open."""

    register: Register
    pause: float = PAUSE_SECONDS
    acknowledged: list[Acknowledged] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    increments: list[Increment] = field(default_factory=list)
    unknown: int = 0
    failures: int = 0
    refused_reads: int = 0
    surprises: list[Violation] = field(default_factory=list)
    stopping: bool = False
    # Each stays with its server as long as that answers, as clients with a connection do; else it
    # goes round, so that all servers are asked for everything.
    sticky: bool = False
    # Writes that are asked for and have no answer yet, by object: they end some time.
    pending: dict[str, Acknowledged] = field(default_factory=dict)
    _moves: dict[str, int] = field(default_factory=dict)

    def _turn(self, job: str, number: int, step: int) -> int:
        return number + (self._moves.get(job, 0) if self.sticky else step)

    def _move(self, job: str) -> None:
        self._moves[job] = self._moves.get(job, 0) + 1

    # -- objects that have one writer each

    async def write_on(self, number: int) -> None:
        """Until stopping: create an object, update it twice, delete every other.

        A request whose answer was lost may still be carried out any time later. So updates name
        the revision they follow, and what may be created late is not deleted before.
        """
        step, revision, surely, job = 0, 0, True, f"writer {number}"
        while not self.stopping:
            name, turn = f"w{number}-{step // 3}", self._turn(job, number, step)
            if step % 3 == 0:
                revision, surely = await self.write(name, str(step + 1), 0, turn, job)
            else:
                revision, _ = await self.write(name, str(step + 1), revision, turn, job)
            if step % 6 == 5 and surely:
                await self.delete(name, turn, job)
            step += 1
            await asyncio.sleep(self.pause)

    async def write(
        self, name: str, value: str, revision: int, turn: int, job: str
    ) -> tuple[int, bool]:
        """Create an object (``revision`` 0), or change it, until acknowledged. Returns its new
        revision, and whether all tries but the last surely did nothing."""
        begin, surely = _now(), True
        self.pending[name] = Acknowledged(name, value, 0, begin, math.inf)
        while True:
            tried = _now()
            try:
                after = await self.register.put(name, value, revision, turn)
                break
            except Refused:
                pass
            except Conflict:
                # An earlier try of this very write: nobody else writes the object.
                found, after = await self._get(name)
                if found != value:
                    text = f"{name}: wrote {value}, found {found}"
                    self.surprises.append(
                        Violation("lost write", _now(), text, f"configmap/{name}")
                    )
                break
            except SteersmanError:
                surely = False
            self.failures += 1
            self._move(job)
            turn += 1
            await asyncio.sleep(RETRY_SECONDS)
        del self.pending[name]
        self.acknowledged.append(Acknowledged(name, value, after, begin, _now(), tried))
        return after, surely

    async def _get(self, name: str) -> tuple[str | None, int]:
        turn = 0
        while True:
            try:
                return await self.register.get(name, turn)
            except SteersmanError:
                turn += 1
                await asyncio.sleep(RETRY_SECONDS)

    async def delete(self, name: str, turn: int, job: str) -> None:
        """Delete an object, until acknowledged."""
        begin = _now()
        self.pending[name] = Acknowledged(name, None, 0, begin, math.inf)
        while True:
            tried = _now()
            try:
                await self.register.delete(name, turn)
            except SteersmanError:
                self.failures += 1
                self._move(job)
                turn += 1
                await asyncio.sleep(RETRY_SECONDS)
                continue
            del self.pending[name]
            self.acknowledged.append(Acknowledged(name, None, 0, begin, _now(), tried))
            return

    # -- reads of what others write

    async def read_on(self, number: int) -> None:
        """Until stopping: read the newest objects, at one server after the other."""
        step, job = 0, f"reader {number}"
        while not self.stopping:
            await asyncio.sleep(self.pause)
            if not self.acknowledged:
                continue
            step += 1
            begin, name = _now(), self.acknowledged[-1].name
            try:
                value, revision = await self.register.get(name, self._turn(job, number, step))
            except SteersmanError:
                self.refused_reads += 1
                self._move(job)
                continue
            self.reads.append(Read(name, value, revision, begin, _now()))

    # -- one object that all want to change

    async def count_on(self, number: int) -> None:
        """Until stopping: take the counter one further, if nobody did since it was read."""
        turn = number
        while not self.stopping:
            await asyncio.sleep(self.pause * 2)
            turn += 1
            try:
                value, revision = await self.register.get(COUNTER, turn)
            except SteersmanError:
                continue
            following = int(value or "0") + 1
            try:
                after = await self.register.put(COUNTER, str(following), revision, turn)
            except (Conflict, Refused):
                continue
            except SteersmanError:
                self.unknown += 1
            else:
                self.increments.append(Increment(following, after, _now()))


def _now() -> float:
    return asyncio.get_running_loop().time()
