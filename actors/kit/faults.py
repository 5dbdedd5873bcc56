"""The faults that a process suffers from within: kept, acted out, ended in time, with evidence.

Each kind is acted out where it belongs: links by ``transports.ways``, the disk by
``world.storage_faults``, the clock by ``world.faulty_clock``, a simulated engine by whoever made
it. Must not know: who asks (``door``).
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from actors.kit.transports.ways import Ways
from actors.kit.world.faulty_clock import FaultyClock
from actors.kit.world.storage_faults import StorageFaults
from cluster.chaos.faults import (
    ClockFault,
    EngineFault,
    Fault,
    LinkFault,
    Standing,
    StorageFault,
)

F = TypeVar("F", LinkFault, StorageFault, ClockFault)
Struck = dict[str, int]


class Faults:
    """``engine`` is called with whether a simulated engine is down; None: there is none here."""

    def __init__(
        self,
        ways: Ways,
        storage: StorageFaults,
        clock: FaultyClock,
        engine: Callable[[bool], None] | None = None,
    ) -> None:
        self._ways = ways
        self._storage = storage
        self._clock = clock
        self._engine = engine
        self._active: dict[str, tuple[Fault, Struck]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def inject(self, faults: Iterable[Fault]) -> None:
        """Suffer these too, from now on (one of the same name is replaced); one whose time is over
        is passed over. Raises ValueError for what this process cannot suffer."""
        for fault in faults:
            if isinstance(fault, EngineFault) and self._engine is None:
                raise ValueError(f"{fault.name}: this process has no simulated container engine")
            left = fault.until - time.time() if fault.until else 0.0
            if fault.until and left <= 0:
                continue
            self._forget(fault.name)
            self._active[fault.name] = (fault, {})
            if fault.until:
                loop = asyncio.get_running_loop()
                self._timers[fault.name] = loop.call_later(left, self.heal, [fault.name])
        self._act()

    def heal(self, names: Iterable[str] = ()) -> list[Standing]:
        """Suffer those no more (none named: all). Returns them with what they did; names that are
        not known are no error: they may have ended by themselves."""
        found = []
        for name in list(names) or list(self._active):
            if name in self._active:
                fault, struck = self._active[name]
                found.append(Standing(fault, struck))
                self._forget(name)
        self._act()
        return found

    def standing(self) -> list[Standing]:
        """Those of now, with what they have done so far."""
        return [Standing(fault, struck) for fault, struck in self._active.values()]

    def close(self) -> None:
        """The process ends: no timer is to fire."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _forget(self, name: str) -> None:
        self._active.pop(name, None)
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _act(self) -> None:
        self._ways.suffer(self._of(LinkFault))
        self._storage.suffer(self._of(StorageFault))
        self._clock.suffer(self._of(ClockFault))
        if self._engine is not None:
            self._engine(any(isinstance(fault, EngineFault) for fault, _ in self._active.values()))

    def _of(self, kind: type[F]) -> list[tuple[F, Struck]]:
        return [(fault, struck) for fault, struck in self._active.values() if type(fault) is kind]
