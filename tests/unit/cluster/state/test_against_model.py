"""The state machine against the plain model: any order of commands, with restarts in between."""

from collections.abc import Generator

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cluster.errors import LeaseNotFound, StoreError
from cluster.messages.store import Compare, Delete, LeaseStatus, Put, TxnRecord, TxnResult
from cluster.state.commands import (
    Command,
    CompactCommand,
    LeaseExpireCommand,
    LeaseGrantCommand,
    LeaseKeepAliveCommand,
    LeaseRevokeCommand,
    TxnsCommand,
    decode_command,
    encode_command,
)
from cluster.state.mvcc import StateMachine
from cluster.state.sessions import Outcome
from cluster.state.snapshot import decode_snapshot, encode_snapshot
from cluster.state.state_hash import hash_of
from tests.unit.cluster.state.model import Model, ModelLease

KEYS = st.sampled_from(("a", "b", "ba", "c", "d"))
LEASES = st.sampled_from((1, 2, 3))
COMPARES = st.builds(
    Compare,
    KEYS,
    st.sampled_from(("mod", "create", "version")),
    st.integers(0, 6),
    st.sampled_from(("=", "!=", ">", "<")),
)
PUTS = st.builds(
    Put,
    KEYS,
    st.binary(max_size=3),
    index=st.binary(max_size=2),
    lease=st.sampled_from((0, 0, 1, 2, 3)),
)
OPERATIONS = st.lists(
    st.one_of(PUTS, st.builds(Delete, KEYS)), max_size=3, unique_by=lambda each: each.key
)
RECORDS = st.builds(
    TxnRecord, st.lists(COMPARES, max_size=1).map(tuple), OPERATIONS.map(tuple), trace=st.just("t")
)
# Reads: from, to ('' : the one key), limit.
RANGES = st.tuples(
    st.sampled_from(("a", "b", "c")), st.sampled_from(("", "b", "c", "z")), st.integers(0, 3)
)


def finish(hashing: Generator[None, None, str]) -> str:
    while True:
        try:
            next(hashing)
        except StopIteration as stop:
            return str(stop.value)


class StateAgainstModel(RuleBasedStateMachine):
    @initialize(revisions_max=st.sampled_from((4, 1000)))
    def begin(self, revisions_max: int) -> None:
        self.revisions_max = revisions_max
        self.machine = StateMachine(revisions_max)
        self.model = Model()
        self.hashes = {1: finish(hash_of(self.machine))}
        self.answered: list[tuple[TxnRecord, Outcome]] = []
        self.grant(1, 2, 0)
        self.grant(2, 60, 0)

    def apply(self, command: Command) -> tuple[Outcome, ...]:
        decoded = decode_command(encode_command(command))
        outcomes = self.machine.apply(self.machine.applied + 1, 1, decoded)
        # What the bound takes away, the model only counts.
        oldest = self.model.revision - self.revisions_max + 1
        self.model.compacted = max(self.model.compacted, oldest)
        return outcomes

    @rule(records=st.lists(RECORDS, max_size=3), session=st.booleans())
    def transact(self, records: list[TxnRecord], session: bool) -> None:
        if session:
            names = range(len(self.answered) + 1, len(self.answered) + len(records) + 1)
            records = [
                TxnRecord(record.compare, record.success, 0, "c", name)
                for record, name in zip(records, names, strict=True)
            ]
        expected = []
        for record in records:
            kind, told = self.model.transact(record)
            expected.append((kind, told, self.model.revision))
        outcomes = self.apply(TxnsCommand(tuple(records)))
        for (kind, told, revision), outcome in zip(expected, outcomes, strict=True):
            if kind == "no lease":
                assert isinstance(outcome, LeaseNotFound)
            else:
                assert outcome == TxnResult(kind == "done", revision, tuple(told))
        if session:
            self.answered += zip(records, outcomes, strict=True)

    @rule(which=st.integers(0, 20))
    def come_again(self, which: int) -> None:
        if self.answered:
            record, first = self.answered[which % len(self.answered)]
            (again,) = self.apply(TxnsCommand((record,)))
            assert again == first or (type(again) is type(first) and str(again) == str(first))

    @rule(lease=LEASES, ttl=st.integers(1, 4), later=st.integers(-1000, 2000))
    def grant(self, lease: int, ttl: int, later: int) -> None:
        now = self.model.time + later
        (outcome,) = self.apply(LeaseGrantCommand(lease, ttl, now))
        self.model.move_time(now)
        if lease in self.model.leases:
            assert isinstance(outcome, StoreError)
        else:
            assert outcome == LeaseStatus(lease, ttl, float(ttl))
            self.model.leases[lease] = ModelLease(ttl, self.model.time + ttl * 1000)

    @rule(leases=st.lists(LEASES, max_size=3), later=st.integers(0, 3000))
    def keep_alive(self, leases: list[int], later: int) -> None:
        now = self.model.time + later
        outcomes = self.apply(LeaseKeepAliveCommand(tuple(leases), now))
        self.model.move_time(now)
        for lease, outcome in zip(leases, outcomes, strict=True):
            known = self.model.leases.get(lease)
            if known is None:
                assert isinstance(outcome, LeaseNotFound)
            else:
                known.expiry = self.model.time + known.ttl * 1000
                assert outcome == LeaseStatus(lease, known.ttl, float(known.ttl))

    @rule(lease=LEASES)
    def revoke(self, lease: int) -> None:
        (outcome,) = self.apply(LeaseRevokeCommand(lease))
        if lease in self.model.leases:
            self.model.end_lease(lease)
            assert outcome == TxnResult(True, self.model.revision)
        else:
            assert isinstance(outcome, LeaseNotFound)

    @rule(later=st.integers(-1000, 3000))
    def expire(self, later: int) -> None:
        now = self.model.time + later
        self.apply(LeaseExpireCommand(now))
        self.model.expire(now)

    @rule(back=st.integers(-1, 5))
    def compact(self, back: int) -> None:
        revision = self.model.revision - back
        self.apply(CompactCommand(revision))
        kept = min(revision, self.model.revision)
        self.model.compacted = max(self.model.compacted, kept)

    @rule()
    def restart(self) -> None:
        data = b"".join(encode_snapshot(self.machine))
        self.machine = decode_snapshot(data, self.revisions_max)
        assert b"".join(encode_snapshot(self.machine)) == data

    @rule(query=RANGES, back=st.integers(0, 5))
    def read(self, query: tuple[str, str, int], back: int) -> None:
        key, end, limit = query
        revision = max(self.model.compacted, self.model.revision - back)
        state = self.model.states[revision]
        within = [state[name] for name in sorted(state) if key <= name < (end or key + "\0")]
        result = self.machine.read(key, end, limit, revision)
        assert list(result.items) == within[: limit or None]
        assert result.count == len(within) and result.revision == self.model.revision
        assert result.more == (len(result.items) < len(within))
        assert self.machine.read(key, end, 0, revision, count_only=True).count == len(within)

    @rule(back=st.integers(0, 5))
    def hash(self, back: int) -> None:
        revision = max(self.model.compacted, self.model.revision - back)
        found = finish(hash_of(self.machine, revision))
        assert self.hashes.setdefault(revision, found) == found

    @invariant()
    def agrees(self) -> None:
        machine, model = self.machine, self.model
        assert (machine.revision, machine.time) == (model.revision, model.time)
        model.compacted = max(model.compacted, model.revision - self.revisions_max + 1)
        assert machine.compacted == model.compacted
        assert {item.key: item for item in machine.read("a", "z").items} == model.state
        kept = range(model.compacted, model.revision + 1)
        for revision, events in zip(kept, machine.history.since(model.compacted), strict=True):
            told = [(event.kind, event.item, event.previous) for event in events]
            assert told == model.changes[revision]
        assert machine.leases.ids() == tuple(sorted(model.leases))
        for name, lease in model.leases.items():
            left = max(0, lease.expiry - model.time) / 1000
            keys = tuple(model.keys_of(name))
            assert machine.lease_status(name, keys=True) == LeaseStatus(name, lease.ttl, left, keys)
        due = min((lease.expiry for lease in model.leases.values()), default=None)
        assert machine.next_expiry() == due


TestStateAgainstModel = StateAgainstModel.TestCase
TestStateAgainstModel.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
