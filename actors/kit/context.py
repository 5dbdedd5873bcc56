"""What an actor holds of the kit. Must not know: any component."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from actors.kit.actor import Actor
from actors.kit.ref import Ref
from actors.kit.supervisor import RestartPolicy
from actors.kit.tracing import make_logger
from cluster.messages.base import Message

if TYPE_CHECKING:
    from actors.kit.cell import Cell

PERMANENT = RestartPolicy()


class Timer:
    """A message to oneself that is under way."""

    def __init__(self, handle: asyncio.TimerHandle, forget: Callable[[], None]) -> None:
        self._handle = handle
        self._forget = forget

    def cancel(self) -> None:
        """It will not arrive (nothing happens if it has)."""
        self._handle.cancel()
        self._forget()


class Context:
    """One incarnation of one actor: its address, its world, its means.
    ``recorder``: of the whole process's trace."""

    def __init__(self, cell: "Cell") -> None:
        system = cell.system
        self._cell = cell
        self.address = cell.address
        self.process = system.process
        self.zone = system.zone
        self.world = system.world
        self.recorder = system.recorder
        self.log = make_logger(
            system.recorder,
            system.world.clock.actual,
            actor=cell.address,
            process=system.process,
            zone=system.zone,
        )

    def ref(self, address: str) -> Ref:
        """A reference to any actor anywhere. Raises ValueError if it is no address."""
        return self._cell.system.ref(address, sender=self.address)

    async def spawn(
        self, name: str, factory: Callable[[], Actor], policy: RestartPolicy = PERMANENT
    ) -> Ref:
        """Start the supervised child ``<me>/<name>``; returns once its ``started`` has ended.

        ``factory`` makes the actor anew at each restart. The child must not ask its parent in
        ``started``: the parent waits here. Raises ValueError if the name is taken.
        """
        return await self._cell.spawn(name, factory, policy)

    async def stop(self, ref: Ref) -> None:
        """Stop a child (and its children); returns once it has stopped. No-op if it is gone."""
        await self._cell.stop_child(ref.address)

    def exit(self) -> None:
        """End after the present message, normally: a permanent actor restarts, others do not."""
        self._cell.exit()

    def monitor(self, address: str) -> None:
        """Be told ``base.Down`` once, when that actor ends or its process is lost. At once if it
        does not run."""
        self._cell.system.monitor(address, self.address)

    def monitor_process(self, process: str) -> None:
        """Be told ``base.ConnectionLost`` whenever the connection to that process breaks; the
        connection is kept up (redialled) as long as this actor lives."""
        self._cell.system.monitor_process(process, self.address)

    def task(self, coroutine: Coroutine[Any, Any, Any], name: str) -> "asyncio.Task[Any]":
        """Run beside ``handle``. Cancelled when the actor stops; an exception crashes the actor."""
        return self._cell.own(coroutine, name)

    def after(self, seconds: float, message: Message) -> Timer:
        """Handle ``message``, from myself, after that long."""
        return self._cell.after(seconds, message)

    def note(self, what: str, subject: str, **fields: Any) -> None:
        """A trace record in the current span, as ``note("container.started", "default/web-1",
        container="web")``."""
        self._cell.system.recorder.note(self.address, what, subject, fields)
