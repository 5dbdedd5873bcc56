"""The engine on the package raftos, for looking at what that can and cannot do.

Job: the part of the ``Store`` contract that raftos can carry: the cluster's state machine fed from
raftos' log. Must not know: raftos' inside (``raftos_adapter``).

It loses data, stops for ever and lets two leaders rule, as docs/decisions/0021-raftos-engine.md
shows; nothing of that is repaired here. The leader answers reads from what it has applied; others
ask the leader.
"""

import asyncio
import base64
import importlib.util
import zlib
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from pathlib import Path

from actors.kit.actor import Delivery, Later
from actors.kit.context import Context
from actors.kit.supervisor import Unrecoverable
from actors.store.actor import StoreActor
from actors.store.causes import trace_of
from actors.store.store import LeaseRequest, Unsupported
from actors.store.waiters import ChangeWaiters
from actors.store.watch_hub import WatchHub
from cluster import names
from cluster.errors import (
    AskTimeout,
    FutureRevision,
    NotLeader,
    PeerFault,
    StoreError,
    TemporaryFault,
    TooLarge,
)
from cluster.messages.base import ConnectionLost, Message
from cluster.messages.store import (
    ChangeMembership,
    Compact,
    HashResult,
    Leadership,
    MembershipStatus,
    Range,
    RangeResult,
    StoreEvents,
    StoreStatus,
    TransferLeadership,
    TxnBatchResult,
    TxnRecord,
    TxnResult,
    Watch,
)
from cluster.settings import ClusterSettings
from cluster.state.batches import decode_outcomes, encode_batch
from cluster.state.commands import (
    Command,
    CompactCommand,
    TxnsCommand,
    decode_command,
    encode_command,
)
from cluster.state.mvcc import StateMachine
from cluster.state.sessions import Outcome

INSTALL = "pip install 'setuptools<81' && pip install --no-deps --no-build-isolation raftos==0.2.6"
WARNING = (
    "the engine raftos loses acknowledged writes when its leader dies, never commits again after "
    "that or after a restart, and slows down with every entry: it is here to be looked at"
)
# One datagram carries one entry: what is longer blocks raftos' log for ever. (65,507 bytes hold so
# much after base64, JSON and encryption, which is base64 again.) Commands are compressed.
COMMAND_BYTES_MAX = 32 * 1024
# How often raftos is looked at for news of a leader, which it does not tell followers.
LOOK_SECONDS = 0.1
# How long a read waits for a revision that is not here yet (kube-apiserver's watch cache: 3 s).
FUTURE_SECONDS = 3.0


class RaftosStore:
    """``member`` is the replica's name in ``settings``. Its node listens with UDP at the address
    that the replica's messages use with TCP."""

    def __init__(self, ctx: Context, settings: ClusterSettings, member: str) -> None:
        self._ctx = ctx
        self._settings = settings
        self._member = member
        self._names = {replica.peer_address: replica.name for replica in settings.replicas}
        self._machine = StateMachine()
        self._hub = WatchHub(self._machine)
        self._changes = ChangeWaiters()
        self._one_at_a_time = asyncio.Lock()
        self._waiting: dict[str, asyncio.Future[tuple[Outcome, ...]]] = {}
        self._proposed = 0
        # A number of an earlier life, applied again after a restart, is nobody's.
        self._life = ctx.world.entropy.hex(8)

    async def start(self) -> None:
        """See ``Store``."""
        if importlib.util.find_spec("raftos") is None:
            raise Unrecoverable(f"the engine raftos is installed on demand: {INSTALL}")
        from actors.store.engines.raftos_adapter import RaftosNode

        self._ctx.log.warning("raftos.loses_data", text=WARNING)
        own = self._settings.replica(self._member).peer_address
        folder = Path(self._settings.data_dir) / "processes" / self._member / "raftos"
        self._node = RaftosNode(
            own,
            [address for address in self._names if address != own],
            str(folder),
            self._settings.name.encode(),
            self._apply,
            self._changes.changed,
        )
        await self._node.start()
        self._ctx.task(self._look_forever(), "leadership")

    async def close(self) -> None:
        """See ``Store``."""
        self._node.stop()

    async def _look_forever(self) -> None:
        told = self.leadership()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if (now := self.leadership()) != told:
                told = now
                self._changes.changed()

    # -- writes ---------------------------------------------------------------------------------

    def _apply(self, entry: dict[str, str]) -> None:
        """One committed entry, as raftos applies it."""
        command = decode_command(zlib.decompress(base64.b64decode(entry["command"])))
        term = max(int(entry["term"]), self._machine.applied_term)
        outcomes = self._machine.apply(self._machine.applied + 1, term, command)
        self._hub.publish()
        future = self._waiting.pop(entry["id"], None)
        if future is not None and not future.done():
            future.set_result(outcomes)

    async def _propose(self, command: Command) -> tuple[Outcome, ...]:
        data = zlib.compress(encode_command(command))
        if len(data) > COMMAND_BYTES_MAX:
            raise TooLarge(f"raftos carries at most {COMMAND_BYTES_MAX} bytes at once")
        self._proposed += 1
        name = f"{self._life}/{self._proposed}"
        future: asyncio.Future[tuple[Outcome, ...]] = asyncio.get_running_loop().create_future()
        self._waiting[name] = future
        entry = {
            "id": name,
            "term": str(self._node.term),
            "command": base64.b64encode(data).decode(),
        }
        try:
            # It tells all who wait of whatever is applied next: so only one may wait at a time.
            async with self._one_at_a_time:
                await self._node.execute(entry)
                return await future
        finally:
            self._waiting.pop(name, None)

    async def txns(
        self, records: Sequence[TxnRecord], deadline: float
    ) -> Sequence[TxnResult | StoreError]:
        """See ``Store``. Nothing is tried again: a write whose outcome is not known stays so."""
        try:
            async with asyncio.timeout_at(deadline):
                leader = await self._leader()
                if leader == self._member:
                    return await self._in_parts(records)
                answer = await self._ask(leader, encode_batch(records), deadline)
        except TimeoutError as error:
            raise AskTimeout("raftos did not commit it in time; outcome unknown") from error
        assert isinstance(answer, TxnBatchResult)
        return decode_outcomes(answer)

    async def _in_parts(self, records: Sequence[TxnRecord]) -> list[TxnResult | StoreError]:
        """As many at once as fit into a datagram, in order."""
        outcomes: list[TxnResult | StoreError] = []
        for part in parts(records):
            try:
                found = await self._propose(TxnsCommand(part))
            except StoreError as error:
                outcomes.append(error)
                continue
            outcomes += [one for one in found if isinstance(one, TxnResult | StoreError)]
        return outcomes

    async def _leader(self) -> str:
        """The leader's name, once one is known (or believes that it is)."""
        while True:
            if self._node.leading:
                return self._member
            found = self._names.get(self._node.leader, "")
            if found and found != self._member:
                return found
            await asyncio.sleep(LOOK_SECONDS)

    async def _ask(self, leader: str, message: Message, deadline: float) -> Message:
        seconds = max(deadline - asyncio.get_running_loop().time(), 0.001)
        return await self._ctx.ref(names.address(names.STORE, leader)).ask(message, seconds)

    def trace_of(self, revision: int) -> str:
        """See ``Store``."""
        return trace_of(self._machine.history, revision)

    async def compact(self, revision: int, deadline: float) -> None:
        """See ``Store``."""
        try:
            async with asyncio.timeout_at(deadline):
                leader = await self._leader()
                if leader == self._member:
                    await self._propose(CompactCommand(revision))
                else:
                    await self._ask(leader, Compact(revision), deadline)
        except TimeoutError as error:
            raise AskTimeout("raftos did not commit it in time") from error

    # -- reads ----------------------------------------------------------------------------------

    def range_now(self, query: Range) -> RangeResult | None:
        """See ``Store``."""
        if query.linearizable or query.at_least > self._machine.revision:
            return None
        return self._local(query)

    def _local(self, query: Range) -> RangeResult:
        return self._machine.read(
            query.key, query.end, query.limit, query.revision, query.count_only
        )

    async def range(self, query: Range, deadline: float) -> RangeResult:
        """See ``Store``; but the leader asks nobody whether it still leads."""
        try:
            async with asyncio.timeout_at(deadline):
                while True:
                    leader = await self._leader()
                    if leader == self._member:
                        return await self._when_reached(query)
                    try:
                        answer = await self._ask(leader, query, deadline)
                    except TemporaryFault:
                        await asyncio.sleep(LOOK_SECONDS)
                        continue
                    assert isinstance(answer, RangeResult)
                    return answer
        except TimeoutError as error:
            raise AskTimeout("raftos knows no leader") from error

    async def _when_reached(self, query: Range) -> RangeResult:
        until = asyncio.get_running_loop().time() + FUTURE_SECONDS
        while self._machine.revision < query.at_least:
            if asyncio.get_running_loop().time() > until:
                raise FutureRevision(f"{query.at_least}, current: {self._machine.revision}")
            await asyncio.sleep(LOOK_SECONDS)
        return self._local(query)

    async def watch(self, watch: Watch) -> AsyncGenerator[StoreEvents, None]:
        """See ``Store``."""
        hub = self._hub
        watcher = hub.open(watch)
        try:
            item = hub.next_item(watcher) or hub.standing_item()
            while True:
                yield item
                following = hub.next_item(watcher)
                while following is None:
                    following = await hub.follow(watcher) or hub.next_item(watcher)
                item = following
        finally:
            hub.close(watcher)

    # -- the rest -------------------------------------------------------------------------------

    def leadership(self) -> Leadership:
        """See ``Store``."""
        leading = self._node.leading
        leader = self._member if leading else self._names.get(self._node.leader, "")
        return Leadership(leader, self._node.term, leading)

    async def leadership_changed(self) -> None:
        """See ``Store``."""
        await self._changes.wait()

    def status(self) -> StoreStatus:
        """See ``Store``."""
        leadership = self.leadership()
        return StoreStatus(
            member=self._member,
            role="leader" if leadership.leading else "follower",
            leader=leadership.leader,
            term=leadership.term,
            commit_index=self._node.commit_index,
            applied_index=self._machine.applied,
            revision=self._machine.revision,
            compacted=self._machine.compacted,
            members=tuple(self._names.values()),
            state_hash=self._machine.state_hash(),
            engine="raftos",
            alarms=(WARNING,),
            last_index=self._node.last_index,
        )

    async def hand_over(self, deadline: float) -> None:
        """See ``Store``: raftos cannot, the others find out by themselves."""
        if self._node.leading:
            raise NotLeader("raftos hands over to nobody")

    async def lease(self, request: LeaseRequest, deadline: float) -> Message:
        """See ``Store``."""
        raise Unsupported("on raftos there are no leases: its log has no time")

    async def hash(self, revision: int, deadline: float) -> HashResult:
        """See ``Store``: of the latest only."""
        if revision and revision != self._machine.revision:
            raise Unsupported("on raftos there is a hash of the latest revision only")
        return HashResult(self._member, self._machine.revision, self._machine.state_hash())

    async def transfer(self, request: TransferLeadership, deadline: float) -> None:
        """See ``Store``."""
        raise Unsupported("raftos cannot transfer leadership")

    async def change_membership(
        self, request: ChangeMembership, deadline: float
    ) -> MembershipStatus:
        """See ``Store``."""
        raise Unsupported("raftos cannot change its members")

    async def membership(self, deadline: float) -> MembershipStatus:
        """See ``Store``."""
        raise Unsupported("raftos has no membership: its members are those of the settings")

    def snapshot(self) -> AsyncGenerator[bytes, None]:
        """See ``Store``."""
        raise Unsupported("raftos has no snapshots")

    def metrics(self) -> bytes:
        """See ``Store``."""
        return b""

    def peer(self, message: Message, delivery: Delivery) -> Message | Later | None:
        """See ``Store``: nodes speak to each other by themselves."""
        if isinstance(message, ConnectionLost):
            return None
        raise PeerFault(f"the store on raftos takes no {type(message).__name__}")


def parts(records: Sequence[TxnRecord]) -> list[tuple[TxnRecord, ...]]:
    """The records in order, in groups whose command is not too long (or alone in one)."""
    groups: list[list[TxnRecord]] = []
    room = 0
    for record in records:
        size = len(encode_command(TxnsCommand((record,))))
        if not groups or size > room:
            groups.append([])
            room = COMMAND_BYTES_MAX
        groups[-1].append(record)
        room -= size
    return [tuple(group) for group in groups]


def raftos_actor(settings: ClusterSettings, member: str) -> StoreActor:
    """A store actor with this engine."""
    return StoreActor(partial(RaftosStore, settings=settings, member=member))
