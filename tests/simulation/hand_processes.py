"""Orders on processes: kill, pause, restart, and the power of a zone.

Must not know: links, disks, engines.
"""

import asyncio

from cluster.chaos.orders import Active
from tests.simulation.hand_work import Evidence, Tools, joined

# A process that runs does something within this: it has heartbeats or probes to send.
PULSE_SECONDS = 2.0


class Kill:
    """SIGKILL; the process stays down until it is healed."""

    def __init__(self, tools: Tools, active: Active, seed: int) -> None:
        self.tools = tools
        self.active = active
        self.cluster = tools.cluster

    async def begin(self) -> Evidence:
        for name in self.active.names:
            self.tools.keeper.keep_down(name, self.active.name)
        ran = [name for name in self.active.names if name in self.cluster.systems]
        await self.strike()
        still = [name for name in self.active.names if name in self.cluster.systems]
        if still or not ran:
            return Evidence(doubt=f"{' '.join(still) or 'nobody'} runs, {' '.join(ran)} ran")
        return Evidence(f"{' '.join(ran)} ran, and runs no more")

    async def strike(self) -> None:
        """All at one instant."""
        await self.cluster.kill(*self.active.names)

    async def end(self) -> Evidence:
        for name in self.active.names:
            self.tools.keeper.release(name, self.active.name)
        return joined([await self._back(name) for name in self.active.names])

    async def _back(self, name: str) -> Evidence:
        if await self.tools.keeper.runs(name):
            return Evidence(f"{name} runs, life {self.cluster.life(name)}")
        if self.tools.keeper.kept_down(name):
            return Evidence(f"{name} may run, and another fault keeps it down")
        return Evidence(doubt=f"{name} does not come up")


class ZoneOutage(Kill):
    """As ``Kill``, and the machines lose what they had in memory, and their containers."""

    async def strike(self) -> None:
        await self.cluster.lose_power(*self.active.names)


class Restart:
    """SIGTERM, then started again."""

    def __init__(self, tools: Tools, active: Active, seed: int) -> None:
        self.tools = tools
        self.active = active
        self.cluster = tools.cluster

    async def begin(self) -> Evidence:
        return joined([await self._restart(name) for name in self.active.names])

    async def _restart(self, name: str) -> Evidence:
        keeper, life = self.tools.keeper, self.cluster.life(name)
        if not keeper.running(name):
            return Evidence(doubt=f"{name} does not run")
        keeper.keep_down(name, self.active.name)
        await self.cluster.terminate(name)
        keeper.release(name, self.active.name)
        if await keeper.runs(name):
            return Evidence(f"{name} ended in order, and runs life {self.cluster.life(name)}")
        if keeper.kept_down(name):
            return Evidence(f"{name} ended life {life} in order, and another fault keeps it down")
        return Evidence(doubt=f"{name} does not come up")

    async def end(self) -> Evidence:
        return joined(
            [
                Evidence(f"{name} runs, or is not to")
                if await self.tools.keeper.runs(name) or self.tools.keeper.kept_down(name)
                else Evidence(doubt=f"{name} does not come up")
                for name in self.active.names
            ]
        )


class Pause:
    """SIGSTOP, then SIGCONT."""

    def __init__(self, tools: Tools, active: Active, seed: int) -> None:
        self.tools = tools
        self.active = active
        self.cluster = tools.cluster
        # The lives that were paused: one that was started meanwhile runs.
        self._lives: dict[str, int] = {}

    async def begin(self) -> Evidence:
        for name in self.active.names:
            if name in self.cluster.systems:
                self._lives[name] = self.cluster.life(name)
                self.tools.hold(self._thing(name), self.active.name)
                self.cluster.pause(name)
        if not self._lives:
            return Evidence(doubt=f"{' '.join(self.active.names)} does not run")
        end = asyncio.get_running_loop().time() + PULSE_SECONDS
        waiting = dict.fromkeys(self._lives, 0)
        while asyncio.get_running_loop().time() < end and not all(waiting.values()):
            await asyncio.sleep(0.05)
            waiting = {name: self.cluster.waits(name) for name in self._lives}
        return joined([self._seen(name, count) for name, count in waiting.items()])

    def _seen(self, name: str, count: int) -> Evidence:
        if count:
            return Evidence(f"{name} has {count} things to do and does none")
        return Evidence(doubt=f"{name} would not have done anything anyway, or ended")

    async def end(self) -> Evidence:
        return joined([await self._resume(name) for name in self._lives])

    async def _resume(self, name: str) -> Evidence:
        left = self.tools.let_go(self._thing(name), self.active.name)
        if self.cluster.life(name) != self._lives[name] or name not in self.cluster.systems:
            return Evidence(f"{name} was killed meanwhile")
        if left:
            return Evidence(f"{name} may go on, and another fault holds it")
        due = self.cluster.resume(name)
        await asyncio.sleep(0.0)
        return Evidence(f"{name} does the {due} things that were due")

    def _thing(self, name: str) -> str:
        return f"life {self._lives[name]} of {name}"
