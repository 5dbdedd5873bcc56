"""A network in memory: many processes in one loop, with latency, loss, duplication, partitions.

It behaves as TCP does. A connection delivers in order or breaks; what one direction of a partition
swallows is held back and delivered if it heals before the connection is given up. Loss drops tells
(which promise no arrival) and delays all else, as a retransmission would. Envelopes pass through
the codec, so that what cannot travel fails here too. What a process is told, it is told in its own
context (of ``contextvars``), and the network acts in its own: a loop that holds a process back then
holds that process only. Must not know: actors, messages.
"""

import asyncio
import contextvars
import math
from collections import deque
from collections.abc import Iterable

from actors.kit.mailbox import Principal
from actors.kit.recorder import CONNECTION_LOST, UNREACHABLE
from actors.kit.transports.memory_connection import Connection
from actors.kit.transports.transport import Receiver
from actors.kit.transports.ways import Way, Ways
from actors.kit.world.entropy import Entropy
from cluster import names
from cluster.chaos.faults import LinkFault
from cluster.errors import ActorDown, Overloaded, PeerFault
from cluster.limits import PEER_QUEUE_MESSAGES_MAX
from cluster.wire.codec import decode_envelope, encode_envelope
from cluster.wire.envelope import Envelope

# A dial into a partition is given up after this long; so is a connection whose messages vanish.
DIAL_SECONDS = 1.0
SILENCE_SECONDS = 5.0
# Between a failed dial and the next.
RETRY_SECONDS = 0.5
# A lost segment is sent again after about this long (RFC 6298: at least 0.2 s on Linux).
RETRANSMIT_SECONDS = 0.2
# Why messages do not arrive, for the trace.
LOSS = "fault:loss"
PARTITION = "fault:partition"
PAUSE = "fault:pause"
DUPLICATE = "fault:duplicate"


class MemoryNetwork:
    """``latency``: seconds of one way, uniform between the two. ``loss``, ``duplicate``: chances
    per message; a duplicate of a tell comes later, out of order."""

    def __init__(
        self,
        entropy: Entropy,
        latency: tuple[float, float] = (0.0002, 0.002),
        loss: float = 0.0,
        duplicate: float = 0.0,
    ) -> None:
        self.latency = latency
        self.loss = loss
        self.duplicate = duplicate
        self._entropy = entropy
        self._transports: dict[str, MemoryTransport] = {}
        self._connections: dict[tuple[str, str], Connection] = {}
        self._blocked: dict[tuple[str, str], None] = {}
        self._ways: dict[str, Ways] = {}
        self._frozen: dict[str, None] = {}
        self._numbers = 0
        self.context = contextvars.copy_context()

    def transport(
        self, process: str, user: str = "", groups: tuple[str, ...] = (names.GROUP_REPLICAS,)
    ) -> "MemoryTransport":
        """A transport for a process; ``user`` and ``groups`` are what its peers see."""
        user = user or f"system:replica:{process}"
        return MemoryTransport(self, Principal(process, user, groups, False))

    def block(self, source: str, target: str) -> None:
        """From now on nothing gets from ``source`` to ``target`` (the other way it may)."""
        self._blocked[source, target] = None

    def unblock(self, source: str, target: str) -> None:
        """What was held back arrives now, if the connection was not given up."""
        self._blocked.pop((source, target), None)
        self._release(source, target)

    def suffer(self, source: str, faults: list[tuple[LinkFault, dict[str, int]]]) -> None:
        """What ``source`` sends suffers these from now on, over all its lives, and no others. What
        they do is counted in their dicts."""
        self._of(source).suffer(faults)
        for other in list(self._transports):
            self._hasten(source, other)
            self._release(source, other)

    def passes(self, source: str, target: str) -> bool:
        """Whether anything gets from ``source`` to ``target``."""
        cut = source in self._ways and self._ways[source].to(target).cut
        return not (cut or (source, target) in self._blocked or target in self._frozen)

    def packets(self, source: str, target: str, size: int) -> float:
        """Seconds until what is no message of a process (of its pods, say) is there, ``inf`` if
        nothing gets there. A process that is held back holds back nobody else on its machine."""
        if (source, target) in self._blocked:
            return math.inf
        delay = self._delay()
        if source == target or source not in self._ways:
            return delay
        way = self._ways[source].to(target)
        now = asyncio.get_running_loop().time()
        return math.inf if way.cut else way.due(now, size) - now + delay

    def freeze(self, process: str) -> None:
        """It neither reads nor accepts (SIGSTOP): what is sent to it waits, as in a partition."""
        self._frozen[process] = None

    def thaw(self, process: str) -> None:
        """It reads what waited, on connections that were not given up."""
        self._frozen.pop(process, None)
        for source in list(self._transports):
            self._release(source, process)

    def _release(self, source: str, target: str) -> None:
        if not self.passes(source, target):
            return
        connection = self._connection(source, target)
        for data in connection.held.pop(source, []):
            self._forward(source, target, data, 0.0)
        if not connection.held and connection.silence is not None:
            connection.silence.cancel()
            connection.silence = None

    def partition(self, *sides: Iterable[str]) -> None:
        """Nothing passes between processes of different sides, in either direction."""
        listed = [sorted(side) for side in sides]
        for one in listed:
            for other in listed:
                if one is not other:
                    for source in one:
                        for target in other:
                            self.block(source, target)

    def heal(self) -> None:
        """Everything passes again that was blocked."""
        for source, target in list(self._blocked):
            self.unblock(source, target)

    def kill(self, process: str) -> None:
        """The process is gone, as by SIGKILL: its peers see their connections reset at once."""
        gone = self._transports.get(process)
        if gone is None:
            return
        broken = [
            pair for pair, connection in self._connections.items()
            if process in pair and connection.up
        ]  # fmt: skip
        for pair in broken:
            self._break(*pair)
        gone.end()
        del self._transports[process]
        for pair in broken:
            self._tell_lost(pair[0] if pair[1] == process else pair[1], process)

    def sever(self, one: str, other: str) -> None:
        """Break the connection of two processes; both are told."""
        if self._connection(one, other).up:
            self._break(one, other)
            self._tell_lost(one, other)
            self._tell_lost(other, one)

    # For transports.

    def enter(self, process: str, transport: "MemoryTransport") -> None:
        """The process listens."""
        assert process not in self._transports, f"{process} runs already"
        self._transports[process] = transport

    def is_up(self, one: str, other: str) -> bool:
        """Whether the two are connected."""
        return self._connection(one, other).up

    def why(self, source: str, target: str) -> str:
        """The fault because of which nothing gets there, '' if there is none."""
        cut = self._ways[source].why(target) if source in self._ways else ""
        if cut or (self.passes(source, target) and self.passes(target, source)):
            return cut
        return PAUSE if target in self._frozen or source in self._frozen else PARTITION

    def connect(self, source: str, target: str) -> float:
        """Try to connect: 0.0 if connected, else the seconds until the dialler gives up."""
        if self.is_up(source, target):
            return 0.0
        if not self.passes(source, target) or not self.passes(target, source):
            return DIAL_SECONDS
        if target not in self._transports:
            return 2 * self.latency[1]
        self._connection(source, target).reset(up=True)
        other = self._transports[target]
        other.context.copy().run(other.came_up, source)
        return 0.0

    def send(self, source: str, target: str, envelope: Envelope) -> int:
        """Send on the connection, which is up. Returns the size."""
        data = encode_envelope(envelope)
        told = envelope.kind == "tell"
        if not self.passes(source, target):
            self._hold(source, target, data)
            return len(data)
        delay = 0.0
        if self.loss and self._entropy.random() < self.loss:
            if told:
                # Recorded after the sender has recorded that it was sent.
                asyncio.get_running_loop().call_soon(self._dropped, source, target, data, LOSS)
                return len(data)
            delay = RETRANSMIT_SECONDS
        if source in self._ways:
            return self._send_by(self._ways[source].to(target), source, target, envelope, data)
        self._forward(source, target, data, delay)
        if told and self._entropy.random() < self.duplicate:
            self._transports[source].struck(target, envelope, "sent", DUPLICATE)
            self._later(self._delay() * 3, source, target, data)
        return len(data)

    # Within.

    def _connection(self, one: str, other: str) -> Connection:
        pair = (one, other) if one < other else (other, one)
        found = self._connections.get(pair)
        if found is None:
            found = self._connections[pair] = Connection()
        return found

    def _delay(self) -> float:
        return self._entropy.uniform(*self.latency)

    def _of(self, source: str) -> Ways:
        found = self._ways.get(source)
        if found is None:
            found = self._ways[source] = Ways(self._entropy)
        return found

    def _send_by(self, way: Way, source: str, target: str, envelope: Envelope, data: bytes) -> int:
        """As ``TcpTransport`` does on such a way."""
        told = envelope.kind == "tell"
        sender = self._transports[source]
        if told and (fault := way.loses()):
            sender.struck(target, envelope, "dropped", f"fault:{fault}")
            return len(data)
        loop = asyncio.get_running_loop()
        if len(self._connection(source, target).queues.get(source, ())) >= PEER_QUEUE_MESSAGES_MAX:
            raise Overloaded(f"{PEER_QUEUE_MESSAGES_MAX} messages wait for {target}")
        late = way.holds_back() if told else 0.0
        due = way.due(loop.time(), len(data)) - loop.time()
        if late:
            self._later(due + late + self._delay(), source, target, data)
        else:
            self._forward(source, target, data, due)
        if told and (fault := way.doubles()):
            sender.struck(target, envelope, "sent", f"fault:{fault}")
            self._later(due + self._delay() * 3, source, target, data)
        return len(data)

    def _hold(self, source: str, target: str, data: bytes) -> None:
        connection = self._connection(source, target)
        connection.held.setdefault(source, []).append(data)
        if source in self._ways:
            self._ways[source].to(target).held()
        if connection.silence is None:
            connection.silence = asyncio.get_running_loop().call_later(
                SILENCE_SECONDS, self.sever, source, target, context=self.context
            )

    def _later(self, seconds: float, source: str, target: str, data: bytes) -> None:
        """Out of order."""
        connection = self._connection(source, target)
        self._numbers += 1
        connection.late[source, self._numbers] = data
        asyncio.get_running_loop().call_later(
            seconds,
            self._again,
            source,
            target,
            self._numbers,
            connection.epoch,
            context=self._reader(target),
        )

    def _reader(self, target: str) -> contextvars.Context:
        """In which a process gets what arrives."""
        transport = self._transports.get(target)
        return self.context if transport is None else transport.context.copy()

    def _forward(self, source: str, target: str, data: bytes, delay: float) -> None:
        connection = self._connection(source, target)
        loop = asyncio.get_running_loop()
        due = max(connection.due.get(source, 0.0), loop.time() + delay + self._delay())
        connection.due[source] = due
        connection.queues.setdefault(source, deque()).append((due, data))
        self._arrive_at(due, source, target)

    def _arrive_at(self, due: float, source: str, target: str) -> None:
        # Each timer takes the oldest: timers set for the same instant fire in any order.
        connection, reader = self._connection(source, target), self._reader(target)
        state = (connection.epoch, connection.turns.get(source, 0))
        asyncio.get_running_loop().call_at(due, self._arrive, source, target, state, context=reader)

    def _hasten(self, source: str, target: str) -> None:
        """What the way no longer holds up arrives as soon as it can."""
        connection = self._connection(source, target)
        limit = asyncio.get_running_loop().time() + self._of(source).to(target).longest
        queue = connection.queues.get(source)
        if not queue or queue[-1][0] <= limit:
            return
        connection.turns[source] = connection.turns.get(source, 0) + 1
        connection.due[source] = limit
        connection.queues[source] = deque((min(due, limit), data) for due, data in queue)
        for due, _ in connection.queues[source]:
            self._arrive_at(due, source, target)

    def _again(self, source: str, target: str, number: int, epoch: int) -> None:
        connection = self._connection(source, target)
        if connection.epoch != epoch:
            return
        data = connection.late.pop((source, number))
        if self.passes(source, target):
            self._hand_over(source, target, data)
        else:
            self._dropped(source, target, data, self.why(source, target))

    def _arrive(self, source: str, target: str, state: tuple[int, int]) -> None:
        connection = self._connection(source, target)
        if (connection.epoch, connection.turns.get(source, 0)) == state:
            self._hand_over(source, target, connection.queues[source].popleft()[1])

    def _hand_over(self, source: str, target: str, data: bytes) -> None:
        sender, receiver = self._transports.get(source), self._transports.get(target)
        if sender is None or receiver is None:
            return
        try:
            receiver.receive(sender.principal, decode_envelope(data), len(data))
        except PeerFault:
            self.sever(source, target)

    def _break(self, one: str, other: str) -> None:
        for source, data, held in self._connection(one, other).reset(up=False):
            target = other if source == one else one
            reason = self.why(source, target) if held else ""
            self._dropped(source, target, data, reason or CONNECTION_LOST)

    def _dropped(self, source: str, target: str, data: bytes, reason: str) -> None:
        if (sender := self._transports.get(source)) is not None:
            sender.struck(target, decode_envelope(data), "dropped", reason)

    def _tell_lost(self, process: str, peer: str) -> None:
        transport = self._transports.get(process)
        if transport is None:
            return
        if process in self._frozen:
            loop = asyncio.get_running_loop()
            loop.call_soon(transport.lost, peer, context=transport.context)
        else:
            transport.context.copy().run(transport.lost, peer)


class MemoryTransport:
    """One process's end of a MemoryNetwork."""

    def __init__(self, network: MemoryNetwork, principal: Principal) -> None:
        self.principal = principal
        self.context = contextvars.copy_context()
        self._network = network
        self._receiver: Receiver | None = None
        self._kept: dict[str, None] = {}
        self._dials: dict[str, asyncio.TimerHandle] = {}
        self._waiting: dict[str, list[Envelope]] = {}
        self._retries: dict[str, asyncio.TimerHandle] = {}

    async def start(self, process: str, receiver: Receiver) -> None:
        """Listen."""
        assert process == self.principal.process
        self._receiver = receiver
        self.context = contextvars.copy_context()
        self._network.enter(process, self)

    async def stop(self) -> None:
        """What is under way arrives; then the connections close."""
        if self._receiver is not None:
            await asyncio.sleep(self._network.latency[1])
            self._network.kill(self.principal.process)

    def add_peer(self, process: str, address: str) -> None:
        """Processes find each other by name."""

    def send(self, process: str, envelope: Envelope, routine: bool) -> int:
        """See ``Transport``."""
        if self._receiver is None:
            raise ActorDown(f"{self.principal.process} has no network any more")
        if not self._network.is_up(self.principal.process, process):
            if process in self._retries:
                raise ActorDown(f"{process} was unreachable just now")
            if process in self._dials or not self._dial(process):
                waiting = self._waiting.setdefault(process, [])
                if len(waiting) >= PEER_QUEUE_MESSAGES_MAX:
                    raise Overloaded(f"{len(waiting)} messages wait for {process}")
                waiting.append(envelope)
                return len(encode_envelope(envelope))
        return self._network.send(self.principal.process, process, envelope)

    def keep(self, process: str, wanted: bool) -> None:
        """See ``Transport``."""
        if not wanted:
            self._kept.pop(process, None)
        elif process not in self._kept:
            self._kept[process] = None
            self._redial(process)

    def why(self, process: str) -> str:
        """See ``Transport``."""
        return self._network.why(self.principal.process, process)

    def drop(self, process: str) -> None:
        """See ``Transport``."""
        loop = asyncio.get_running_loop()
        loop.call_soon(
            self._network.sever, self.principal.process, process, context=self._network.context
        )

    # For the network.

    def receive(self, principal: Principal, envelope: Envelope, size: int) -> None:
        """An envelope arrived. Raises PeerFault."""
        if self._receiver is not None:
            self._receiver.receive(principal, envelope, size)

    def struck(self, process: str, envelope: Envelope, event: str, reason: str) -> None:
        """An envelope to a peer will not arrive, or arrives once more."""
        if self._receiver is not None:
            self._receiver.struck(process, envelope, event, reason)

    def lost(self, process: str) -> None:
        """The connection broke, or could not be made."""
        self._drop_waiting(process)
        if self._receiver is not None:
            self._receiver.connection_lost(process)
        if process in self._kept and process not in self._retries:
            self._retry(process)

    def came_up(self, process: str) -> None:
        """A connection is up: what waited for it leaves."""
        for pending in (self._dials, self._retries):
            if (handle := pending.pop(process, None)) is not None:
                handle.cancel()
        for envelope in self._waiting.pop(process, []):
            self._network.send(self.principal.process, process, envelope)

    def end(self) -> None:
        """The process is gone."""
        for process in list(self._waiting):
            self._drop_waiting(process)
        self._receiver = None
        for handle in [*self._dials.values(), *self._retries.values()]:
            handle.cancel()
        self._dials.clear()
        self._retries.clear()

    # Within.

    def _drop_waiting(self, process: str) -> None:
        for envelope in self._waiting.pop(process, []):
            self.struck(process, envelope, "dropped", self.why(process) or UNREACHABLE)

    def _dial(self, process: str) -> bool:
        """Whether a connection is up, or now is."""
        wait = self._network.connect(self.principal.process, process)
        if wait and process not in self._dials:
            loop = asyncio.get_running_loop()
            self._dials[process] = loop.call_later(wait, self._gave_up, process)
        return not wait

    def _gave_up(self, process: str) -> None:
        del self._dials[process]
        # As a SYN is sent again, a dial succeeds if what was in its way has gone meanwhile.
        if self._network.connect(self.principal.process, process):
            self._retry(process)
            self.lost(process)
        else:
            self.came_up(process)

    def _retry(self, process: str) -> None:
        loop = asyncio.get_running_loop()
        self._retries[process] = loop.call_later(RETRY_SECONDS, self._redial, process)

    def _redial(self, process: str) -> None:
        self._retries.pop(process, None)
        if self._receiver is not None and process in self._kept and process not in self._dials:
            self._dial(process)
