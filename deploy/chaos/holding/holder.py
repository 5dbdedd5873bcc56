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
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import msgspec

from actors.kit.door import Ask, Door, Op
from deploy.chaos import ledger
from deploy.chaos.holding.lane import Lane
from deploy.chaos.holding.line import Hold
from deploy.chaos.holding.packet_queue import PacketQueue

# How long it may outlive its fault.
LOOK_SECONDS = 0.5


class Plan(msgspec.Struct, frozen=True):
    """``fault``: by its name in the ledger. ``until``: UNIX seconds, 0 for no end."""

    holds: tuple[Hold, ...]
    fault: str
    until: float = 0.0


class Holder:
    """One queue for each hold. Of the running loop, from ``open`` to ``close``."""

    def __init__(self, holds: tuple[Hold, ...]) -> None:
        self._holds = holds
        self._lanes: list[Lane] = []

    def open(self) -> None:
        """Take packets. Raises OSError."""
        for hold in self._holds:
            self._lanes.append(Lane(hold, PacketQueue(hold.namespace)))

    def ops(self) -> dict[str, Op]:
        """What can be asked."""
        return {"queues": self._numbers, "held": self._held, "release": self._release}

    def close(self) -> None:
        """Everything goes on, and no more is taken."""
        for lane in self._lanes:
            lane.close()

    def _numbers(self, ask: Ask) -> Ask:
        return {"queues": [lane.number for lane in self._lanes]}

    def _held(self, ask: Ask) -> Ask:
        return {"held": [lane.taken for lane in self._lanes]}

    def _release(self, ask: Ask) -> Ask:
        for lane in self._lanes:
            lane.release()
        return self._held(ask)


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
