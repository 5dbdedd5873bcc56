"""A cluster that does what a script says, and tells what happens.

Job: the commands. Must not know: files, what is right. Commands (members are named by letters)::

    founders a b c           start them with empty logs; their timers ring in this order
    founder a 1 1 4 @5       the same for one, its log of entries of these terms, its term 5;
    start                    then start those
    joiner d                 start one with an empty disk
    ring a                   its timer rings
    run 0.5                  time passes: timers ring, messages arrive
    deliver                  messages arrive, and the answers, until nobody says anything
    deliver a b              only those from a to b that are on their way now
    lose a b                 those are lost
    cut a b / heal           messages between them are lost from now on / no more
    crash a / restart a      what is not durable is gone / it starts from its disk
    notice b a               b's connection to a breaks
    propose a TEXT           a client's command; read a NUMBER: a linearizable read
    change a ACTION NAMES    a change of members; transfer a b: leadership
    compact a                a snapshots what it has applied, and drops its log
    log a                    its entries, as index/term

``quietly COMMAND`` leaves out what members say to each other.
"""

from collections.abc import Callable

import msgspec

from cluster.errors import SteersmanError
from cluster.raft.messages import COMMAND, Entry, RaftRpc, SnapshotMeta, SnapshotRequest
from cluster.raft.ready import Ready
from tests.transcripts.prose import changes, members, sentence
from tests.unit.cluster.raft.paper import Disk, Server

CHUNK_BYTES = 8


class Script:
    """``told`` gathers the output of the command under way."""

    def __init__(self) -> None:
        self.servers: dict[str, Server] = {}
        self.crashed: set[str] = set()
        self.network: list[RaftRpc] = []
        self.cuts: set[frozenset[str]] = set()
        self.now = 100.0
        self.told: list[str] = []
        self.quiet = False
        self.founding: dict[str, tuple[list[int], int | None]] = {}

    def do(self, line: str) -> list[str]:
        """Carry out one command; what happened."""
        words = line.split()
        self.quiet = words[0] == "quietly"
        name, *args = words[1:] if self.quiet else words
        self.told = []
        command: Callable[..., None] = getattr(self, f"do_{name}")
        try:
            command(*args)
        except SteersmanError as error:
            self.told.append(f"refused: {type(error).__name__}: {error}")
        return self.told or ["nothing happens"]

    # -- members --------------------------------------------------------------------------------

    def do_founders(self, *names: str) -> None:
        """Start founders with empty logs."""
        for name in names:
            self.founding[name] = ([], None)
        self._found()

    def do_founder(self, name: str, *terms: str) -> None:
        """One with a log, and a term if that is not its last entry's."""
        log = [int(term) for term in terms if term[0] != "@"]
        known = [int(term[1:]) for term in terms if term[0] == "@"]
        self.founding[name] = (log, known[0] if known else None)
        self.told.append(f"{name} will start with a log of terms {' '.join(map(str, log))}")

    def do_start(self) -> None:
        """Start those."""
        self._found()

    def _found(self) -> None:
        voters = tuple(sorted(self.founding))
        for place, (name, (terms, term)) in enumerate(self.founding.items()):
            chance = (place + 1) / (len(voters) + 1)
            self.servers[name] = Server(
                terms, term, voters=voters, name=name, chance=chance, now=self.now
            )
        self.told.append(f"founded: {' '.join(voters)}")

    def do_joiner(self, name: str) -> None:
        """Start one with an empty disk."""
        self.servers[name] = Server(disk=Disk(), name=name, now=self.now)
        self._carry_out(name)

    def do_crash(self, name: str) -> None:
        """It is gone, with everything not durable."""
        self.crashed.add(name)
        self.told.append(f"{name} is gone")

    def do_restart(self, name: str) -> None:
        """From its disk."""
        self.crashed.discard(name)
        self.servers[name].now = self.now
        self.servers[name].start()
        self._carry_out(name)

    # -- time and network -----------------------------------------------------------------------

    def do_ring(self, name: str) -> None:
        """The timer of one rings."""
        server = self.servers[name]
        self.now = max(self.now, server.member.next_deadline())
        server.now = self.now
        server.member.tick(self.now)
        self._carry_out(name)

    def do_run(self, seconds: str) -> None:
        """Timers ring in their order, messages arrive at once."""
        end = self.now + float(seconds)
        while True:
            live = [name for name in self.servers if name not in self.crashed]
            name = min(live, key=lambda name: self.servers[name].member.next_deadline())
            if self.servers[name].member.next_deadline() > end:
                break
            self.do_ring(name)
            self._arrive()
        self.now = end

    def do_deliver(self, sender: str = "", to: str = "") -> None:
        """All, until nobody says anything; or what is on its way between two."""
        if not sender:
            self._arrive()
            return
        for message in self._on_the_way(sender, to):
            self._receive(message)

    def do_lose(self, sender: str, to: str) -> None:
        """Lost on the way."""
        for message in self._on_the_way(sender, to):
            self.told.append(f"lost: {sentence(message)}")

    def _on_the_way(self, sender: str, to: str) -> list[RaftRpc]:
        found = [m for m in self.network if (m.sender, m.to) == (sender, to)]
        self.network = [m for m in self.network if m not in found]
        return found

    def _arrive(self) -> None:
        while self.network:
            self._receive(self.network.pop(0))

    def _receive(self, message: RaftRpc) -> None:
        if message.to in self.crashed or message.to not in self.servers:
            return
        if frozenset((message.sender, message.to)) in self.cuts:
            return
        server = self.servers[message.to]
        server.now = self.now
        server.member.step(message, self.now)
        self._carry_out(message.to)

    def do_cut(self, *pair: str) -> None:
        """Nothing arrives between these two."""
        self.cuts.add(frozenset(pair))
        self.told.append(f"{' and '.join(pair)} do not hear each other")

    def do_heal(self) -> None:
        """Everything arrives again."""
        self.cuts.clear()
        self.told.append("all hear each other")

    # -- clients and operators ------------------------------------------------------------------

    def do_notice(self, name: str, lost: str) -> None:
        """A connection breaks."""
        self.servers[name].member.peer_lost(lost, self.now)
        self._carry_out(name)

    def do_propose(self, name: str, text: str) -> None:
        """A client's command."""
        term, index = self.servers[name].member.propose(text.encode())
        self.told.append(f"{text} is entry {index} of term {term}")
        self._carry_out(name)

    def do_read(self, name: str, context: str) -> None:
        """A linearizable read."""
        self.servers[name].member.read_index(int(context))
        self._carry_out(name)

    def do_change(self, name: str, action: str, *names: str) -> None:
        """A change of members."""
        member = "" if action == "replace" else names[0]
        voters = names if action == "replace" else ()
        self.servers[name].member.change_membership(action, member, voters)
        self._carry_out(name)

    def do_transfer(self, name: str, to: str) -> None:
        """Leadership goes to another."""
        self.servers[name].member.transfer(to, self.now)
        self._carry_out(name)

    def do_compact(self, name: str) -> None:
        """A snapshot of what is applied."""
        server = self.servers[name]
        last = server.applied[-1]
        meta = SnapshotMeta(last.index, last.term, server.member.membership_at(last.index))
        disk = server.disk
        disk.meta = meta
        disk.content = ".".join(entry.data.decode() for entry in _commands(server)).encode()
        disk.entries = [entry for entry in disk.entries if entry.index > meta.index]
        server.member.snapshot_taken(meta.index, keep=0)
        self.told.append(
            f"{name} has a snapshot of {meta.index}: {len(disk.content)} bytes, "
            f"members {members(meta.membership)}"
        )
        self._carry_out(name)

    def do_log(self, name: str) -> None:
        """Entries as index/term."""
        log = self.servers[name].member.log
        entries = " ".join(f"{entry.index}/{entry.term}" for entry in log.entries)
        self.told.append(f"{name} holds {entries or 'nothing'} after {log.base_index}")

    # -- carrying out ---------------------------------------------------------------------------

    def _carry_out(self, name: str) -> None:
        server = self.servers[name]
        while (ready := server.member.ready()) is not None:
            server.applied.extend(ready.committed)
            self._send(server, ready.send_now)
            server.finish(ready)
            self._tell(name, ready)
            self._send(server, ready.send_after_persist)

    def _tell(self, name: str, ready: Ready) -> None:
        self.told.extend(changes(name, ready, brief=self.quiet))

    def _send(self, server: Server, messages: tuple[RaftRpc, ...]) -> None:
        for message in messages:
            if isinstance(message, SnapshotRequest):
                data = server.disk.content
                end = message.offset + CHUNK_BYTES
                message = msgspec.structs.replace(
                    message, data=data[message.offset : end], done=end >= len(data)
                )
            self.network.append(message)
            if not self.quiet:
                self.told.append(sentence(message))


def _commands(server: Server) -> list[Entry]:
    return [entry for entry in server.applied if entry.data and entry.kind == COMMAND]
