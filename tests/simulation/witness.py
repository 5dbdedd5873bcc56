"""What really happened, noted where it happens and not where it is told: entries applied, Raft
messages sent, containers started and ended, actors crashed.

Must not know: what is right (the checkers do).
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from actors.kit.tracing import Kept, MemoryTracer, Record
from actors.kit.world.containers import Container
from actors.kit.world.world import World
from actors.kubelet import labels
from actors.store.peers import Peers
from cluster.chaos import observations
from cluster.messages.store import TxnResult
from cluster.raft.messages import AppendRequest, RaftRpc, VoteRequest, VoteResponse
from cluster.state.commands import TxnsCommand
from cluster.state.mvcc import StateMachine
from cluster.state.sessions import Outcome

# As the production code raises them when told to by the nemesis, or in a process that dies.
EXPECTED_CRASHES = ("the nemesis", "DiskFault", "DiskFull", "DeadProcess")


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    """``kind``: started, died or destroyed. ``time``: virtual seconds."""

    time: float
    machine: str
    kind: str
    container: Container

    @property
    def pod(self) -> str:
        """The pod's uid."""
        return self.container.labels.get(labels.POD_UID, "")

    @property
    def name(self) -> str:
        """The container's name in its pod; a sandbox has one too."""
        return self.container.labels.get(labels.CONTAINER, "")

    def seen(self) -> observations.ContainerEvent:
        """As the checkers want it."""
        return observations.ContainerEvent(
            self.time, self.machine, self.kind, self.container.id, self.container.name,
            self.pod, self.name,
        )  # fmt: skip


class WitnessTracer(MemoryTracer):
    """Also keeps the records of crashes, however many records follow."""

    def __init__(self, keep: int) -> None:
        super().__init__(keep)
        self.crashes: list[Record] = []

    def record(self, fields: Kept, routine: bool = False) -> None:
        """Keep it."""
        if isinstance(fields, dict) and fields["event"] == "log" and fields["level"] == "error":
            self.crashes.append(fields)
        super().record(fields, routine)


@dataclass
class Witness:
    """``applied``: index → {(term, digest of the state after it)}, over all members and all their
    incarnations. ``votes``: (term, voter) → candidates. ``leaders``: term → members that sent
    entries in it. ``fenced``: (fence, term) of transactions that took effect under a fence."""

    tracer: WitnessTracer = field(default_factory=lambda: WitnessTracer(keep=20_000))
    applied: dict[int, set[tuple[int, bytes]]] = field(default_factory=dict)
    votes: dict[tuple[int, str], set[str]] = field(default_factory=dict)
    leaders: dict[int, set[str]] = field(default_factory=dict)
    fenced: set[tuple[int, int]] = field(default_factory=set)
    containers: list[ContainerEvent] = field(default_factory=list)
    loop_faults: list[str] = field(default_factory=list)
    _dead: dict[int, World] = field(default_factory=dict)

    def died(self, world: World) -> None:
        """The process that ran on this world was killed: what it still does reaches nobody."""
        self._dead[id(world)] = world

    def container(self, machine: str, kind: str, record: Container) -> None:
        """A container started, died or was destroyed."""
        now = asyncio.get_running_loop().time()
        self.containers.append(ContainerEvent(now, machine, kind, record))

    def sent(self, messages: Sequence[RaftRpc]) -> None:
        """A member sends these."""
        for message in messages:
            if isinstance(message, AppendRequest):
                self.leaders.setdefault(message.term, set()).add(message.sender)
            elif isinstance(message, VoteResponse):
                if message.granted and not message.pre:
                    self.votes.setdefault((message.term, message.sender), set()).add(message.to)
            elif isinstance(message, VoteRequest) and not message.pre:
                self.votes.setdefault((message.term, message.sender), set()).add(message.sender)

    def took(
        self, machine: StateMachine, command: object, before: int, outcomes: Sequence[Outcome]
    ) -> None:
        """A member applied an entry: ``before`` was its revision, ``outcomes`` came of it."""
        mark = (machine.applied_term, machine.digest.value)
        self.applied.setdefault(machine.applied, set()).add(mark)
        if not isinstance(command, TxnsCommand):
            return
        for record, outcome in zip(command.records, outcomes, strict=True):
            # A copy of an earlier transaction gets the first one's result again, of its revision.
            took = isinstance(outcome, TxnResult) and outcome.succeeded
            if record.fence and took and outcome.revision > before:
                self.fenced.add((record.fence, machine.applied_term))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Be told, for one run."""
        apply, send = StateMachine.apply, Peers.send
        witness = self

        def applied(self: StateMachine, index: int, term: int, command: Any) -> Any:
            before = self.revision
            outcomes = apply(self, index, term, command)
            witness.took(self, command, before, outcomes)
            return outcomes

        def sent(self: Peers, messages: Any) -> None:
            if id(self._ctx.world) not in witness._dead:
                witness.sent(messages)
            send(self, messages)

        StateMachine.apply, Peers.send = applied, sent  # type: ignore[method-assign]
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.loop_faults.append(_text(context)))
        try:
            yield
        finally:
            StateMachine.apply, Peers.send = apply, send  # type: ignore[method-assign]


def _text(context: dict[str, Any]) -> str:
    return f"{context.get('message')}: {context.get('exception')!r}"
