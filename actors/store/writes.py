"""Transactions from any replica to the leader's log, exactly once.

Job: give each a session, find the leader, try again after an unknown outcome until the ask's
deadline. Must not know: what is written; how entries are replicated.
"""

import asyncio

import msgspec

from actors.client.sequences import Sequences
from actors.kit.context import Context
from actors.store.engine import Engine
from actors.store.leader_line import LOOK_SECONDS, LeaderLine
from cluster.errors import (
    ActorDown,
    AskTimeout,
    NotLeader,
    Overloaded,
    SessionExpired,
    StoreError,
    TemporaryFault,
)
from cluster.messages.store import Propose, Txn, TxnRecord, TxnResult
from cluster.state.commands import Command, CompactCommand, TxnsCommand
from cluster.state.sessions import Outcome


class Writes:
    """The writing side of one store actor. ``client`` names its incarnation, nobody else's."""

    def __init__(self, ctx: Context, engine: Engine, line: LeaderLine) -> None:
        self._ctx = ctx
        self._engine = engine
        self._line = line
        self._open_session()

    def _open_session(self) -> None:
        self._client = f"{self._ctx.process}/{self._ctx.world.entropy.hex(16)}"
        self._sequences = Sequences()

    async def submit(
        self,
        txn: Txn,
        trace: str,
        deadline: float,
        done_below: int = 0,
        established: bool = False,
    ) -> TxnResult:
        """Apply ``txn`` once, wherever the leader is and however often it changes. ``done_below``
        and ``established`` are those of the txn's own session, if it has one.

        Raises the StoreError of applying it (Fenced ...), AskTimeout if the deadline passed (then
        it may or may not be applied, now or later), Overloaded, TemporaryFault.
        """
        if txn.client:
            propose = Propose(txn, trace, done_below, established)
            return await self._insist(propose, deadline)
        sequences = self._sequences
        sequence = sequences.take()
        own = msgspec.structs.replace(txn, client=self._client, sequence=sequence)
        try:
            propose = Propose(own, trace, sequences.done_below, sequences.established)
            result = await self._insist(propose, deadline)
            sequences.established = True
            return result
        except SessionExpired as error:
            if self._sequences is sequences:
                self._open_session()
            raise TemporaryFault("the store forgot this session; outcome unknown") from error
        finally:
            sequences.close(sequence)

    async def _insist(self, propose: Propose, deadline: float) -> TxnResult:
        tries = 0
        try:
            async with asyncio.timeout_at(deadline):
                while True:
                    seen = self._engine.standings.count
                    try:
                        return await self._try(propose)
                    except (NotLeader, ActorDown, AskTimeout):
                        tries += 1
                    except Overloaded:
                        if not tries:
                            raise
                    await self._engine.standings.wait_since(seen, LOOK_SECONDS)
        except TimeoutError as error:
            raise AskTimeout("no leader confirmed the write in time; outcome unknown") from error

    async def _try(self, propose: Propose) -> TxnResult:
        if self._engine.member.role == "leader":
            return await self.lead(propose)
        reply = await self._line.ask(propose)
        assert isinstance(reply, TxnResult), f"the leader answered {type(reply).__name__}"
        return reply

    async def lead(self, propose: Propose) -> TxnResult:
        """Propose here. Raises NotLeader (outcome unknown if it came late), Overloaded, and what
        applying raises."""
        txn = propose.txn
        record = TxnRecord(
            txn.compare,
            txn.success,
            txn.fence,
            txn.client,
            txn.sequence,
            propose.trace,
            propose.done_below,
            propose.established,
        )
        command = TxnsCommand((record,))
        return _unwrap(await self._engine.propose(command, propose.trace))

    async def compact(self, revision: int, trace: str, deadline: float) -> None:
        """Forget history before ``revision`` on all replicas (asked of the leader only: doing it
        twice does no harm). Raises AskTimeout, NotLeader."""
        command: Command = CompactCommand(revision)
        try:
            async with asyncio.timeout_at(deadline):
                _unwrap(await self._engine.propose(command, trace))
        except TimeoutError as error:
            raise AskTimeout("no quorum confirmed in time") from error


def _unwrap(outcome: Outcome) -> TxnResult:
    if isinstance(outcome, StoreError):
        # A fresh one: the remembered object is raised to many.
        raise type(outcome)(str(outcome))
    assert isinstance(outcome, TxnResult), "not about leases"
    return outcome
