"""Transactions and reads from a process beside the store: batched, retried, exactly once.

Job: one session per client; what is asked for at the same moment, or while batches are under way,
goes as one TxnBatch; an unknown outcome is asked for again under the same number, of whichever
member answers, until the deadline. Must not know: what is written; API servers (components go
through those: this is for tools that administrators run, and for tests).
"""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from typing import Any, Protocol, TypeVar

from actors.client.sequences import Sequences
from actors.kit.ref import Ref
from actors.kit.tracing import current_trace
from actors.kit.world.world import World
from cluster import names
from cluster.errors import (
    AskTimeout,
    SessionExpired,
    SteersmanError,
    StoreError,
    TemporaryFault,
)
from cluster.messages.base import Message
from cluster.messages.store import (
    Compare,
    Delete,
    Leadership,
    Put,
    Range,
    RangeResult,
    TxnBatchResult,
    TxnRecord,
    TxnResult,
    WatchLeadership,
)
from cluster.state.batches import decode_outcomes, encode_batch
from cluster.state.checks import check_txn

# One try; longer than an election, so that what the network lost is soon asked again.
TRY_SECONDS = 2.0
# After tries that failed everywhere, and between looks at a member that does not answer.
PAUSE_SECONDS = 0.02
LOOK_SECONDS = 0.25
# Batches under way: one is gathered and decoded while another is replicated.
BATCHES_MAX = 2
# Larger ones save little more, and make those in them wait for each other.
BATCH_RECORDS_MAX = 128
BATCH_BYTES_MAX = 2 * 1024 * 1024

Reply = TypeVar("Reply", bound=Message)


class Home(Protocol):
    """What the client needs of its actor's ``Context``."""

    process: str
    world: World

    def ref(self, address: str) -> Ref: ...

    def task(self, coroutine: Coroutine[Any, Any, Any], name: str) -> "asyncio.Task[Any]": ...


class Session:
    """One name under which the store remembers results, and the numbers given in it."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.sequences = Sequences()


class Waiting:
    """A transaction whose caller waits. ``deadline``: loop time."""

    __slots__ = (
        "compare",
        "deadline",
        "fence",
        "future",
        "sequence",
        "session",
        "success",
        "trace",
    )

    def __init__(
        self,
        compare: tuple[Compare, ...],
        success: tuple[Put | Delete, ...],
        fence: int,
        session: Session,
        deadline: float,
    ) -> None:
        self.compare = compare
        self.success = success
        self.fence = fence
        self.session = session
        self.sequence = session.sequences.take()
        self.trace = current_trace()
        self.deadline = deadline
        self.future: asyncio.Future[TxnResult] = asyncio.get_running_loop().create_future()


class StoreClient:
    """``members``: of the store, by name. ``brief``: results come without values. Its tasks are
    those of the actor that ``home`` belongs to."""

    def __init__(self, home: Home, members: Sequence[str], brief: bool = False) -> None:
        self._home = home
        self._members = tuple(members)
        self._brief = brief
        self._refs = {name: home.ref(names.address(names.STORE, name)) for name in members}
        self._turn = 0
        self._leader = ""
        self._term = 0
        self._queue: deque[Waiting] = deque()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._under_way: dict[asyncio.Timeout, str] = {}
        self._session = self._new_session()
        for member in members:
            home.task(self._follow(member), f"who leads, as {member} knows")
        for number in range(BATCHES_MAX):
            home.task(self._carry_forever(), f"batches {number}")

    def _new_session(self) -> Session:
        return Session(f"{self._home.process}/{self._home.world.entropy.hex(16)}")

    # -- what callers use -----------------------------------------------------------------------

    async def txn(
        self,
        compare: tuple[Compare, ...] = (),
        success: tuple[Put | Delete, ...] = (),
        fence: int = 0,
        seconds: float = 10.0,
    ) -> TxnResult:
        """See ``messages.store.Txn``. Raises the StoreError of applying it (Fenced ...), AskTimeout
        (it may or may not be applied), TemporaryFault."""
        check_txn(TxnRecord(compare, success, fence))
        session = self._session
        deadline = asyncio.get_running_loop().time() + seconds
        waiting = Waiting(compare, success, fence, session, deadline)
        self._queue.append(waiting)
        self._wake()
        try:
            return await waiting.future
        except SessionExpired as error:
            if self._session is session:
                self._session = self._new_session()
            raise TemporaryFault("the store forgot this session; outcome unknown") from error
        finally:
            session.sequences.close(waiting.sequence)

    async def put(self, key: str, value: bytes, seconds: float = 10.0) -> TxnResult:
        """Set a key."""
        return await self.txn(success=(Put(key, value),), seconds=seconds)

    async def range(self, query: Range, seconds: float = 10.0) -> RangeResult:
        """Read; asked again elsewhere if a member does not answer. Raises StoreError (Compacted
        ...), AskTimeout."""
        limit = asyncio.get_running_loop().time() + seconds
        while True:
            try:
                return await self._try(query, limit, RangeResult)
            except TemporaryFault:
                if asyncio.get_running_loop().time() + PAUSE_SECONDS >= limit:
                    raise
            await self._pause()

    @property
    def leader(self) -> str:
        """The member that is known to lead, '' if none is."""
        return self._leader

    # -- one try --------------------------------------------------------------------------------

    async def _try(self, message: Message, limit: float, kind: type[Reply]) -> Reply:
        """Ask the leader, or, if none is known, the next member: that one waits for a leader.
        Raises TemporaryFault; then another member is asked the next time."""
        member = self._leader or self._members[self._turn % len(self._members)]
        seconds = min(TRY_SECONDS, limit - asyncio.get_running_loop().time())
        scope = asyncio.timeout(None)
        try:
            async with scope:
                if member == self._leader:
                    self._under_way[scope] = member
                reply = await self._refs[member].ask(message, seconds)
        except TimeoutError as error:
            # Somebody else leads: whoever was asked may be unreachable for long.
            raise AskTimeout(f"{member} does not lead any more") from error
        except TemporaryFault:
            self._turn += 1
            if member == self._leader:
                self._leader = ""
            raise
        finally:
            self._under_way.pop(scope, None)
        assert isinstance(reply, kind), f"{member} answered {type(reply).__name__}"
        return reply

    # -- batches --------------------------------------------------------------------------------

    def _wake(self) -> None:
        while self._idle:
            waiter = self._idle.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    async def _carry_forever(self) -> None:
        while True:
            if not self._queue:
                waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._idle.append(waiter)
                await waiter
                continue
            batch = self._gather()
            if batch and not await self._carry(batch):
                await self._pause()

    async def _pause(self) -> None:
        """After each round of members without an answer."""
        if self._turn % len(self._members) == 0:
            await self._home.world.clock.sleep(PAUSE_SECONDS)

    def _gather(self) -> list[Waiting]:
        """The first that still have time."""
        now = asyncio.get_running_loop().time()
        batch: list[Waiting] = []
        size = 0
        while self._queue and len(batch) < BATCH_RECORDS_MAX and size < BATCH_BYTES_MAX:
            waiting = self._queue.popleft()
            if waiting.future.done():
                continue
            if now >= waiting.deadline:
                waiting.future.set_exception(AskTimeout("not answered in time; outcome unknown"))
                continue
            batch.append(waiting)
            size += sum(len(one.value) for one in waiting.success if isinstance(one, Put))
        return batch

    async def _carry(self, batch: list[Waiting]) -> bool:
        """Ask once. If there is no answer, all go to the front again. False: there was none."""
        message = encode_batch(_records(batch), self._brief)
        limit = min(waiting.deadline for waiting in batch)
        try:
            outcomes = decode_outcomes(await self._try(message, limit, TxnBatchResult))
        except TemporaryFault:
            self._queue.extendleft(reversed(batch))
            return False
        except SteersmanError as error:
            outcomes = [StoreError(str(error))] * len(batch)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            _settle(waiting, outcome)
        return True

    # -- who leads ------------------------------------------------------------------------------

    async def _follow(self, member: str) -> None:
        """What one member tells of leadership, for ever."""
        while True:
            try:
                async with self._refs[member].stream(WatchLeadership()) as stream:
                    async for item in stream:
                        if isinstance(item, Leadership):
                            self._told(item)
            except SteersmanError:
                pass
            await self._home.world.clock.sleep(LOOK_SECONDS)

    def _told(self, item: Leadership) -> None:
        """The highest term counts, whoever tells of it."""
        if item.term < self._term or (item.term == self._term and not item.leader):
            return
        self._term = item.term
        if not item.leader or item.leader == self._leader:
            return
        self._leader = item.leader
        now = asyncio.get_running_loop().time()
        for scope in [scope for scope, to in self._under_way.items() if to != item.leader]:
            scope.reschedule(now)


def _records(batch: Sequence[Waiting]) -> list[TxnRecord]:
    records = []
    session, below, established = None, 0, False
    for one in batch:
        if one.session is not session:
            session = one.session
            below, established = session.sequences.done_below, session.sequences.established
        records.append(
            TxnRecord(
                one.compare, one.success, one.fence, one.session.client, one.sequence,
                one.trace, below, established,
            )
        )  # fmt: skip
    return records


def _settle(waiting: Waiting, outcome: TxnResult | StoreError) -> None:
    """Give the caller its answer."""
    if waiting.future.done():
        return
    if isinstance(outcome, StoreError):
        # A fresh one: the same object may be raised to many.
        waiting.future.set_exception(type(outcome)(str(outcome)))
    else:
        waiting.session.sequences.established = True
        waiting.future.set_result(outcome)
