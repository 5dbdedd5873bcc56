"""Commands from any replica into the leader's log, transactions exactly once.

Job: give each transaction a session, find the leader, try again after an unknown outcome until the
ask's deadline. Must not know: what is written; how entries are replicated.

A replica that does not lead hands the encoded command to the leader, which answers as soon as it is
in its log; the outcome comes from applying the entry here, like every other entry.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from actors.client.sequences import Sequences
from actors.kit.causes import COALESCED, Causes, merged
from actors.kit.context import Context
from actors.store.engine import Engine
from actors.store.leader_line import LOOK_SECONDS, LeaderLine
from actors.store.proposals import Outcomes
from cluster import limits
from cluster.errors import (
    ActorDown,
    AskTimeout,
    NotLeader,
    Overloaded,
    PeerFault,
    SessionExpired,
    StoreError,
)
from cluster.messages.store import Propose, Proposed, Put, TxnRecord, TxnResult
from cluster.state.batches import check_batch
from cluster.state.checks import check_grant
from cluster.state.commands import (
    Command,
    LeaseExpireCommand,
    LeaseGrantCommand,
    LeaseKeepAliveCommand,
    TxnsCommand,
    decode_command,
    encode_command,
)

STAMPED = LeaseGrantCommand | LeaseKeepAliveCommand


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

    async def txns(
        self, records: Sequence[TxnRecord], deadline: float
    ) -> list[TxnResult | StoreError]:
        """Apply each once, wherever the leader is and however often it changes.

        Raises AskTimeout if the deadline passed (then they may or may not be applied, now or
        later), Overloaded, TemporaryFault.
        """
        if not records:
            return []
        sequences = self._sequences
        numbers = [sequences.take() for record in records if not record.client]
        try:
            own = self._in_session(records, numbers)
            parts = list(split(own))
            if len(parts) == 1:
                found = await self.insist(TxnsCommand(parts[0]), deadline)
            else:
                works = (self.insist(TxnsCommand(part), deadline) for part in parts)
                found = tuple(one for part in await asyncio.gather(*works) for one in part)
            # (Only if something was asked in it: else the store knows no such session.)
            sequences.established = sequences.established or bool(numbers)
            if self._sequences is sequences and any(
                isinstance(outcome, SessionExpired) and not record.client
                for record, outcome in zip(records, found, strict=True)
            ):
                self._open_session()
            return [_checked(outcome) for outcome in found]
        finally:
            for number in numbers:
                sequences.close(number)

    def _in_session(self, records: Sequence[TxnRecord], numbers: Sequence[int]) -> list[TxnRecord]:
        """The records, each with a session: this store's unless it came with its own."""
        sequences, following = self._sequences, iter(numbers)
        done_below, established = sequences.done_below, sequences.established
        return [
            record
            if record.client
            else TxnRecord(
                record.compare,
                record.success,
                record.fence,
                self._client,
                next(following),
                record.trace,
                done_below,
                established,
            )
            for record in records
        ]

    async def insist(self, command: Command, deadline: float) -> Outcomes:
        """Propose until it is applied. A command without sessions may be applied again and again.
        Raises AskTimeout, Overloaded, StoreError."""
        data = encode_command(command)
        if isinstance(command, TxnsCommand) and (links := links_of(command.records)):
            self._ctx.note(COALESCED, f"{len(command.records)} transactions", links=links)
        tries = 0
        try:
            async with asyncio.timeout_at(deadline):
                while True:
                    seen = self._engine.standings.count
                    try:
                        return await self._try(command, data)
                    except (NotLeader, ActorDown, AskTimeout):
                        tries += 1
                    except Overloaded:
                        if not tries:
                            raise
                    await self._engine.standings.wait_since(seen, LOOK_SECONDS)
        except TimeoutError as error:
            raise AskTimeout("no leader confirmed the write in time; outcome unknown") from error

    async def _try(self, command: Command, data: bytes) -> Outcomes:
        trace = trace_of(command)
        if self._engine.member.role == "leader":
            future = self._lead(command, data, trace, waited_for=True)
            assert future is not None
            return await future
        reply = await self._line.ask(Propose(data, trace))
        assert isinstance(reply, Proposed), f"the leader answered {type(reply).__name__}"
        return await self._engine.outcomes_of(reply.term, reply.index, command)

    def _lead(
        self, command: Command, data: bytes, trace: str, waited_for: bool
    ) -> "asyncio.Future[Outcomes] | None":
        """Into the own log. Raises NotLeader, Overloaded."""
        if isinstance(command, STAMPED):
            command = msgspec.structs.replace(command, now=self._engine.leases.now())
            data = encode_command(command)
        return self._engine.propose(command, data, trace, waited_for)

    def accept(self, message: Propose) -> Proposed:
        """Another replica's proposal. Raises NotLeader, Overloaded, StoreError, PeerFault."""
        try:
            command = decode_command(message.payload)
        except ValueError as error:
            raise PeerFault(f"a malformed Propose: {error}") from error
        if isinstance(command, LeaseExpireCommand):
            raise PeerFault("only the leader ends leases")
        if isinstance(command, TxnsCommand):
            check_batch(command.records)
        elif isinstance(command, LeaseGrantCommand):
            check_grant(command.id, command.ttl)
        self._lead(command, message.payload, message.trace, waited_for=False)
        member = self._engine.member
        return Proposed(member.term, member.log.last_index)


def links_of(records: Sequence[TxnRecord]) -> Causes:
    """What caused the others of transactions that go together, beside the first one's cause."""
    causes: Causes = ()
    for record in records:
        causes = merged(causes, record.trace)
    return causes[1:]


def trace_of(command: Command) -> str:
    """The context of a command: of its first transaction that has one."""
    if isinstance(command, TxnsCommand):
        return next((record.trace for record in command.records if record.trace), "")
    return ""


def split(records: Sequence[TxnRecord]) -> "list[tuple[TxnRecord, ...]]":
    """As few parts as the bounds of one entry allow, in order."""
    parts: list[tuple[TxnRecord, ...]] = []
    part: list[TxnRecord] = []
    size = 0
    for record in records:
        weight = sum(len(put.value) for put in record.success if isinstance(put, Put))
        full = len(part) >= limits.RAFT_BATCH_TXNS_MAX
        if part and (full or size + weight > limits.RAFT_BATCH_BYTES_MAX):
            parts.append(tuple(part))
            part, size = [], 0
        part.append(record)
        size += weight
    parts.append(tuple(part))
    return parts


def _checked(outcome: object) -> TxnResult | StoreError:
    assert isinstance(outcome, TxnResult | StoreError), f"a transaction gave {outcome!r}"
    return outcome
