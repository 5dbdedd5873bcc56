"""Readys made durable in groups: what gathers during one sync shares the next.

Job: the order "persist, then send" for many Readys at once, snapshots of the leader among them.
Must not know: roles, what entries mean, who is told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from msgspec.structs import replace

from actors.kit.context import Context
from actors.store.metrics import Observations
from actors.store.persistence import Persistence
from cluster.raft.messages import SnapshotMeta
from cluster.raft.ready import Ready

# How long the log must be quiet before its last group is marked durable; less by a timer's grain.
MARK_SECONDS = 0.5
GRAIN_SECONDS = 0.001


class GroupCommit:
    """``durable(ready)`` is called for each Ready, in order, once it is on disk; ``install(meta)``
    when the spool of a snapshot is whole and all before it is durable. ``woken`` after each group.
    """

    def __init__(
        self,
        ctx: Context,
        persistence: Persistence,
        fsync: Observations,
        durable: Callable[[Ready], None],
        install: Callable[[SnapshotMeta], Awaitable[None]],
        woken: Callable[[], None],
    ) -> None:
        self._ctx = ctx
        self._persistence = persistence
        self._fsync = fsync
        self._durable = durable
        self._install = install
        self._woken = woken
        self._waiting: list[Ready] = []
        self._wake = asyncio.Event()
        # Set once and looked at when it rings: moving it with each group would cost more.
        self._mark_timer: asyncio.TimerHandle | None = None
        self._quiet_at = 0.0
        self.busy = False

    def __len__(self) -> int:
        return len(self._waiting)

    def start(self) -> None:
        """Begin."""
        self._ctx.task(self._run(), "write-ahead log")

    def close(self) -> None:
        """Stop the timer."""
        if self._mark_timer is not None:
            self._mark_timer.cancel()

    def takes(self, ready: Ready) -> bool:
        """Queue it if it has something to persist, or others before it do: then True."""
        if not (ready.must_persist or self._waiting or self.busy):
            return False
        self._waiting.append(ready)
        self._wake.set()
        return True

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                group, self._waiting = self._waiting, []
                self.busy = True
                await self._persist(group)
                self.busy = False
                for ready in group:
                    self._durable(ready)
                self._woken()
            self._mark_later()

    async def _persist(self, readies: Sequence[Ready]) -> None:
        group: list[Ready] = []
        for ready in readies:
            if ready.snapshot is None:
                if ready.must_persist:
                    group.append(ready)
                continue
            # The entries of such a Ready follow the snapshot, all else comes before it.
            await self._write([*group, replace(ready, entries=(), snapshot=None)])
            await self._install(ready.snapshot)
            rest = replace(ready, hard_state=None, chunks=(), snapshot=None)
            group = [rest] if ready.entries else []
        if group:
            await self._write(group)

    async def _write(self, readies: Sequence[Ready]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await self._persistence.write(readies)
        self._fsync.observe(loop.time() - began)

    def _mark_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._quiet_at = loop.time() + MARK_SECONDS
        if self._mark_timer is None:
            self._mark_timer = loop.call_later(MARK_SECONDS, self._ring)

    def _ring(self) -> None:
        self._mark_timer = None
        loop = asyncio.get_running_loop()
        left = self._quiet_at - loop.time()
        if left > GRAIN_SECONDS:
            self._mark_timer = loop.call_later(left, self._ring)
        elif not self.busy:
            self._ctx.task(self._persistence.mark(), "mark the log")
