"""The writing side of a replica that leads alone, without log or state machine.

Job: write down what is proposed, answer it as told. Must not know: what is asked.
"""

import asyncio
from types import SimpleNamespace
from typing import cast

from actors.store.engine import Engine
from actors.store.leader_line import LeaderLine
from actors.store.proposals import Outcomes
from actors.store.waiters import ChangeWaiters
from actors.store.writes import Writes
from cluster.errors import NotLeader, Overloaded, StoreError
from cluster.messages.store import Delete, Put, TxnRecord, TxnResult
from cluster.state.commands import Command, TxnsCommand
from tests.unit.actors.store.bare_context import BareContext

RECORD = TxnRecord((), (Put("a", b"1"), Delete("b")))
DONE = TxnResult(True, 2)


class LoneLeader:
    """The writes of a leader of term 5 that applies at once. ``fails``: what the next proposals
    meet, or end in."""

    def __init__(self) -> None:
        self.proposed: list[tuple[Command, bytes, str, bool]] = []
        self.fails: list[StoreError | NotLeader | Overloaded] = []
        self.member = SimpleNamespace(role="leader", term=5, log=SimpleNamespace(last_index=41))
        self.leases = SimpleNamespace(now=lambda: 777)
        self.standings = ChangeWaiters()
        line = cast(LeaderLine, None)
        self.writes = Writes(BareContext().context, cast(Engine, self), line)

    def propose(
        self, command: Command, data: bytes, trace: str, waited_for: bool
    ) -> "asyncio.Future[Outcomes] | None":
        """As the engine."""
        failure = self.fails.pop(0) if self.fails else None
        if isinstance(failure, NotLeader | Overloaded):
            raise failure
        self.proposed.append((command, data, trace, waited_for))
        self.member.log.last_index += 1
        if not waited_for:
            return None
        assert isinstance(command, TxnsCommand)
        future: asyncio.Future[Outcomes] = asyncio.get_running_loop().create_future()
        future.set_result(tuple(failure or DONE for _ in command.records))
        return future

    async def txns(self, *records: TxnRecord) -> list[TxnResult | StoreError]:
        """Ask for them, for a second."""
        return await self.writes.txns(records, asyncio.get_running_loop().time() + 1)

    def sessions(self) -> list[tuple[str, int, int, bool]]:
        """Of every record proposed: client, sequence, done_below, established."""
        commands = [command for command, *_ in self.proposed]
        return [
            (record.client, record.sequence, record.done_below, record.established)
            for command in commands
            if isinstance(command, TxnsCommand)
            for record in command.records
        ]
