"""Leases as they are asked for: granted, kept alive, revoked, looked at.

Job: turn each ask into a command of the log, or a read at the leader, whose clock is the log's.
Must not know: when leases end (``lease_keeper`` sees to that).
"""

import asyncio
from contextlib import suppress

from actors.kit.context import Context
from actors.store.engine import Engine
from actors.store.leader_line import LOOK_SECONDS, LeaderLine
from actors.store.reads import Reads
from actors.store.store import LeaseRequest
from actors.store.writes import Writes
from cluster.errors import (
    ActorDown,
    AskTimeout,
    LeaseNotFound,
    NotLeader,
    Overloaded,
    StoreError,
)
from cluster.messages.base import Done, Message
from cluster.messages.store import (
    LeaseGrant,
    LeaseIds,
    LeaseKeepAlive,
    LeaseList,
    LeaseRevoke,
    LeaseStatus,
    LeaseTimeToLive,
)
from cluster.state.checks import check_grant
from cluster.state.commands import (
    Command,
    LeaseGrantCommand,
    LeaseKeepAliveCommand,
    LeaseRevokeCommand,
)
from cluster.state.leases import not_found
from cluster.state.sessions import Outcome


class Leases:
    """One per store."""

    def __init__(
        self, ctx: Context, engine: Engine, writes: Writes, reads: Reads, line: LeaderLine
    ) -> None:
        self._ctx = ctx
        self._engine = engine
        self._writes = writes
        self._reads = reads
        self._line = line

    async def answer(self, request: LeaseRequest, deadline: float) -> Message:
        """Raises LeaseNotFound, StoreError, AskTimeout."""
        match request:
            case LeaseGrant():
                check_grant(request.id, request.ttl)
                return await self._grant(request, deadline)
            case LeaseKeepAlive():
                return await self._status(LeaseKeepAliveCommand((request.id,), 0), deadline)
            case LeaseRevoke():
                await self._revoke(request.id, deadline)
                return Done()
            case LeaseTimeToLive():
                return await self._time_to_live(request, deadline)
            case LeaseList():
                await self._reads.confirm(deadline)
                return LeaseIds(self._engine.machine.leases.ids())

    async def _grant(self, request: LeaseGrant, deadline: float) -> Message:
        # A number of 62 bits by chance is nobody else's: if it is there, an earlier try made it.
        own = request.id or 1 + (int(self._ctx.world.entropy.hex(16), 16) >> 2)
        try:
            return await self._status(LeaseGrantCommand(own, request.ttl, 0), deadline)
        except StoreError:
            if request.id:
                raise
            return await self._time_to_live(LeaseTimeToLive(own), deadline)

    async def _revoke(self, lease: int, deadline: float) -> None:
        """A lease that is there now and has gone later was ended by an earlier try, or by time."""
        await self._reads.confirm(deadline)
        if lease not in self._engine.machine.leases:
            raise not_found(lease)
        with suppress(LeaseNotFound):
            await self._carry(LeaseRevokeCommand(lease), deadline)

    async def _status(self, command: Command, deadline: float) -> LeaseStatus:
        outcome = await self._carry(command, deadline)
        assert isinstance(outcome, LeaseStatus), f"a lease gave {outcome!r}"
        return outcome

    async def _carry(self, command: Command, deadline: float) -> Outcome:
        (outcome,) = await self._writes.insist(command, deadline)
        if isinstance(outcome, StoreError):
            raise type(outcome)(str(outcome))
        return outcome

    async def _time_to_live(self, request: LeaseTimeToLive, deadline: float) -> Message:
        """Of the leader: how much is left only its clock tells."""
        while True:
            seen = self._engine.standings.count
            try:
                if self._engine.member.role == "leader":
                    await self._reads.confirm(deadline)
                    return self._look(request)
                return await self._line.ask(request)
            except (NotLeader, ActorDown, AskTimeout, Overloaded):
                if asyncio.get_running_loop().time() >= deadline:
                    raise
            await self._engine.standings.wait_since(seen, LOOK_SECONDS)

    def _look(self, request: LeaseTimeToLive) -> LeaseStatus:
        lease = self._engine.machine.leases.table.get(request.id)
        if lease is None:
            raise not_found(request.id)
        return lease.status(self._engine.leases.now(), request.keys)
