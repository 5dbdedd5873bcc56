"""The state machine against a naive model, and its promises one by one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster import limits
from cluster.errors import Compacted, Fenced, FutureRevision, SessionExpired, StoreError
from cluster.messages.store import (
    Compare,
    Delete,
    KeyValue,
    Put,
    RangeResult,
    Txn,
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
from cluster.state.mvcc import StateMachine
from cluster.state.sessions import Outcome

KEYS = ("a", "b", "c", "ca", "d")


def record(txn: Txn, done_below: int = 0, established: bool = False) -> TxnRecord:
    session = (txn.fence, txn.client, txn.sequence)
    return TxnRecord(txn.compare, txn.success, *session, "trace", done_below, established)


def run(machine: StateMachine, txn: Txn, term: int = 1, done_below: int = 0) -> TxnResult:
    command = TxnsCommand((record(txn, done_below),))
    (outcome,) = machine.apply(machine.applied + 1, term, command)
    if isinstance(outcome, StoreError):
        raise outcome
    assert isinstance(outcome, TxnResult)
    return outcome


def put(machine: StateMachine, key: str, value: bytes = b"v") -> TxnResult:
    return run(machine, Txn(success=(Put(key, value),)))


def test_empty_store_is_at_revision_one() -> None:
    machine = StateMachine()
    result = machine.read("a", "z")
    assert (result.items, result.revision, result.count) == ((), 1, 0)


def test_revisions_and_versions_grow() -> None:
    machine = StateMachine()
    first = put(machine, "a").items[0]
    second = put(machine, "a", b"w").items[0]
    assert first == KeyValue("a", b"v", 2, 2, 1)
    assert second == KeyValue("a", b"w", 2, 3, 2)
    run(machine, Txn(success=(Delete("a"),)))
    again = put(machine, "a").items[0]
    assert again == KeyValue("a", b"v", 5, 5, 1)


def test_a_transaction_is_one_revision() -> None:
    machine = StateMachine()
    result = run(machine, Txn(success=(Put("a", b"1"), Put("b", b"2"), Delete("z"))))
    assert result.revision == 2
    assert [item and item.mod_revision for item in result.items] == [2, 2, None]


def test_deleting_what_is_absent_makes_no_revision() -> None:
    machine = StateMachine()
    assert run(machine, Txn(success=(Delete("a"),))).revision == 1
    assert machine.revision == 1


def test_the_stamp_splices_the_revision_into_the_value() -> None:
    machine = StateMachine()
    run(machine, Txn(success=(Put("a", b'{"resourceVersion":""}', stamp=20),)))
    assert machine.items["a"].value == b'{"resourceVersion":"2"}'


def test_compare_and_swap() -> None:
    machine = StateMachine()
    create = Txn((Compare("a", "create", 0),), (Put("a", b"1"),))
    assert run(machine, create).succeeded
    refused = run(machine, create)
    assert not refused.succeeded and refused.revision == 2
    assert refused.items == (machine.items["a"],)
    assert run(machine, Txn((Compare("a", "mod", 2),), (Put("a", b"2"),))).succeeded
    assert run(machine, Txn((Compare("a", "version", 1, ">"),), (Delete("a"),))).succeeded
    assert run(machine, Txn((Compare("a", "mod", 5, "<"),), ())).succeeded
    assert not run(machine, Txn((Compare("a", "mod", 0, "!="),), ())).succeeded


def test_a_fence_of_another_term_is_refused_and_changes_nothing() -> None:
    machine = StateMachine()
    assert run(machine, Txn(success=(Put("a", b"1"),), fence=3), term=3).succeeded
    with pytest.raises(Fenced):
        run(machine, Txn(success=(Put("a", b"2"),), fence=3), term=4)
    assert machine.items["a"].value == b"1" and machine.revision == 2


def test_a_session_applies_a_sequence_once() -> None:
    machine = StateMachine()
    txn = Txn(success=(Put("a", b"1"),), client="c", sequence=1)
    first = run(machine, txn)
    put(machine, "a", b"2")
    assert run(machine, txn) == first
    assert machine.items["a"].value == b"2"


def test_a_retry_across_terms_gets_the_first_result_and_not_fenced() -> None:
    machine = StateMachine()
    txn = Txn(success=(Put("a", b"1"),), client="c", sequence=1, fence=1)
    first = run(machine, txn, term=1)
    assert run(machine, txn, term=2) == first


def test_a_late_copy_of_an_answered_sequence_is_not_applied() -> None:
    machine = StateMachine()
    late = Txn(success=(Put("a", b"late"),), client="c", sequence=1)
    run(machine, Txn(success=(Put("a", b"new"),), client="c", sequence=2), done_below=2)
    with pytest.raises(StoreError, match="over"):
        run(machine, late)
    assert machine.items["a"].value == b"new"


def test_a_dropped_session_is_not_begun_anew_by_one_who_was_answered() -> None:
    machine = StateMachine()
    known = record(Txn(client="c", sequence=7), 7, established=True)
    assert isinstance(machine.apply(1, 1, TxnsCommand((known,)))[0], SessionExpired)
    # Not answered before (its first asks timed out without a leader): this begins the session.
    new = record(Txn(client="c", sequence=7), 7)
    assert isinstance(machine.apply(2, 1, TxnsCommand((new,)))[0], TxnResult)


def test_old_revisions_read_as_they_were_and_compaction_forgets() -> None:
    machine = StateMachine()
    for number in range(5):
        put(machine, "a", b"%d" % number)
    assert machine.read("a", revision=4).items[0].value == b"2"
    assert machine.read("a", "b", revision=1).items == ()
    with pytest.raises(FutureRevision):
        machine.read("a", revision=7)
    machine.apply(machine.applied + 1, 1, CompactCommand(4))
    assert machine.compacted == 4
    assert machine.read("a", revision=4).items[0].value == b"2"
    with pytest.raises(Compacted):
        machine.read("a", revision=3)


def test_an_empty_range_is_empty_at_every_revision() -> None:
    """Its first key counted as one of it, if it had changed since: there were -1 keys."""
    machine = StateMachine()
    put(machine, "b")
    for revision in (1, 2):
        for key, end in (("b", "b"), ("b", "a")):
            assert machine.read(key, end, revision=revision) == RangeResult((), 2, 0)


def test_history_is_bounded_in_revisions_and_bytes() -> None:
    machine = StateMachine(revisions_max=10)
    for _ in range(50):
        put(machine, "a")
    assert machine.revision == 51 and machine.compacted == 42
    machine = StateMachine(bytes_max=5000)
    for _ in range(50):
        put(machine, "a", bytes(1000))
    assert machine.history.bytes <= 5000 and machine.compacted > 40


def test_same_commands_same_digest_and_other_effects_another() -> None:
    one, two, three = StateMachine(), StateMachine(), StateMachine()
    for machine in (one, two):
        put(machine, "a", b"1")
    put(three, "a", b"2")
    assert one.digest.hex() == two.digest.hex() != three.digest.hex()


Operation = st.one_of(
    st.builds(Put, st.sampled_from(KEYS), st.binary(max_size=3)),
    st.builds(Delete, st.sampled_from(KEYS)),
)
Operations = st.lists(Operation, max_size=3, unique_by=lambda operation: operation.key)


@settings(max_examples=150, deadline=None)
@given(st.lists(Operations, max_size=25), st.data())
def test_every_kept_revision_reads_as_the_model_remembers(
    txns: list[list[Put | Delete]], data: st.DataObject
) -> None:
    machine = StateMachine()
    model: dict[str, bytes] = {}
    past = {1: dict(model)}
    for operations in txns:
        run(machine, Txn(success=tuple(operations)))
        for operation in operations:
            if isinstance(operation, Put):
                model[operation.key] = operation.value
            else:
                model.pop(operation.key, None)
        past[machine.revision] = dict(model)
    for revision, known in past.items():
        start, end = data.draw(st.sampled_from([("a", "d"), ("b", "cz"), ("c", ""), ("a", "z")]))
        limit = data.draw(st.integers(0, 3))
        expected = [
            (key, value)
            for key, value in sorted(known.items())
            if key == start or (end and start <= key < end)
        ]
        result = machine.read(start, end, limit, revision)
        assert [(i.key, i.value) for i in result.items] == expected[: limit or None]
        assert result.count == len(expected)
        assert result.more == (bool(limit) and limit < len(expected))
        assert all(item.mod_revision <= revision for item in result.items)
        assert machine.read(start, end, 0, revision, count_only=True).count == len(expected)


def test_the_state_hash_covers_leases_alarms_and_time_but_not_what_history_is_kept() -> None:
    base: list[Command] = [LeaseGrantCommand(1, 10, 0), AlarmCommand("m", "corrupt")]
    stories: list[list[Command]] = [
        base,
        [LeaseGrantCommand(2, 10, 0), base[1]],
        [LeaseGrantCommand(1, 11, 0), base[1]],
        [LeaseGrantCommand(1, 10, 5), base[1]],
        [base[0], AlarmCommand("m", "slow")],
        [base[0], LeaseExpireCommand(1)],
        [base[0], LeaseRevokeCommand(1)],
        [*base, LeaseKeepAliveCommand((1,), 7)],
        [*base, LeaseExpireCommand(7)],
        [*base, LeaseRevokeCommand(1)],
        [*base, AlarmCommand("m", "")],
        [*base, TxnsCommand((record(Txn(success=(Put("a", b"1"),))),))],
    ]
    hashes = []
    for story in stories:
        machines = StateMachine(), StateMachine(revisions_max=1)
        for machine in machines:
            for command in story:
                machine.apply(machine.applied + 1, 1, command)
        one, other = machines
        assert one.state_hash() == other.state_hash()
        hashes.append(one.state_hash())
    assert len(set(hashes)) == len(stories)


def test_two_leases_that_came_to_the_same_are_told_apart_by_how() -> None:
    """Kept alive, or granted later: the same expiry, but another history."""
    kept, granted = StateMachine(), StateMachine()
    kept.apply(1, 1, LeaseGrantCommand(1, 10, 0))
    kept.apply(2, 1, LeaseKeepAliveCommand((1,), 5))
    granted.apply(1, 1, LeaseExpireCommand(0))
    granted.apply(2, 1, LeaseGrantCommand(1, 10, 5))
    assert kept.leases.table == granted.leases.table
    assert kept.state_hash() != granted.state_hash()


def test_alarms_are_raised_replaced_disarmed_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ALARMS_MAX", 2)
    machine = StateMachine()

    def alarm(member: str, text: str) -> Outcome:
        (outcome,) = machine.apply(machine.applied + 1, 1, AlarmCommand(member, text))
        return outcome

    assert alarm("a", "corrupt") == TxnResult(True, 1)
    alarm("b", "corrupt")
    assert isinstance(alarm("c", "corrupt"), StoreError)
    assert isinstance(alarm("b", "x" * (limits.ALARM_CHARS_MAX + 1)), StoreError)
    alarm("b", "full")
    assert machine.alarms == {"a": "corrupt", "b": "full"}
    alarm("a", "")
    alarm("nobody", "")
    alarm("c", "corrupt")
    assert machine.alarms == {"b": "full", "c": "corrupt"}
