"""What a host answers: clients, other hosts that hand something on, watchers.

Job: do what is asked as the leader, or hand it to the leader, or read. Must not know: how members
turn; what clients want it for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cluster.errors import StoreError, TemporaryFault
from cluster.messages.store import StoreEvents, Watch
from cluster.raft.member import Member
from cluster.raft.messages import AppendRequest, decode
from cluster.state.commands import (
    CompactCommand,
    LeaseGrantCommand,
    LeaseKeepAliveCommand,
    LeaseRevokeCommand,
    TxnsCommand,
)
from tests.simulation.members.asks import (
    ChangeAsk,
    CompactAsk,
    Failed,
    Forward,
    LeaseAsk,
    Proposed,
    ReadAsk,
    ReadIndexAsk,
    TransferAsk,
    Write,
)
from tests.simulation.members.shell import Reply, Shell


@dataclass(eq=False, slots=True)
class Stream:
    """A watch served to a client. ``item`` and ``closed`` are the client's."""

    watcher: Any
    item: Callable[[StoreEvents], None]
    closed: Callable[[str], None]


class Serving(Shell):
    """The answering part of a Host."""

    def reset_asks(self) -> None:
        """A new process knows nothing of these."""
        self.gathered: list[tuple[Write, Reply]] = []
        self.asked: dict[int, Reply] = {}
        self.numbers = 0
        self.streams: list[Stream] = []

    # -- being asked ----------------------------------------------------------------------------

    def raft(self, payload: Any) -> None:
        """A Raft message came in."""
        if self.member is not None:
            message = decode(payload) if isinstance(payload, bytes) else payload
            if isinstance(message, AppendRequest) and message.read:
                self.sim.raft.heard_round(message.sender, message.term, self.name, message.read)
            self.member.step(message, self.now())

    def peer_lost(self, peer: str) -> None:
        """The connection to a peer broke, it is told."""
        if self.member is not None:
            self.member.peer_lost(peer, self.now())

    def ask(self, ask: Any, reply: Reply) -> None:
        """Of a client or of itself: do it, or have the leader do it."""
        member = self.member
        if member is None:
            reply(Failed("ActorDown", "starting", True))
        elif isinstance(ask, ReadAsk):
            self._read(ask, reply)
        elif member.role == "leader":
            self.lead(ask, reply)
        elif member.leader:
            self.numbers += 1
            self.asked[self.numbers] = reply
            forward = Forward(self.name, self.life, self.numbers, ask)
            self.sim.network.send(self.name, member.leader, forward, isinstance(ask, Write))
        else:
            reply(Failed("NotLeader", "no leader is known", True))

    def forwarded(self, forward: Forward) -> None:
        """From another host, or an answer back. Of a write the answer is its entry's name: it is
        waited for here, where it will be applied, too."""
        if forward.answered:
            reply = self.asked.pop(forward.number, None)
            if forward.life != self.life or reply is None:
                return
            if isinstance(forward.answer, Proposed):
                self._expect(forward.answer, reply)
            else:
                reply(forward.answer)
            return

        def answer(outcome: Any) -> None:
            back = Forward(forward.origin, forward.life, forward.number, None, outcome, True)
            self.sim.network.send(self.name, forward.origin, back)

        if self.member is None or self.member.role != "leader":
            answer(Failed("NotLeader", "not I", True))
        elif isinstance(forward.ask, Write):
            self._accept(self.member, forward.ask, answer)
        else:
            self.lead(forward.ask, answer)

    def _accept(self, member: Member, ask: Write, answer: Reply) -> None:
        try:
            term, index = self._propose(member, TxnsCommand((ask.record,)), [])
        except (TemporaryFault, StoreError) as error:
            answer(Failed(type(error).__name__, str(error), True))
        else:
            answer(Proposed(term, index, ask.record))

    def _expect(self, proposed: Proposed, reply: Reply) -> None:
        """As the engine's ``outcomes_of``."""
        assert self.member is not None
        record = proposed.record
        if self.machine.applied < proposed.index:
            if self.member.term > proposed.term:
                reply(Failed("NotLeader", "another term has begun"))
            else:
                name = (proposed.term, proposed.index)
                self.pending.setdefault(name, []).append(reply)
            return
        self.sim.seen.saw("applied before its name came")
        known = self.machine.sessions.remembered(record.client, record.sequence)
        reply(Failed("NotLeader", "applied before") if known is None else known)

    def lead(self, ask: Any, reply: Reply) -> None:
        """Do it as the leader, or say why not."""
        member = self.member
        assert member is not None
        try:
            if isinstance(ask, Write):
                self._gather(member, ask, reply)
            elif isinstance(ask, ReadIndexAsk):
                self.numbers += 1
                member.read_index(self.numbers)
                self.reads[self.numbers] = reply
            elif isinstance(ask, LeaseAsk):
                self._lease(member, ask, reply)
            elif isinstance(ask, CompactAsk):
                self._propose(member, CompactCommand(ask.revision), [reply])
            elif isinstance(ask, TransferAsk):
                member.transfer(ask.to, self.now())
                reply("begun")
            else:
                assert isinstance(ask, ChangeAsk)
                self.pending[member.change_membership(ask.action, ask.member, ask.voters)] = [reply]
        except (TemporaryFault, StoreError) as error:
            reply(Failed(type(error).__name__, str(error), True))

    def _gather(self, member: Member, ask: Write, reply: Reply) -> None:
        if not self.sim.knobs.gather_seconds:
            self._propose(member, TxnsCommand((ask.record,)), [reply])
            return
        if not self.gathered:
            self.sim.timeline.after(self.sim.knobs.gather_seconds, self._flush_later, self.life)
        self.gathered.append((ask, reply))

    def _flush_later(self, life: int) -> None:
        self.gate(self._flush, life=life)

    def _flush(self) -> None:
        gathered, self.gathered = self.gathered, []
        replies = [reply for _, reply in gathered]
        assert self.member is not None
        try:
            command = TxnsCommand(tuple(write.record for write, _ in gathered))
            self._propose(self.member, command, replies)
        except TemporaryFault as error:
            for reply in replies:
                reply(Failed(type(error).__name__, str(error), True))

    def _lease(self, member: Member, ask: LeaseAsk, reply: Reply) -> None:
        if ask.action == "grant":
            self._propose(member, LeaseGrantCommand(ask.id, ask.ttl, self.leases.now()), [reply])
        elif ask.action == "keepalive":
            self._propose(member, LeaseKeepAliveCommand((ask.id,), self.leases.now()), [reply])
        else:
            self._propose(member, LeaseRevokeCommand(ask.id), [reply])

    # -- reading --------------------------------------------------------------------------------

    def _read(self, ask: ReadAsk, reply: Reply) -> None:
        def serve() -> None:
            try:
                reply(self.machine.read(ask.key, ask.end, 0, ask.revision))
            except StoreError as error:
                reply(Failed(type(error).__name__, str(error), True))

        def confirmed(index: Any) -> None:
            if isinstance(index, Failed):
                reply(index)
            elif self.machine.applied >= index:
                serve()
            else:
                self.waiting.append((index, serve))

        if ask.mode == "serializable":
            serve()
        else:
            self.ask(ReadIndexAsk(), confirmed)

    def watch(
        self,
        watch: Watch,
        item: Callable[[StoreEvents], None],
        closed: Callable[[str], None],
    ) -> None:
        """Serve a watch until the client or the process is gone."""
        if self.member is None:
            self.sim.to_client(closed, "down")
            return
        try:
            watcher = self.hub.open(watch)
        except StoreError as error:
            self.sim.to_client(closed, type(error).__name__)
            return
        stream = Stream(watcher, item, closed)
        self.streams.append(stream)
        self._stream(stream)

    def unwatch(self, item: Callable[[StoreEvents], None]) -> None:
        """The client is gone."""
        for stream in [s for s in self.streams if s.item == item]:
            self.streams.remove(stream)
            self.hub.close(stream.watcher)

    def _stream(self, stream: Stream, given: StoreEvents | None = None) -> None:
        if stream not in self.streams:
            return
        if given is not None:
            stream.item(given)
        try:
            while (item := self.hub.next_item(stream.watcher)) is not None:
                stream.item(item)
        except StoreError as error:
            self.streams.remove(stream)
            self.hub.close(stream.watcher)
            self.sim.to_client(stream.closed, type(error).__name__)
            return
        life = self.life
        future = self.hub.follow(stream.watcher)
        future.add_done_callback(
            lambda done: self.gate(self._stream, stream, done.result(), life=life)
        )
