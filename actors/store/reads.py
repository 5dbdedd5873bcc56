"""Reads: linearizable at any replica, consistent at one revision, in slices.

Job: get a read index (from the own member, or batched from the leader), wait for it, read. Must
not know: how the leader confirms it.
"""

import asyncio

from actors.kit.context import Context
from actors.store.engine import Engine
from actors.store.leader_line import LOOK_SECONDS, LeaderLine
from actors.store.slices import in_slices
from cluster.errors import ActorDown, AskTimeout, FutureRevision, NotLeader, Overloaded
from cluster.messages.store import (
    HashResult,
    KeyValue,
    Range,
    RangeResult,
    ReadIndexRequest,
    ReadIndexResult,
)
from cluster.state.state_hash import hash_of

# Objects collected before other tasks get their turn.
SLICE_OBJECTS = 1000
# How long a read waits for a revision that is not here yet (kube-apiserver's watch cache: 3 s).
FUTURE_SECONDS = 3.0


class Reads:
    """The reading side of one store actor."""

    def __init__(self, ctx: Context, engine: Engine, line: LeaderLine) -> None:
        self._ctx = ctx
        self._engine = engine
        self._line = line
        # Reads that wait for the next round trip to the leader; one is under way if not None.
        self._next: asyncio.Future[int] | None = None
        self._under_way = False

    async def read(self, query: Range, deadline: float) -> RangeResult:
        """Answer ``query``. Raises Compacted, FutureRevision, AskTimeout."""
        engine = self._engine
        try:
            async with asyncio.timeout_at(deadline):
                past = 0 < query.revision <= engine.machine.revision
                if query.linearizable and not past:
                    await self.barrier()
                if query.at_least > engine.machine.revision:
                    await self._reach(query.at_least)
                return await self._collect(query)
        except TimeoutError as error:
            raise AskTimeout("the read could not be confirmed in time") from error

    async def _reach(self, revision: int) -> None:
        """Wait a while for a revision. Raises FutureRevision."""
        engine = self._engine
        try:
            async with asyncio.timeout(FUTURE_SECONDS):
                await engine.wait_revision(revision)
        except TimeoutError as error:
            raise FutureRevision(f"{revision}, current: {engine.machine.revision}") from error

    async def _collect(self, query: Range) -> RangeResult:
        """All slices at the revision of the first."""
        machine = self._engine.machine
        if query.count_only or not query.end or 0 < query.limit <= SLICE_OBJECTS:
            return machine.read(query.key, query.end, query.limit, query.revision, query.count_only)
        result = machine.read(query.key, query.end, SLICE_OBJECTS, query.revision)
        at = query.revision or result.revision
        items: list[KeyValue] = list(result.items)
        wanted = min(result.count, query.limit or result.count)
        while len(items) < wanted:
            await asyncio.sleep(0)
            size = min(SLICE_OBJECTS, wanted - len(items))
            after = items[-1].key + "\0"
            more = self._engine.machine.read(after, query.end, size, at)
            items.extend(more.items)
        return RangeResult(tuple(items), result.revision, result.count, wanted < result.count)

    async def hash(self, revision: int, deadline: float) -> HashResult:
        """Of the whole state at ``revision`` (0: the latest here), a slice of it at a time. Raises
        Compacted, FutureRevision, AskTimeout."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._reach(revision)
                machine = self._engine.machine
                at = machine.check_revision(revision)
                found = await in_slices(hash_of(machine, at))
                return HashResult(self._ctx.process, at, found)
        except TimeoutError as error:
            raise AskTimeout("the hash was not ready in time") from error

    async def confirm(self, deadline: float) -> None:
        """Return once everything acknowledged before this call is applied here. Raises
        AskTimeout."""
        try:
            async with asyncio.timeout_at(deadline):
                await self.barrier()
        except TimeoutError as error:
            raise AskTimeout("the read could not be confirmed in time") from error

    async def barrier(self) -> None:
        """Return once everything acknowledged before this call is applied here."""
        while True:
            seen = self._engine.standings.count
            try:
                index = await self.index()
                await self._engine.wait_applied(index)
                return
            except (NotLeader, ActorDown, AskTimeout, Overloaded):
                await self._engine.standings.wait_since(seen, LOOK_SECONDS)

    async def index(self) -> int:
        """A read index of now, from whoever leads. Raises NotLeader, ActorDown, AskTimeout."""
        member = self._engine.member
        if member.role == "leader":
            return await self._engine.read_index()
        if not member.leader:
            raise NotLeader("no leader is known")
        # A round trip that has begun may carry an index from before this ask: wait for the next.
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
            self._next.add_done_callback(_look_at)
        waiting = self._next
        if not self._under_way:
            self._under_way = True
            self._ctx.task(self._fetch_forever(), "read index")
        return await asyncio.shield(waiting)

    async def _fetch_forever(self) -> None:
        """Round trips to the leader, one at a time, as long as somebody waits."""
        while self._next is not None:
            asked, self._next = self._next, None
            try:
                reply = await self._line.ask(ReadIndexRequest())
                assert isinstance(reply, ReadIndexResult)
                asked.set_result(reply.index)
            except (NotLeader, ActorDown, AskTimeout, Overloaded) as error:
                asked.set_exception(error)
        self._under_way = False


def _look_at(future: "asyncio.Future[int]") -> None:
    """All who waited may be gone by now: an error is then nobody's business."""
    if not future.cancelled():
        future.exception()
