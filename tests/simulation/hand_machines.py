"""Orders on machines: disks, clocks, container engines, containers, images.

Each is taken back also on a machine whose processes died meanwhile. Must not know: links,
processes' lives (but that a torn write ends one).
"""

import asyncio
import errno
from collections.abc import Callable

from actors.kit.world.containers import RuntimeFault
from actors.kit.world.disk import DiskFault
from actors.kit.world.memory import EPOCH, SeededEntropy
from actors.kubelet import labels
from actors.kubelet.runtimes.memory import EXIT_KILLED
from cluster.chaos.faults import ClockFault
from cluster.chaos.orders import Active
from tests.simulation.hand_work import Evidence, Tools, joined
from tests.simulation.machine import SYNC_SECONDS

# Until a replica's log syncs again: somebody renews a lease, if nobody writes.
SYNC_SECONDS_MAX = 10.0
LOOK_SECONDS = 0.02
ENGINE_RESTART_SECONDS = 1.0
PROBE = "chaos-probe"


class _Machines:
    """Of one order, machine by machine."""

    def __init__(self, tools: Tools, active: Active, seed: int) -> None:
        self.tools = tools
        self.active = active
        self.order = active.order
        self.cluster = tools.cluster
        self.entropy = SeededEntropy(f"{seed}/{active.name}")

    async def begin(self) -> Evidence:
        return joined([await self.break_one(name) for name in self.active.names])

    async def end(self) -> Evidence:
        return joined([await self.mend_one(name) for name in self.active.names])

    async def break_one(self, name: str) -> Evidence:
        raise NotImplementedError

    async def mend_one(self, name: str) -> Evidence:
        raise NotImplementedError

    def thing(self, name: str) -> str:
        """What other faults of the same kind hold too."""
        return f"{self.order.verb} of {name}"


class SlowDisk(_Machines):
    """Each sync takes longer; several add up."""

    async def break_one(self, name: str) -> Evidence:
        more = self.tools.hold(self.thing(name), self.active.name, self.order.amount)
        self.cluster.machines[name].disk.sync_latency = SYNC_SECONDS + more
        took = await self._sync(name)
        if took >= self.order.amount:
            return Evidence(f"a write on {name} took {took:.3f} s")
        return Evidence(doubt=f"a write on {name} took {took:.3f} s")

    async def mend_one(self, name: str) -> Evidence:
        left = self.tools.let_go(self.thing(name), self.active.name)
        self.cluster.machines[name].disk.sync_latency = SYNC_SECONDS + left
        return Evidence(f"a write on {name} takes {await self._sync(name):.3f} s")

    async def _sync(self, name: str) -> float:
        """Seconds that a durable write takes."""
        loop, disk = asyncio.get_running_loop(), self.cluster.machines[name].disk
        began = loop.time()
        try:
            await disk.write_atomic(PROBE, b"")
            took = loop.time() - began
            await disk.remove(PROBE)
        except DiskFault:
            return loop.time() - began
        return took


class DiskFull(_Machines):
    """Nothing can be written."""

    async def break_one(self, name: str) -> Evidence:
        self.tools.hold(self.thing(name), self.active.name)
        self.cluster.machines[name].disk.full = True
        if problem := await self._problem(name):
            return Evidence(f"a write is refused: {problem}")
        return Evidence(doubt=f"{name} can write")

    async def mend_one(self, name: str) -> Evidence:
        if self.tools.let_go(self.thing(name), self.active.name):
            return Evidence(f"{name} may write, and another fault is in the way")
        self.cluster.machines[name].disk.full = False
        if problem := await self._problem(name):
            return Evidence(doubt=f"{name} cannot write: {problem}")
        return Evidence(f"{name} can write")

    async def _problem(self, name: str) -> str:
        disk = self.cluster.machines[name].disk
        try:
            await disk.write_atomic(PROBE, b"")
            await disk.remove(PROBE)
        except DiskFault as fault:
            return str(fault)
        return ""


class FsyncError(_Machines):
    """The next sync fails."""

    async def break_one(self, name: str) -> Evidence:
        disk = self.cluster.machines[name].disk
        before = disk.refused
        disk.inject("sync", errno.EIO)
        if await _within(SYNC_SECONDS_MAX, lambda: disk.refused > before):
            return Evidence(f"a sync of {name} failed")
        return Evidence(doubt=f"{name} did not sync in {SYNC_SECONDS_MAX:.0f} s")

    async def mend_one(self, name: str) -> Evidence:
        self.cluster.machines[name].disk.pardon()
        return await _up(self.tools, name)


class TornWrite(_Machines):
    """The next write is cut in the middle, and the process dies."""

    async def break_one(self, name: str) -> Evidence:
        loop, torn = asyncio.get_running_loop(), asyncio.Event()

        def died() -> None:
            torn.set()
            self._task = loop.create_task(self.cluster.kill(name), name=f"{name} dies of a write")

        share = self.order.amount or 0.5
        self.cluster.machines[name].disk.tear(share, died)
        if await _within(SYNC_SECONDS_MAX, torn.is_set):
            await self._task
            return Evidence(f"{name} wrote {share:.0%} of a write, and died")
        return Evidence(doubt=f"{name} did not write in {SYNC_SECONDS_MAX:.0f} s")

    async def mend_one(self, name: str) -> Evidence:
        self.cluster.machines[name].disk.untear()
        return await _up(self.tools, name)


class Clock(_Machines):
    """The wall clock jumps, and runs faster or slower."""

    async def break_one(self, name: str) -> Evidence:
        before = self._off(name)
        jump, rate = self.order.amount, self.order.rate
        self.cluster.bend_clock(name, ClockFault(self.active.name, jump=jump, rate=rate))
        await asyncio.sleep(LOOK_SECONDS)
        off = self._off(name) - before
        if abs(off - jump - (rate - 1.0) * LOOK_SECONDS) < 0.001:
            return Evidence(f"the clock of {name} is {off:+.3f} s off what it was")
        return Evidence(doubt=f"the clock of {name} is {off:+.3f} s off what it was")

    async def mend_one(self, name: str) -> Evidence:
        self.cluster.mend_clock(name, self.active.name)
        return Evidence(f"the clock of {name} is {self._off(name):+.3f} s off")

    def _off(self, name: str) -> float:
        return self.cluster.clocks[name].now() - EPOCH - asyncio.get_running_loop().time()


class EngineRestart(_Machines):
    """The container engine does not answer for a while; containers go on (live restore)."""

    async def break_one(self, name: str) -> Evidence:
        runtime = self.cluster.machines[name].runtime
        self.tools.hold(self.thing(name), self.active.name)
        if not runtime.down:
            runtime.go_down()
        try:
            await runtime.info()
        except RuntimeFault as fault:
            if not self.order.seconds:
                await asyncio.sleep(ENGINE_RESTART_SECONDS)
            return Evidence(f"the engine of {name}: {fault}")
        return Evidence(doubt=f"the engine of {name} answers")

    async def mend_one(self, name: str) -> Evidence:
        if self.tools.let_go(self.thing(name), self.active.name):
            return Evidence(f"the engine of {name} may come up, and another fault holds it")
        runtime = self.cluster.machines[name].runtime
        runtime.come_up()
        return Evidence(f"the engine of {name} answers: {(await runtime.info()).name}")


class ContainerKill(_Machines):
    """Behind the kubelet's back."""

    kind = labels.TYPE_CONTAINER

    async def begin(self) -> Evidence:
        found = [
            (node, item)
            for node in self.active.names
            for item in self.cluster.machines[node].runtime.records()
            if item.state == "running" and item.labels.get(labels.TYPE) == self.kind
        ]
        killed = []
        for _ in range(min(len(found), int(self.order.amount) or 1)):
            node, item = found.pop(int(self.entropy.random() * len(found)))
            runtime = self.cluster.machines[node].runtime
            runtime.crash(item.id, EXIT_KILLED)
            after = await runtime.inspect(item.id) if not runtime.down else None
            if after is None or after.state == "exited":
                killed.append(f"{item.name} on {node}")
        if killed:
            return Evidence(f"ended: {', '.join(killed)}")
        return Evidence(doubt=f"no {self.kind} ran")

    async def end(self) -> Evidence:
        return Evidence("nothing stands in the way of new ones")


class SandboxKill(ContainerKill):
    """Of a pod's sandbox."""

    kind = labels.TYPE_SANDBOX


class ImageRemove(_Machines):
    """The images that a node's containers were made of, behind the kubelet's back."""

    async def break_one(self, name: str) -> Evidence:
        runtime = self.cluster.machines[name].runtime
        gone = runtime.remove_images()
        if gone:
            return Evidence(f"{name} lost {', '.join(gone)}")
        return Evidence(doubt=f"{name} held no image")

    async def mend_one(self, name: str) -> Evidence:
        return Evidence(f"{name} may pull again")


async def _up(tools: Tools, name: str) -> Evidence:
    if await tools.keeper.runs(name):
        return Evidence(f"{name} runs, life {tools.cluster.life(name)}")
    if tools.keeper.kept_down(name):
        return Evidence(f"{name} may run, and another fault keeps it down")
    return Evidence(doubt=f"{name} does not come up")


async def _within(seconds: float, true: Callable[[], bool]) -> bool:
    """Whether it comes true in that time."""
    end = asyncio.get_running_loop().time() + seconds
    while not true():
        if asyncio.get_running_loop().time() >= end:
            return False
        await asyncio.sleep(LOOK_SECONDS)
    return True
