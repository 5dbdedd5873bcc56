"""What outlives a process: its machine's disk, containers, pod network and packet filter.

A process holds its machine through tethers. When it is killed they are cut: nothing that its dying
code still does reaches the machine, while what the container engine was already asked to do is
done all the same. Must not know: which components use it.
"""

import asyncio
import contextvars
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from actors.kit.world.memory_disk import SimDisk
from actors.kit.world.packet_filter_memory import MemoryPacketFilter
from actors.kubelet.networks.memory import MemoryNetwork as MemoryPodNetwork
from actors.kubelet.runtimes.memory import EXIT_KILLED, MemoryRuntime, Simulated
from tests.simulation.loop import PROCESS

SYNC_SECONDS = 0.0003
# What an engine completes though whoever asked for it is gone.
DETACHED = ("create", "start", "run_sandbox", "kill", "remove")

Told = Callable[[str, Simulated], None]


class DeadProcess(Exception):
    """A killed process touches its machine."""


class Tether:
    """Passes everything on to ``thing`` until it is cut. ``detached``: calls that go on then."""

    def __init__(self, thing: Any, detached: tuple[str, ...] = ()) -> None:
        self._thing = thing
        self._detached = detached
        self._dead = False

    def cut(self) -> None:
        """The process that holds it is dead."""
        self._dead = True

    def __getattr__(self, name: str) -> Any:
        if self._dead:
            raise DeadProcess(name)
        value = getattr(self._thing, name)
        if not inspect.iscoroutinefunction(value):
            return value

        async def call(*args: Any, **named: Any) -> Any:
            if self._dead:
                raise DeadProcess(name)
            if name not in self._detached:
                return await value(*args, **named)
            # The engine's own work: it goes on while whoever asked is held back.
            context = contextvars.copy_context()
            context.run(PROCESS.set, "")
            loop = asyncio.get_running_loop()
            task = loop.create_task(value(*args, **named), context=context)
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            return await asyncio.shield(task)

        return call


class WitnessedRuntime(MemoryRuntime):
    """Tells ``witness`` each start and end of a container as it happens."""

    def __init__(self, witness: Told) -> None:
        super().__init__()
        self._witness = witness

    def _tell(self, kind: Literal["started", "died", "destroyed"], item: Simulated) -> None:
        self._witness(kind, item)
        super()._tell(kind, item)

    def remove_images(self) -> list[str]:
        """Of all containers there are, as by ``docker rmi --force``; which ones were there."""
        records = [item.record for item in self._containers.values()]
        named = {name for record in records for name in (record.image, record.image_id)}
        gone = sorted(
            name for name, image in self._images.items() if name in named or image.id in named
        )
        for name in gone:
            del self._images[name]
        return gone


@dataclass
class Machine:
    """See the module."""

    runtime: WitnessedRuntime
    disk: SimDisk = field(default_factory=lambda: SimDisk(SYNC_SECONDS))
    pods: MemoryPodNetwork = field(default_factory=MemoryPodNetwork)
    packet_filter: MemoryPacketFilter = field(default_factory=MemoryPacketFilter)

    def lose_power(self) -> None:
        """All containers end, and what the kernel held is gone. The disk is told apart."""
        for container in self.runtime.records():
            self.runtime.crash(container.id, EXIT_KILLED)
        self.pods.attached.clear()
        self.packet_filter.tables.clear()
