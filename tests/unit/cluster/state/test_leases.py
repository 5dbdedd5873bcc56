"""Leases in the state machine: the log's time alone ends them, and their keys go with them."""

import pytest

from cluster import limits
from cluster.errors import LeaseNotFound, StoreError
from cluster.messages.store import Delete, LeaseStatus, Put, TxnRecord, TxnResult
from cluster.state.commands import (
    Command,
    LeaseExpireCommand,
    LeaseGrantCommand,
    LeaseKeepAliveCommand,
    LeaseRevokeCommand,
    TxnsCommand,
)
from cluster.state.mvcc import StateMachine
from cluster.state.sessions import Outcome


def run(machine: StateMachine, command: Command) -> tuple[Outcome, ...]:
    return machine.apply(machine.applied + 1, 1, command)


def grant(machine: StateMachine, lease: int, ttl: int, now: int = 0) -> Outcome:
    (outcome,) = run(machine, LeaseGrantCommand(lease, ttl, now))
    return outcome


def put(machine: StateMachine, key: str, lease: int) -> Outcome:
    (outcome,) = run(machine, TxnsCommand((TxnRecord((), (Put(key, b"v", lease=lease),)),)))
    return outcome


def keys(machine: StateMachine) -> list[str]:
    return [item.key for item in machine.read("a", "z").items]


def test_a_lease_tells_what_is_left_by_the_logs_time() -> None:
    machine = StateMachine()
    assert grant(machine, 7, 10, now=1000) == LeaseStatus(7, 10, 10.0)
    run(machine, LeaseExpireCommand(4500))
    assert machine.lease_status(7) == LeaseStatus(7, 10, 6.5)
    assert machine.lease_status(7, now=5000).left == 6.0
    # The leader's clock was wrong, or it is an earlier leader's entry: time does not go back.
    run(machine, LeaseExpireCommand(100))
    assert machine.time == 4500 and machine.lease_status(7, now=7).left == 6.5
    with pytest.raises(LeaseNotFound):
        machine.lease_status(8)


def test_an_id_is_granted_once_and_within_the_rules() -> None:
    machine = StateMachine()
    grant(machine, 7, 10)
    for lease, ttl in ((7, 20), (0, 10), (-1, 10), (8, 0), (9, 9_000_000_001), (1 << 63, 5)):
        assert type(grant(machine, lease, ttl)) is StoreError
    assert machine.leases.ids() == (7,)
    assert machine.lease_status(7).ttl == 10


def test_there_is_a_bound_on_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LEASES_MAX", 2)
    machine = StateMachine()
    assert [type(grant(machine, lease, 5)) for lease in (1, 2, 3)] == [
        LeaseStatus,
        LeaseStatus,
        StoreError,
    ]


def test_an_unknown_lease_refuses_the_whole_transaction() -> None:
    machine = StateMachine()
    record = TxnRecord((), (Put("a", b"1"), Delete("b"), Put("c", b"2", lease=5)))
    (outcome,) = run(machine, TxnsCommand((record,)))
    assert isinstance(outcome, LeaseNotFound)
    assert keys(machine) == [] and machine.revision == 1


def test_revoking_deletes_the_keys_at_one_revision_and_events_say_so() -> None:
    machine = StateMachine()
    grant(machine, 7, 10)
    for key in ("c", "a", "b"):
        put(machine, key, 7)
    put(machine, "d", 0)
    (outcome,) = run(machine, LeaseRevokeCommand(7))
    assert outcome == TxnResult(True, 6)
    assert keys(machine) == ["d"]
    events = machine.history.at(6)
    assert [(event.kind, event.item.key, event.item.mod_revision) for event in events] == [
        ("delete", "a", 6),
        ("delete", "b", 6),
        ("delete", "c", 6),
    ]
    assert all(event.previous and event.previous.lease == 7 for event in events)
    assert [type(outcome) for outcome in run(machine, LeaseRevokeCommand(7))] == [LeaseNotFound]
    assert machine.read("a", "z", revision=5).count == 4


def test_a_lease_without_keys_ends_without_a_revision() -> None:
    machine = StateMachine()
    grant(machine, 7, 1)
    run(machine, LeaseExpireCommand(1000))
    assert machine.revision == 1 and len(machine.leases) == 0


def test_what_is_due_ends_in_order_of_expiry_and_id_each_at_its_revision() -> None:
    machine = StateMachine()
    for lease, ttl in ((5, 3), (9, 2), (4, 3), (6, 4)):
        grant(machine, lease, ttl)
        put(machine, f"k{lease}", lease)
    put(machine, "k44", 4)
    assert machine.next_expiry() == 2000
    run(machine, LeaseExpireCommand(1999))
    assert len(machine.leases) == 4
    run(machine, LeaseExpireCommand(3000))
    gone = [[event.item.key for event in group] for group in machine.history.since(7)]
    assert gone == [["k9"], ["k4", "k44"], ["k5"]]
    assert machine.next_expiry() == 4000 and keys(machine) == ["k6"]
    run(machine, LeaseRevokeCommand(6))
    assert machine.next_expiry() is None


def test_one_entry_ends_a_bounded_number_and_the_next_expiry_tells_of_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "LEASES_EXPIRED_AT_ONCE", 2)
    machine = StateMachine()
    for lease in (1, 2, 3):
        grant(machine, lease, 1)
    run(machine, LeaseExpireCommand(5000))
    assert machine.leases.ids() == (3,) and machine.next_expiry() == 1000
    run(machine, LeaseExpireCommand(5000))
    assert machine.next_expiry() is None


def test_keeping_alive_begins_the_time_anew_and_revives_what_is_over_but_not_ended() -> None:
    machine = StateMachine()
    grant(machine, 1, 2)
    grant(machine, 2, 5)
    put(machine, "a", 1)
    # Over since 2000, but no entry has said so yet.
    outcomes = run(machine, LeaseKeepAliveCommand((1, 3, 2), 2500))
    assert outcomes[0] == LeaseStatus(1, 2, 2.0)
    assert isinstance(outcomes[1], LeaseNotFound)
    assert outcomes[2] == LeaseStatus(2, 5, 5.0)
    run(machine, LeaseExpireCommand(4499))
    assert keys(machine) == ["a"] and machine.next_expiry() == 4500
    run(machine, LeaseExpireCommand(4500))
    assert keys(machine) == [] and machine.next_expiry() == 7500


def test_writing_a_key_moves_it_and_deleting_detaches_it() -> None:
    machine = StateMachine()
    grant(machine, 1, 10)
    grant(machine, 2, 10)
    put(machine, "a", 1)
    put(machine, "b", 1)
    put(machine, "c", 1)
    put(machine, "a", 2)
    put(machine, "b", 0)
    run(machine, TxnsCommand((TxnRecord((), (Delete("c"),)),)))
    put(machine, "c", 0)
    assert machine.lease_status(1, keys=True).keys == ()
    assert machine.lease_status(2, keys=True).keys == ("a",)
    run(machine, LeaseRevokeCommand(1))
    assert keys(machine) == ["a", "b", "c"]
    run(machine, LeaseRevokeCommand(2))
    assert keys(machine) == ["b", "c"]
