"""The process that holds packets back: one for each fault that does, for as long as that stands.

    python -m deploy.chaos.holding.holder <data_dir> <name>

What to hold is in ``<data_dir>/run/<name>.plan``. It is asked at its door (``actors.kit.door``):
``queues`` (their numbers, in the order of the plan), ``held`` (how many packets each took so far),
``release`` (everything goes on, now and from now on). It ends when it is told to, at the latest a
moment after its fault is no more, and lets go what it holds. Must not know: the rules that choose
packets.
"""

import asyncio
import os
import random
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from actors.kit.door import Ask, Door, Op
from deploy.chaos import ledger
from deploy.chaos.holding.line import Hold, Line
from deploy.chaos.holding.packet_queue import PacketQueue

# How long it may outlive its fault.
LOOK_SECONDS = 0.5
# Packets in a row before anything else gets its turn.
READS_MAX = 64


class Plan(msgspec.Struct, frozen=True):
    """``fault``: by its name in the ledger. ``until``: UNIX seconds, 0 for no end."""

    holds: tuple[Hold, ...]
    fault: str
    until: float = 0.0


class Holder:
    """One queue for each hold. Of the running loop, from ``open`` to ``close``."""

    def __init__(self, holds: tuple[Hold, ...]) -> None:
        self._holds = holds
        self._queues: list[PacketQueue] = []
        self._lines: list[Line] = []
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._free = False

    def open(self) -> None:
        """Take packets. Raises OSError."""
        loop = asyncio.get_running_loop()
        for hold in self._holds:
            queue = PacketQueue(hold.namespace)
            self._queues.append(queue)
            self._lines.append(Line(hold))
            loop.add_reader(queue.socket, self._read, len(self._queues) - 1)

    def ops(self) -> dict[str, Op]:
        """What can be asked."""
        return {"queues": self._numbers, "held": self._held, "release": self._release}

    def close(self) -> None:
        """Everything goes on, and no more is taken."""
        loop = asyncio.get_running_loop()
        for index, queue in enumerate(self._queues):
            loop.remove_reader(queue.socket)
            self._forget(index)
        self._release({})
        for queue in self._queues:
            queue.close()

    def _numbers(self, ask: Ask) -> Ask:
        return {"queues": [queue.number for queue in self._queues]}

    def _held(self, ask: Ask) -> Ask:
        return {"held": [line.taken for line in self._lines]}

    def _release(self, ask: Ask) -> Ask:
        self._free = True
        for queue, line in zip(self._queues, self._lines, strict=True):
            queue.release(line.rest())
            while waiting := queue.read():
                self._take(line, waiting)
                queue.release(line.rest())
        return self._held(ask)

    def _read(self, index: int) -> None:
        queue, line = self._queues[index], self._lines[index]
        for _ in range(READS_MAX):
            numbers = queue.read()
            if not numbers:
                break
            self._take(line, numbers)
        if self._free:
            queue.release(line.rest())
        self._wait(index)

    def _take(self, line: Line, numbers: list[int]) -> None:
        now = asyncio.get_running_loop().time()
        for number in numbers:
            line.take(now, number, random.random())

    def _wait(self, index: int) -> None:
        """Until the next one may go on."""
        due = self._lines[index].next()
        timer = self._timers.get(index)
        if timer is not None and due is not None and timer.when() <= due:
            return
        self._forget(index)
        if due is not None:
            self._timers[index] = asyncio.get_running_loop().call_at(due, self._let_go, index)

    def _let_go(self, index: int) -> None:
        self._forget(index)
        now = asyncio.get_running_loop().time()
        self._queues[index].release(self._lines[index].due(now))
        self._wait(index)

    def _forget(self, index: int) -> None:
        timer = self._timers.pop(index, None)
        if timer is not None:
            timer.cancel()


def wanted(data_dir: str, plan: Plan, now: float) -> bool:
    """Whether the fault still stands, and anything of where it strikes is left."""
    if plan.until and now > plan.until:
        return False
    if not any(not hold.namespace or os.path.exists(hold.namespace) for hold in plan.holds):
        return False
    try:
        return any(entry.name == plan.fault for entry in ledger.Ledger(data_dir).entries())
    except ValueError:
        # Damaged: whoever mends that will say.
        return True


async def hold(data_dir: str, name: str, plan: Plan) -> None:
    """Until nothing of it stands any more, or a signal comes."""
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    holder = Holder(plan.holds)
    door = Door(Path(data_dir, "run", f"{name}.door"), holder.ops())
    try:
        holder.open()
        await door.open()
        while not over.is_set() and wanted(data_dir, plan, time.time()):
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), LOOK_SECONDS)
    finally:
        holder.close()
        await door.close()


def plan_path(data_dir: str, name: str) -> str:
    """Where what to hold is written down."""
    return os.path.join(data_dir, "run", f"{name}.plan")


def main() -> None:
    """Run as a module."""
    data_dir, name = sys.argv[1:3]
    with open(plan_path(data_dir, name), "rb") as file:
        plan = msgspec.json.decode(file.read(), type=Plan)
    asyncio.run(hold(data_dir, name, plan))


if __name__ == "__main__":
    main()
