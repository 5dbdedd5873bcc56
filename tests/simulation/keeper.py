"""Whoever starts processes again: what a person or a service manager does when one has ended.

Faults keep processes down by name; a process that nobody keeps down runs. Must not know: faults.
"""

import asyncio

from tests.simulation.cluster import SimulatedCluster, within

LOOK_SECONDS = 0.1
# As a service manager waits (RestartSec= of systemd.service(5) is 100 ms by default).
RESTART_SECONDS = 0.5
STARTED_SECONDS_MAX = 20.0


class Keeper:
    """Works between ``start`` and ``stop``."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self._cluster = cluster
        self._down: dict[str, dict[str, None]] = {}
        self._starting: dict[str, asyncio.Task[None]] = {}
        self._ended: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        loop = asyncio.get_running_loop()
        self._task = loop.create_task(self._keep(), name="keeper", context=within(""))

    def stop(self) -> None:
        """End; nothing is started any more."""
        for task in (self._task, *self._starting.values()):
            if task is not None:
                task.cancel()

    def keep_down(self, process: str, why: str) -> None:
        """It is not to run until ``release``."""
        self._down.setdefault(process, {})[why] = None

    def release(self, process: str, why: str) -> None:
        """It may run, for all that this cares."""
        self._down.get(process, {}).pop(why, None)
        # Whoever lets it go starts it, and need not wait as for one that fell.
        self._ended.pop(process, None)

    def kept_down(self, process: str) -> bool:
        """Whether it is not to run."""
        return bool(self._down.get(process))

    async def runs(self, process: str) -> bool:
        """Wait until it runs with all its components. False if it is to stay down, or does not."""
        try:
            async with asyncio.timeout(STARTED_SECONDS_MAX):
                while not self.running(process):
                    if self.kept_down(process):
                        return False
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            return False
        return True

    def running(self, process: str) -> bool:
        """Whether it runs, and has started all its components."""
        system = self._cluster.systems.get(process)
        return system is not None and process not in self._starting and not system.failed.done()

    async def _keep(self) -> None:
        while True:
            for item in self._cluster.settings.processes():
                await self._look(item.name)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, name: str) -> None:
        loop = asyncio.get_running_loop()
        system = self._cluster.systems.get(name)
        if system is not None and system.failed.done():
            # As ``actors.process``: what is beyond restarting ends the process.
            await self._cluster.kill(name)
        if name in self._cluster.systems or name in self._starting or self.kept_down(name):
            return
        if loop.time() < self._ended.setdefault(name, loop.time() + RESTART_SECONDS):
            return
        self._ended.pop(name)
        self._starting[name] = loop.create_task(self._start(name), name=f"keeper starts {name}")

    async def _start(self, name: str) -> None:
        try:
            await self._cluster.start(name)
        finally:
            self._starting.pop(name, None)
