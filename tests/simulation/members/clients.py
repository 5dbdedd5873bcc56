"""What clients do: transactions with sessions and retries, reads of every kind, compaction.

Job: ask at any member, try again after unknown outcomes, write the history down. Must not know:
what is right.
"""

import random
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from cluster.errors import StoreError
from cluster.messages.store import (
    Compare,
    Delete,
    KeyValue,
    Put,
    RangeResult,
    TxnRecord,
    TxnResult,
)
from tests.simulation.members.asks import CompactAsk, Failed, ReadAsk, Write
from tests.simulation.members.checkers.history import Op
from tests.simulation.members.scripts import Call, Script

if TYPE_CHECKING:
    from tests.simulation.members.simulation import Simulation

KEYS = tuple(f"k{number}" for number in range(6))
RANGE, RANGE_END = "k", "l"
# One try; then the same again elsewhere.
TRY_SECONDS = 0.8
TRIES_MAX = 12


class Client:
    """``ops``: its part of the history. One transaction at a time in each session."""

    def __init__(self, sim: "Simulation", number: int) -> None:
        self.sim = sim
        self.name = f"c{number}"
        self.rng = random.Random(f"{sim.seed}/{self.name}")
        self.ops: list[Op] = []
        self.known: dict[str, int] = {}
        self.stopping = False
        self.pace = self.rng.choice((0.04, 0.1, 0.2))
        self.home = self.rng.choice(sim.names)
        self._count = 0
        self._sessions = 0
        self._sequence = 0
        self._established = False

    def work(self) -> Script:
        """Operations until it is told to stop."""
        rng = self.rng
        while not self.stopping:
            dice = rng.random()
            if dice < 0.55:
                yield from self.write(*self._draw_txn())
            elif dice < 0.9:
                yield from self.read()
            elif dice < 0.97 or not self.sim.knobs.compaction:
                yield rng.random() * 0.3
            else:
                yield from self.compact()
            yield rng.random() * self.pace

    def host(self) -> str:
        """Mostly its own; now and then, and after trouble, another."""
        if self.rng.random() < 0.2:
            self.home = self.rng.choice(self.sim.names)
        return self.home

    def move(self) -> None:
        """Try another host."""
        self.home = self.rng.choice(self.sim.names)

    def _op(self, kind: Any, **fields: Any) -> Op:
        self._count += 1
        op = Op(f"{self.name}.{self._count}", kind, self.sim.timeline.now, **fields)
        self.ops.append(op)
        return op

    # -- transactions ---------------------------------------------------------------------------

    def _draw_txn(self) -> tuple[tuple[Compare, ...], tuple[Put | Delete, ...]]:
        rng = self.rng
        key = rng.choice(KEYS)
        value = b"%d" % rng.randrange(1000) + b"." * rng.choice((0, 0, 10, 60))
        dice = rng.random()
        if dice < 0.35:
            return (), (Put(key, value),)
        if dice < 0.65:
            return (Compare(key, "mod", self.known.get(key, 0)),), (Put(key, value),)
        if dice < 0.75:
            return (Compare(key, "version", 0, ">"),), (Delete(key),)
        if dice < 0.8:
            return (), (Delete(key),)
        keys = rng.sample(KEYS, rng.choice((2, 3)))
        compare = (Compare(keys[0], "mod", self.known.get(keys[0], 0)),)
        changes = tuple(Put(name, value) if rng.random() < 0.8 else Delete(name) for name in keys)
        return (compare if rng.random() < 0.5 else ()), changes

    def write(
        self,
        compare: tuple[Compare, ...],
        success: tuple[Put | Delete, ...],
        tries: int = TRIES_MAX,
    ) -> Generator[Any, Any, Op]:
        """One transaction, tried until its outcome is known or patience ends."""
        fence = self._draw_fence() if self.rng.random() < 0.15 else 0
        op = self._op("write", compare=compare, success=success, fence=fence)
        self._sequence += 1
        session = f"{self.name}/{self._sessions}"
        sequence = self._sequence
        for attempt in range(tries):
            record = TxnRecord(
                compare, success, fence, session, sequence, op.id, sequence, self._established
            )
            answer = yield Call(self.host(), Write(record), TRY_SECONDS)
            if isinstance(answer, (TxnResult, StoreError)):
                self._settle(op, answer)
                if attempt:
                    self.sim.seen.saw("write answered after a retry")
                break
            self.move()
            yield 0.02 + self.rng.random() * 0.2
        if op.end == float("inf") or op.error == "SessionExpired":
            # Unknown: what is asked next must not be taken for it.
            self.sim.seen.saw("write given up")
            self._sessions += 1
            self._sequence = 0
            self._established = False
        else:
            self._established = True
        return op

    def _draw_fence(self) -> int:
        """A term that somebody believes is the present one."""
        member = self.sim.hosts[self.rng.choice(self.sim.names)].member
        return member.term if member is not None else 0

    def _settle(self, op: Op, answer: TxnResult | StoreError) -> None:
        op.end = self.sim.timeline.now
        if isinstance(answer, StoreError):
            op.error = type(answer).__name__
            self.sim.seen.saw(f"write refused: {op.error}")
            return
        op.succeeded, op.revision, op.items = answer.succeeded, answer.revision, answer.items
        keys = [c.key for c in (op.success if answer.succeeded else op.compare)]
        for key, item in zip(keys, answer.items, strict=True):
            gone = item is None or (answer.succeeded and item.mod_revision != answer.revision)
            self.known[key] = 0 if gone or item is None else item.mod_revision
        if not answer.succeeded:
            self.sim.seen.saw("compare failed")

    # -- reads ----------------------------------------------------------------------------------

    def read(self) -> Script:
        """One key or all, now or as of a known revision, of any kind."""
        rng = self.rng
        mode = rng.choice(("linearizable", "linearizable", "serializable"))
        if self.sim.knobs.lease_reads and mode == "linearizable" and rng.random() < 0.5:
            mode = "lease"
        key, end = (rng.choice(KEYS), "") if rng.random() < 0.6 else (RANGE, RANGE_END)
        self.host()
        at = 0
        if mode == "serializable" and self.known and rng.random() < 0.4:
            at = max(self.known.values())
        yield from self.read_one(mode, key, end, at)

    def read_one(self, mode: Any, key: str, end: str, at: int) -> Script:
        """One try at one host."""
        kind = "serializable" if mode == "serializable" else "read"
        op = self._op(kind, key=key, range_end=end, at=at)
        answer = yield Call(self.home, ReadAsk(key, end, at, mode), TRY_SECONDS / 2)
        if isinstance(answer, RangeResult):
            op.end = self.sim.timeline.now
            op.revision = answer.revision
            op.items = answer.items
            self._learn(key, end, answer.items if not at else ())
        else:
            if isinstance(answer, Failed) and answer.error in ("Compacted", "FutureRevision"):
                self.sim.seen.saw(f"read refused: {answer.error}")
            self.move()

    def insist_on_reading(self, host: str, count: int, gap: float) -> Script:
        """Many reads of one key at one host."""
        for _ in range(count):
            self.home = host
            yield from self.read_one("linearizable", KEYS[0], "", 0)
            yield gap

    def insist_on_writing(self, away_from: str, count: int, gap: float) -> Script:
        """Many writes of that key, at any host but one."""
        for _ in range(count):
            others = [name for name in self.sim.names if name != away_from]
            self.home = self.rng.choice(others or self.sim.names)
            yield from self.write((), (Put(KEYS[0], b"%d" % self._count),), 1)
            yield gap

    def stuff(self, host: str, count: int) -> Script:
        """Writes to one host, without waiting for answers: its log grows whether or not anybody
        else can have them."""
        for _ in range(count):
            op = self._op("write", success=(Put(KEYS[1], b"%d" % self._count),))
            self._sessions += 1
            record = TxnRecord((), op.success, 0, f"{self.name}/{self._sessions}", 1, op.id, 1)
            yield Call(host, Write(record), 0.01)

    def _learn(self, key: str, end: str, items: tuple[KeyValue, ...]) -> None:
        for item in items:
            self.known[item.key] = item.mod_revision

    def compact(self) -> Script:
        """Forget history before a revision known."""
        if self.known:
            revision = max(1, max(self.known.values()) - self.rng.choice((0, 3, 20)))
            yield Call(self.host(), CompactAsk(revision), TRY_SECONDS)
