"""Clients of the store's members that keep what they asked and what they were told, and what all
watches told meanwhile: the history that the checker judges.

Each operation has a trace of its own; the events of watches carry it, so what became of an unknown
outcome is known. Must not know: what is right.
"""

import asyncio
import itertools
import random
import time
from dataclasses import dataclass, field

from actors.client.store_client import StoreClient
from actors.kit.actor import Actor
from actors.kit.tracing import TRACE_ID_LENGTH, resume_trace
from cluster import names
from cluster.errors import SteersmanError, StoreError, TemporaryFault
from cluster.messages.base import Message
from cluster.messages.store import (
    Compare,
    Delete,
    KeyValue,
    Put,
    Range,
    RangeResult,
    StoreEvent,
    StoreEvents,
    Txn,
    TxnResult,
    Watch,
)
from tests.simulation.members.checkers.history import Kind, Op, Revision

PREFIX, PREFIX_END = "/chaos/", "/chaos0"
KEYS = 6
ASK_SECONDS = 3.0
PAUSE_SECONDS = 0.004


@dataclass
class History:
    """``ops`` as they began; ``truth`` by revision, from all watches together; ``problems``: two
    watches that told different things."""

    ops: list[Op] = field(default_factory=list)
    truth: dict[int, Revision] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def saw(self, events: tuple[StoreEvent, ...]) -> None:
        """A watch told these."""
        by_revision: dict[int, list[StoreEvent]] = {}
        for event in events:
            bare = StoreEvent(event.kind, event.item, event.previous, event.trace[:TRACE_ID_LENGTH])
            by_revision.setdefault(event.item.mod_revision, []).append(bare)
        for revision, told in by_revision.items():
            known = self.truth.get(revision)
            if known is None:
                self.truth[revision] = Revision(revision, tuple(told), time.monotonic())
            elif known.events != tuple(told):
                self.problems.append(f"revision {revision}: {known.events} here, {told} there")

    def revisions(self) -> list[Revision]:
        """In order."""
        return [self.truth[revision] for revision in sorted(self.truth)]

    def acknowledged(self, begin: float, end: float = float("inf")) -> int:
        """Writes that were answered within that time."""
        return sum(
            op.kind == "write" and op.revision > 0 and begin <= op.end <= end for op in self.ops
        )

    def gap(self, begin: float, end: float) -> float:
        """The longest time between two acknowledged writes of any clients."""
        ends = [op.end for op in self.ops if op.kind == "write" and op.revision]
        times = [begin, *sorted(moment for moment in ends if begin <= moment <= end), end]
        return max(b - a for a, b in itertools.pairwise(times))


class Clients:
    """Drives all members from one process. ``home`` lends its context."""

    def __init__(self, home: Actor, members: list[str], seed: int) -> None:
        self.history = History()
        self.halted = False
        self._home = home
        self._members = members
        self._random = random.Random(seed)
        self._store = StoreClient(home.ctx, members)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Two callers that stay at each member, three that retry wherever they must, and a watch
        at each member."""
        ctx = self._home.ctx
        for number, member in enumerate(self._members):
            ctx.task(self._watch(member), f"watch {member}")
            for lane in (0, 1):
                work = self._work(number * 2 + lane, member)
                self._tasks.append(ctx.task(work, f"caller {lane} of {member}"))
        for number in range(3):
            self._tasks.append(ctx.task(self._insist(number), f"insisting caller {number}"))

    async def stop(self) -> None:
        """Return once all have had their last answer, and watches told all there is."""
        self.halted = True
        await asyncio.wait(self._tasks)
        for task in self._tasks:
            task.result()
        last = (await self._store.range(Range(PREFIX, PREFIX_END, count_only=True))).revision
        async with asyncio.timeout(10.0):
            while max(self.history.truth, default=1) < last:
                await asyncio.sleep(0.01)

    # -- callers

    async def _work(self, number: int, member: str) -> None:
        """One operation after another at one member; what fails may have happened."""
        ref = self._home.ctx.ref(names.address(names.STORE, member))
        known: dict[str, int] = {}
        while not self.halted:
            op = self._draw(known)
            message: Message = Txn(op.compare, op.success)
            if op.kind != "write":
                message = Range(op.key, op.range_end, linearizable=op.kind == "read")
            try:
                with resume_trace(self._trace_of(op)):
                    self._answered(op, await ref.ask(message, ASK_SECONDS), known)
            except TemporaryFault:
                await asyncio.sleep(0.02)
            except StoreError as error:
                op.error, op.end = type(error).__name__, time.monotonic()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _insist(self, number: int) -> None:
        """Writes through the client that tries again: each must be answered."""
        step = 0
        while not self.halted:
            step += 1
            key = f"{PREFIX}own-{number}"
            op = self._begin("write", success=(Put(key, f"{step}".encode()),))
            with resume_trace(self._trace_of(op)):
                result = await self._store.txn(success=op.success, seconds=20.0)
            self._answered(op, result, {})
            await asyncio.sleep(PAUSE_SECONDS)

    def _draw(self, known: dict[str, int]) -> Op:
        dice = self._random
        key = f"{PREFIX}{dice.randrange(KEYS)}"
        kind = dice.choice(("put", "swap", "swap", "delete", "read", "list", "serializable"))
        value = f"{dice.getrandbits(32)}".encode()
        match kind:
            case "put":
                return self._begin("write", success=(Put(key, value),))
            case "swap":
                compare = (Compare(key, "mod", known.get(key, 0)),)
                return self._begin("write", compare, (Put(key, value),))
            case "delete":
                return self._begin("write", success=(Delete(key),))
            case "list":
                return self._begin("read", key=PREFIX, range_end=PREFIX_END)
        return self._begin("read" if kind == "read" else "serializable", key=key)

    def _begin(
        self,
        kind: Kind,
        compare: tuple[Compare, ...] = (),
        success: tuple[Put | Delete, ...] = (),
        key: str = "",
        range_end: str = "",
    ) -> Op:
        op = Op(f"{len(self.history.ops):0{TRACE_ID_LENGTH}x}", kind, time.monotonic())
        op.compare, op.success, op.key, op.range_end = compare, success, key, range_end
        self.history.ops.append(op)
        return op

    @staticmethod
    def _trace_of(op: Op) -> str:
        return f"{op.id}-{'0' * 16}"

    def _answered(self, op: Op, reply: Message, known: dict[str, int]) -> None:
        assert isinstance(reply, TxnResult | RangeResult), f"{op}: {reply}"
        op.end = time.monotonic()
        op.revision = reply.revision
        op.items = reply.items
        if isinstance(reply, TxnResult):
            op.succeeded = reply.succeeded
        for item in reply.items:
            if isinstance(item, KeyValue):
                known[item.key] = item.mod_revision
        if op.kind != "write" and not op.range_end and not reply.items:
            known.pop(op.key, None)

    # -- watches

    async def _watch(self, member: str) -> None:
        """All revisions from the first, as one member tells them; resumed when it breaks."""
        ref = self._home.ctx.ref(names.address(names.STORE, member))
        start = 1
        while True:
            try:
                async with ref.stream(Watch(PREFIX, PREFIX_END, start)) as stream:
                    async for item in stream:
                        assert isinstance(item, StoreEvents)
                        self._told(member, start, item)
                        start = max(start, item.revision + 1)
            except SteersmanError:
                await asyncio.sleep(0.05)

    def _told(self, member: str, start: int, item: StoreEvents) -> None:
        revisions = [event.item.mod_revision for event in item.events]
        if any(revision < start for revision in revisions) or revisions != sorted(revisions):
            self.history.problems.append(f"{member} told {revisions} from {start} on")
        self.history.saw(item.events)
