"""What other stores got wrong (etcd's issues by number), as far as it concerns the state machine.

Each was found in production or by fault injection; here each is a short story that must end well.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.errors import Compacted, FutureRevision
from cluster.messages.store import Delete, Put, StoreEvent, TxnRecord, TxnResult
from cluster.state.commands import (
    Command,
    CompactCommand,
    LeaseExpireCommand,
    LeaseGrantCommand,
    LeaseRevokeCommand,
    TxnsCommand,
)
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import decode_snapshot, encode_snapshot
from cluster.state.state_hash import hash_of


def run(machine: StateMachine, command: Command) -> None:
    machine.apply(machine.applied + 1, 1, command)


def write(machine: StateMachine, *operations: Put | Delete) -> int:
    """The revision."""
    (outcome,) = machine.apply(machine.applied + 1, 1, TxnsCommand((TxnRecord((), operations),)))
    assert isinstance(outcome, TxnResult)
    return outcome.revision


def restarted(machine: StateMachine) -> StateMachine:
    return decode_snapshot(b"".join(encode_snapshot(machine)))


def replay(machine: StateMachine, start: int) -> list[tuple[str, str, int]]:
    groups = machine.history.since(start)
    return [
        (each.kind, each.item.key, each.item.mod_revision) for group in groups for each in group
    ]


@pytest.mark.parametrize("again", [False, True], ids=["running", "restarted"])
def test_18089_a_delete_at_the_compacted_revision_is_still_told(again: bool) -> None:
    """Compaction at a delete's revision dropped the delete: a watch resumed there missed it."""
    machine = StateMachine()
    write(machine, Put("a", b"1"))
    write(machine, Put("a", b"2"))
    deleted = write(machine, Delete("a"))
    write(machine, Put("b", b""))
    run(machine, CompactCommand(deleted))
    if again:
        machine = restarted(machine)
    assert replay(machine, deleted) == [("delete", "a", 4), ("put", "b", 5)]
    (event,) = machine.history.at(deleted)
    assert event.previous is not None and event.previous.value == b"2"
    assert machine.read("a", revision=deleted).count == 0
    with pytest.raises(Compacted):
        machine.read("a", revision=deleted - 1)


def test_19179_compaction_at_a_delete_whose_key_came_back() -> None:
    """The same with the key written anew after it: both events are told, and reads agree."""
    machine = StateMachine()
    write(machine, Put("a", b"1"))
    deleted = write(machine, Delete("a"))
    again = write(machine, Put("a", b"2"))
    run(machine, CompactCommand(deleted))
    for each in (machine, restarted(machine)):
        assert replay(each, deleted) == [("delete", "a", deleted), ("put", "a", again)]
        assert each.history.at(again)[0].previous is None
        assert each.items["a"].create_revision == again and each.items["a"].version == 1
        assert each.read("a", revision=deleted).count == 0


def test_15220_a_revision_is_never_visible_before_its_events() -> None:
    """Progress was told that ran ahead of the stream: who resumed after it missed events."""
    machine = StateMachine()
    run(machine, LeaseGrantCommand(1, 1, 0))
    told: list[StoreEvent] = []
    position = 1
    for number in range(50):
        write(machine, Put(f"k{number % 7}", b"", lease=number % 2))
        if number == 25:
            run(machine, LeaseExpireCommand(1000))
            run(machine, LeaseGrantCommand(1, 1, 1000))
        # "Everything up to machine.revision was delivered" is true at every moment.
        for group in machine.history.since(position + 1):
            told += group
        position = machine.revision
        assert told[-1].item.mod_revision == position
    revisions = [event.item.mod_revision for event in told]
    assert revisions == sorted(revisions) and set(revisions) == set(range(2, position + 1))


def test_20221_a_watch_from_a_future_revision_gets_nothing_from_before_it() -> None:
    """A watch that began beyond the present was sent events that are older than its start."""
    machine = StateMachine()
    write(machine, Put("a", b""))
    future = machine.revision + 3
    for _ in range(2):
        assert replay(machine, future) == []
        write(machine, Put("a", b""))
    assert replay(machine, future) == []
    write(machine, Put("a", b""))
    assert replay(machine, future) == [("put", "a", future)]
    with pytest.raises(FutureRevision):
        machine.read("a", revision=machine.revision + 1)
    with pytest.raises(FutureRevision):
        hash_of(machine, machine.revision + 1)


def test_17780_the_revision_does_not_go_back_when_the_newest_is_compacted_and_deleted() -> None:
    """Everything deleted, all history compacted, then a restart: the revision was forgotten."""
    machine = StateMachine()
    write(machine, Put("a", b""))
    write(machine, Delete("a"))
    run(machine, CompactCommand(machine.revision + 100))
    before = machine.revision
    assert machine.compacted == before == 3
    machine = restarted(machine)
    assert (machine.revision, machine.compacted) == (before, before)
    assert write(machine, Put("a", b"")) == before + 1
    assert machine.items["a"].create_revision == before + 1
    # Compacting what is compacted, or less, changes nothing.
    for revision in (0, 1, before):
        run(machine, CompactCommand(revision))
        assert machine.compacted == before


def test_15271_a_restored_state_neither_repeats_nor_skips_what_follows() -> None:
    """After a partition and a snapshot a watch went back in time: what a restored replica tells
    from a revision on is what the others tell."""
    leader = StateMachine(revisions_max=20)
    for number in range(40):
        write(leader, Put(f"k{number % 5}", b"%d" % number))
    follower = decode_snapshot(b"".join(encode_snapshot(leader)), revisions_max=20)
    resumed = leader.revision - 7
    for machine in (leader, follower):
        for number in range(5):
            write(machine, Put(f"k{number}", b"new"), Delete("k4"))
    assert replay(leader, resumed) == replay(follower, resumed)
    assert list(leader.history.since(leader.compacted)) == list(
        follower.history.since(follower.compacted)
    )


def test_13766_a_snapshot_holds_the_index_and_the_data_of_the_same_moment() -> None:
    """The applied index and the data were saved apart: entries were applied twice or not at all."""
    machine = StateMachine()
    for number in range(30):
        write(machine, Put("a", b"%d" % number))
        pieces = encode_snapshot(machine)
        applied, revision = machine.applied, machine.revision
        write(machine, Put("a", b"later"), Put("b", b"later"))
        run(machine, LeaseGrantCommand(number + 1, 1, number))
        restored = decode_snapshot(b"".join(pieces))
        assert (restored.applied, restored.revision) == (applied, revision)
        assert restored.items["a"].value == b"%d" % number
        assert number not in (lease - 1 for lease in restored.leases.ids())


def test_a_lease_that_ends_tells_its_deletes_though_history_is_compacted_at_once() -> None:
    machine = StateMachine()
    run(machine, LeaseGrantCommand(1, 10, 0))
    write(machine, Put("a", b"", lease=1), Put("b", b"", lease=1))
    run(machine, LeaseRevokeCommand(1))
    run(machine, CompactCommand(machine.revision))
    assert replay(restarted(machine), 3) == [("delete", "a", 3), ("delete", "b", 3)]


ROOT = str(Path(__file__).resolve().parents[4])
DETERMINISM = """
import sys
sys.path.insert(0, {root!r})
from tests.unit.cluster.state.test_snapshot import feed, random_commands
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import encode_snapshot
import hashlib
machine = StateMachine(revisions_max=100)
feed(machine, random_commands(7, 600))
print(hashlib.sha256(b"".join(encode_snapshot(machine))).hexdigest(), machine.state_hash())
"""


def test_the_state_does_not_depend_on_the_hash_seed() -> None:
    """Sets and dicts of strings come in another order in each process: no decision may see it."""
    found = {
        subprocess.run(
            [sys.executable, "-c", DETERMINISM.format(root=ROOT)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4711")
    }
    assert len(found) == 1
