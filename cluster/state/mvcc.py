"""The replicated state machine: keys with versions, transactions, leases, sessions, history.

Job: apply committed commands in order, answer reads at a revision. Deterministic: the same entries
give the same state on every replica. Must not know: kinds, members, clocks, disks.
"""

import hashlib
import operator
from collections.abc import Callable

from cluster import limits
from cluster.errors import Fenced, LeaseNotFound, StoreError
from cluster.messages.store import (
    Compare,
    KeyValue,
    LeaseStatus,
    Put,
    RangeResult,
    StoreEvent,
    TxnRecord,
    TxnResult,
)
from cluster.state.commands import (
    AlarmCommand,
    Command,
    CompactCommand,
    LeaseExpireCommand,
    LeaseGrantCommand,
    LeaseKeepAliveCommand,
    LeaseRevokeCommand,
    TxnsCommand,
)
from cluster.state.digest import EventDigest
from cluster.state.history import History
from cluster.state.keyspace import Keyspace
from cluster.state.leases import Lease, Leases, not_found
from cluster.state.ranges import Ranges
from cluster.state.sessions import Outcome, Sessions, TxnOutcome

RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


class StateMachine:
    """``applied``: index of the last entry applied. A new one is empty, at revision 1.

    ``time``: the log's, in milliseconds; only commands move it. ``alarms``: what is wrong, by
    member.
    """

    def __init__(
        self,
        revisions_max: int = limits.HISTORY_REVISIONS_MAX,
        bytes_max: int = limits.HISTORY_BYTES_MAX,
    ) -> None:
        self.items = Keyspace()
        self.history = History(revisions_max, bytes_max)
        self._ranges = Ranges(self.items, self.history)
        self.sessions = Sessions()
        self.leases = Leases()
        self.alarms: dict[str, str] = {}
        self.digest = EventDigest()
        self.time = 0
        self.applied = 0
        self.applied_term = 0
        # Events of the command being applied.
        self._events: list[StoreEvent] = []

    @property
    def revision(self) -> int:
        """Of the last transaction that changed something; 1 if none did."""
        return self.history.revision

    @property
    def compacted(self) -> int:
        """The oldest revision that reads and watches may name."""
        return self.history.compacted

    def state_hash(self) -> str:
        """Of everything the entries so far did (keys, leases, alarms, time): replicas that applied
        the same entry compare it. It does not depend on what history each keeps."""
        counts = f"{self.applied} {self.applied_term} {self.revision} {self.time} {len(self.items)}"
        told = f"{counts} {len(self.leases)} {sorted(self.alarms.items())}".encode()
        return hashlib.blake2b(told, key=self.digest.value, digest_size=16).hexdigest()

    def apply(self, index: int, term: int, command: Command | None) -> tuple[Outcome, ...]:
        """Apply the entry (index, term); None is a leader's no-op, or one that is Raft's own.

        One outcome per record of a TxnsCommand, one per id of a LeaseKeepAliveCommand, else one: a
        result, or the StoreError that the asker gets (Fenced, LeaseNotFound ...). Never raises one.
        """
        assert index == self.applied + 1, f"entry {index} after {self.applied}"
        assert term >= self.applied_term, "terms in a log only grow"
        self.applied, self.applied_term = index, term
        if isinstance(command, TxnsCommand):
            apply_txn = self._apply_txn
            outcomes: tuple[Outcome, ...] = tuple(
                [apply_txn(term, record) for record in command.records]
            )
        else:
            outcomes = self._apply_other(command)
        if self._events:
            self.digest.add_events(self._events)
            self._events.clear()
        self._ranges.forget()
        return outcomes

    def _apply_other(self, command: Command | None) -> tuple[Outcome, ...]:
        match command:
            case CompactCommand():
                self.history.compact(command.revision)
            case LeaseGrantCommand():
                return (self._grant(command),)
            case LeaseKeepAliveCommand():
                return self._keep_alive(command)
            case LeaseRevokeCommand():
                ended = self.leases.end(command.id)
                if not isinstance(ended, Lease):
                    return (ended,)
                self._clear(ended)
            case LeaseExpireCommand():
                self._expire(command.now)
            case AlarmCommand():
                return (self._alarm(command),)
            case _:
                assert command is None, "transactions are applied elsewhere"
        return (self._done(),)

    def _done(self) -> TxnResult:
        return TxnResult(succeeded=True, revision=self.revision)

    # -- transactions ---------------------------------------------------------------------------

    def _apply_txn(self, term: int, record: TxnRecord) -> TxnOutcome:
        if not record.client:
            return self._run(term, record)
        known = self.sessions.find(record.client, record.sequence, record.established)
        if known is not None:
            return known
        outcome = self._run(term, record)
        self.sessions.record(record.client, record.sequence, record.done_below, outcome)
        return outcome

    def _run(self, term: int, record: TxnRecord) -> TxnOutcome:
        if record.fence and record.fence != term:
            return Fenced(f"term {record.fence} is over, this is {term}")
        for compare in record.compare:
            if not self._holds(compare):
                found = tuple([self.items.get(compare.key) for compare in record.compare])
                return TxnResult(False, self.history.revision, found)
        for operation in record.success:
            lease = operation.lease if isinstance(operation, Put) else 0
            if lease and lease not in self.leases:
                return not_found(lease)
        revision = self.history.revision + 1
        events: list[StoreEvent] = []
        results = [
            self._put(operation, revision, record.trace, events)
            if isinstance(operation, Put)
            else self._delete(operation.key, revision, record.trace, events)
            for operation in record.success
        ]
        self._take(events)
        return TxnResult(True, self.history.revision, tuple(results))

    def _take(self, events: list[StoreEvent]) -> None:
        """These events are the next revision, if there are any."""
        if events:
            self.history.add(tuple(events))
            self._events += events

    def _holds(self, compare: Compare) -> bool:
        item = self.items.get(compare.key)
        if item is None:
            present = 0
        elif compare.target == "mod":
            present = item.mod_revision
        elif compare.target == "create":
            present = item.create_revision
        else:
            present = item.version
        return RELATIONS[compare.op](present, compare.value)

    def _put(self, put: Put, revision: int, trace: str, events: list[StoreEvent]) -> KeyValue:
        key, lease = put.key, put.lease
        value = put.value if put.stamp < 0 else stamped(put, revision)
        previous = self.items.table.get(key)
        if previous is None:
            item = KeyValue(key, value, revision, revision, 1, put.index, lease)
            self.items.add(item)
            if lease:
                self.leases.move(key, 0, lease)
        else:
            created, version = previous.create_revision, previous.version + 1
            # The key's first string is kept: the others would each be a copy of it.
            item = KeyValue(previous.key, value, created, revision, version, put.index, lease)
            self.items.table[previous.key] = item
            if lease != previous.lease:
                self.leases.move(key, previous.lease, lease)
        events.append(StoreEvent("put", item, previous, trace))
        return item

    def _delete(
        self, key: str, revision: int, trace: str, events: list[StoreEvent]
    ) -> KeyValue | None:
        previous = self.items.pop(key)
        if previous is not None:
            if previous.lease:
                self.leases.move(key, previous.lease, 0)
            events.append(StoreEvent("delete", removed_at(previous, revision), previous, trace))
        return previous

    # -- leases and alarms ----------------------------------------------------------------------

    def _move_time(self, now: int) -> None:
        self.time = max(self.time, now)

    def _grant(self, command: LeaseGrantCommand) -> Outcome:
        self._move_time(command.now)
        lease = self.leases.grant(command.id, command.ttl, self.time)
        if not isinstance(lease, Lease):
            return lease
        self.digest.add("grant", lease.id, lease.ttl, lease.expiry)
        return lease.status(self.time)

    def _keep_alive(self, command: LeaseKeepAliveCommand) -> tuple[Outcome, ...]:
        self._move_time(command.now)
        outcomes: list[Outcome] = []
        for name in command.ids:
            lease = self.leases.keep_alive(name, self.time)
            if isinstance(lease, Lease):
                self.digest.add("keep", lease.id, lease.expiry)
                outcomes.append(lease.status(self.time))
            else:
                outcomes.append(lease)
        return tuple(outcomes)

    def _expire(self, now: int) -> None:
        """End what is due, up to a bound: ``next_expiry`` then says that more is."""
        self._move_time(now)
        for _ in range(limits.LEASES_EXPIRED_AT_ONCE):
            name = self.leases.due(self.time)
            if not name:
                return
            lease = self.leases.end(name)
            assert isinstance(lease, Lease), "what is due is there"
            self._clear(lease)

    def _clear(self, lease: Lease) -> None:
        """Delete the keys of a lease that has ended, at one revision."""
        self.digest.add("end", lease.id)
        revision = self.history.revision + 1
        events: list[StoreEvent] = []
        for key in sorted(lease.keys):
            previous = self.items.pop(key)
            assert previous is not None, "what hangs on a lease is there"
            events.append(StoreEvent("delete", removed_at(previous, revision), previous, ""))
        self._take(events)

    def next_expiry(self) -> int | None:
        """When the next lease is due, in the log's time (ms), perhaps past; None: none will be."""
        return self.leases.next_expiry()

    def lease_status(self, lease: int, keys: bool = False, now: int = 0) -> LeaseStatus:
        """As of the log's time, or of ``now`` if that is later (the leader knows how late it is).
        Raises LeaseNotFound."""
        found = self.leases.table.get(lease)
        if found is None:
            raise LeaseNotFound(str(not_found(lease)))
        return found.status(max(self.time, now), keys)

    def _alarm(self, command: AlarmCommand) -> TxnOutcome:
        member, text = command.member, command.text
        if not text:
            self.alarms.pop(member, None)
        elif len(text) > limits.ALARM_CHARS_MAX or len(member) > limits.CLIENT_CHARS_MAX:
            return StoreError(f"an alarm's text over {limits.ALARM_CHARS_MAX} characters")
        elif member not in self.alarms and len(self.alarms) >= limits.ALARMS_MAX:
            return StoreError(f"there are {limits.ALARMS_MAX} alarms: no more are taken")
        else:
            self.alarms[member] = text
        self.digest.add("alarm", member, text)
        return self._done()

    # -- reads ----------------------------------------------------------------------------------

    def read(
        self, key: str, end: str = "", limit: int = 0, revision: int = 0, count_only: bool = False
    ) -> RangeResult:
        """[key, end), or one key, at ``revision`` (0: the latest). Raises Compacted,
        FutureRevision. Costs what it returns, plus, the first time at an older ``revision``, the
        events since."""
        return self._ranges.read(key, end, limit, revision, count_only)

    def check_revision(self, revision: int) -> int:
        """The revision to read at. Raises Compacted, FutureRevision."""
        return self._ranges.check_revision(revision)


def stamped(put: Put, revision: int) -> bytes:
    """The value with the decimal revision inserted where the put says."""
    value, stamp = put.value, put.stamp
    return b"".join((value[:stamp], b"%d" % revision, value[stamp:]))


def removed_at(previous: KeyValue, revision: int) -> KeyValue:
    """What a delete event shows: the last version, with the revision of the delete."""
    return KeyValue(
        previous.key,
        previous.value,
        previous.create_revision,
        revision,
        previous.version,
        previous.index,
        previous.lease,
    )
