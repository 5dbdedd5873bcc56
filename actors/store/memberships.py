"""Membership changes and leadership transfer, asked of any replica.

Job: carry a change to the leader and wait until it is committed. Must not know: how members agree.
"""

import asyncio
from collections.abc import Awaitable, Callable

from actors.store.engine import Engine
from actors.store.leader_line import LeaderLine
from cluster.errors import AskTimeout, NotLeader, StoreError, TemporaryFault
from cluster.messages.base import Message
from cluster.messages.store import (
    ChangeMembership,
    MembershipRequest,
    MembershipStatus,
    MemberStatus,
    TransferLeadership,
)
from cluster.state.commands import AlarmCommand


class Memberships:
    """One per store."""

    def __init__(self, engine: Engine, line: LeaderLine) -> None:
        self._engine = engine
        self._line = line

    async def change(self, request: ChangeMembership, deadline: float) -> MembershipStatus:
        """Raises StoreError with what to do instead, NotLeader (also: the outcome is unknown),
        AskTimeout."""
        return _status(await self._at_leader(request, lambda: self._change(request), deadline))

    async def status(self, deadline: float) -> MembershipStatus:
        """As the leader knows it. Raises NotLeader, AskTimeout."""
        return _status(await self._at_leader(MembershipRequest(), self._tell, deadline))

    async def transfer(self, request: TransferLeadership, deadline: float) -> None:
        """Raises NotLeader if ``to`` did not take over in time, StoreError if it is no voter."""
        member = self._engine.member
        before = member.leader
        try:
            await self._at_leader(request, lambda: self._transfer(request, deadline), deadline)
        except TemporaryFault:
            # The old leader's answer is let go of as soon as another one is known.
            if member.leader in ("", before) or request.to not in ("", member.leader):
                raise

    async def _at_leader(
        self, request: Message, here: Callable[[], Awaitable[Message | None]], deadline: float
    ) -> Message | None:
        """What ``here`` gives if this replica leads, else the leader's answer to ``request``."""
        try:
            async with asyncio.timeout_at(deadline):
                if self._engine.member.role == "leader":
                    return await here()
                seconds = deadline - asyncio.get_running_loop().time()
                return await self._line.ask(request, max(seconds, 0.001))
        except TimeoutError as error:
            raise AskTimeout("the leader did not confirm in time; outcome unknown") from error

    async def _change(self, request: ChangeMembership) -> MembershipStatus:
        engine = self._engine
        term = engine.member.term
        index = engine.change_membership(request.action, request.member, request.voters)
        await self._applied(term, index)
        while engine.member.membership.outgoing:
            await engine.standings.wait()
        await self._applied(engine.member.term, engine.member.log.last_index)
        if request.action == "remove" and request.member in engine.machine.alarms:
            # What was wrong with it has left with it.
            engine.propose_own(AlarmCommand(request.member, ""))
        return self._here(index)

    async def _applied(self, term: int, index: int) -> None:
        """Return once the own entry (term, index) is applied. Raises NotLeader: it may be lost."""
        engine = self._engine
        while engine.machine.applied < index:
            if engine.member.term != term:
                raise NotLeader("leadership was lost during the change; outcome unknown")
            waits = [engine.applied.wait(index), engine.standings.wait()]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)

    async def _tell(self) -> MembershipStatus:
        return self._here(0)

    def _here(self, index: int) -> MembershipStatus:
        """``index``: of the change just made; 0: of the log's end."""
        engine = self._engine
        member, now = engine.member, asyncio.get_running_loop().time()
        rows = [
            MemberStatus(
                name=peer.name,
                kind=peer.kind,
                match=peer.match,
                state=peer.state,
                silent_seconds=max(0.0, now - peer.contact),
                leader=peer.name == member.leader,
            )
            for peer in member.peers_status()
            if peer.kind
        ]
        return MembershipStatus(
            tuple(rows), bool(member.membership.outgoing), index or member.commit
        )

    async def _transfer(self, request: TransferLeadership, deadline: float) -> None:
        own = self._engine.member.state.config.member
        if request.to == own:
            return
        voters = self._engine.member.membership.voters
        if request.to and request.to not in voters:
            raise StoreError(f"{request.to} has no vote; these have: {', '.join(voters)}")
        await self.lead_no_more(request.to, deadline)

    async def lead_no_more(self, to: str, deadline: float) -> None:
        """Hand over and wait until somebody else leads. Raises NotLeader if nobody took over."""
        engine = self._engine
        own = engine.member.state.config.member
        engine.transfer(to)
        try:
            async with asyncio.timeout_at(deadline):
                while engine.member.leader in ("", own):
                    if engine.member.role == "leader" and not engine.member.transferring:
                        raise NotLeader("nobody took over in time")
                    await engine.standings.wait_since(engine.standings.count, 0.1)
        except TimeoutError as error:
            raise NotLeader("nobody took over in time") from error


def _status(message: Message | None) -> MembershipStatus:
    assert isinstance(message, MembershipStatus), f"the leader answered {message!r}"
    return message
