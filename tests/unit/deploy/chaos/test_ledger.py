"""What is broken, on disk: whole at every moment, and the files that processes read."""

import os
import signal
import threading
from pathlib import Path

import msgspec
import pytest

from cluster.chaos import plan
from cluster.chaos.faults import LinkFault, StorageFault
from cluster.chaos.orders import Active, Order
from deploy.chaos import journal
from deploy.chaos.ledger import Entry, Ledger, standing
from deploy.chaos.local import check_free, keeper


def entry(name: str, order: Order, *names: str) -> Entry:
    sides = (names, ("replica-3",)) if order.verb in plan.LINKS else (names, ())
    inner = plan.faults(order, name, sides)
    return Entry(Active(name, order, *sides), "standing", **keeper(), inner=inner)


def test_what_is_put_in_is_read_and_can_be_dropped(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path))
    assert ledger.entries() == []
    with ledger.changing() as page:
        page.number = 2
        page.put(entry("kill-1", Order("kill"), "replica-1"))
        page.put(entry("pause-2", Order("pause"), "node-1"))
    again = Ledger(str(tmp_path))
    assert [one.name for one in again.entries()] == ["kill-1", "pause-2"]
    with again.changing() as page:
        assert page.number == 2
        page.drop("kill-1")
    assert [one.name for one in ledger.entries()] == ["pause-2"]
    assert standing(str(tmp_path)) == "broken on purpose: pause-2; see `steersman chaos status`"
    assert standing(str(tmp_path / "other")) == ""


def test_what_ends_after_its_cluster_leaves_nothing(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(FileNotFoundError), Ledger(str(gone)).changing() as page:
        page.entries.clear()
    with pytest.raises(FileNotFoundError):
        journal.write(str(gone), "ann", "too late")
    assert not gone.exists()


def test_a_change_that_fails_is_none(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path))
    with pytest.raises(KeyError), ledger.changing() as page:
        page.put(entry("kill-1", Order("kill"), "replica-1"))
        raise KeyError
    assert ledger.entries() == []


def test_processes_find_all_that_they_suffer_and_no_more(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path))
    cut = entry("partition-1", Order("partition"), "replica-1")
    full = entry("disk-full-2", Order("disk-full"), "replica-1")
    with ledger.changing() as page:
        page.put(cut)
        page.put(full)
        page.put(entry("fsync-error-3", Order("fsync-error"), "replica-2"))
    assert ledger.faults_of("replica-1") == (
        LinkFault("partition-1", ("replica-3",), cut=True), StorageFault("disk-full-2", "full"),
    )  # fmt: skip
    assert ledger.faults_of("replica-3") == (LinkFault("partition-1", ("replica-1",), cut=True),)
    # It would strike again at every start.
    assert ledger.faults_of("replica-2") == ()
    with ledger.changing() as page:
        page.put(msgspec.structs.replace(cut, phase="healing"))
    assert ledger.faults_of("replica-1") == (StorageFault("disk-full-2", "full"),)
    assert ledger.faults_of("replica-3") == ()
    with ledger.changing() as page:
        page.entries.clear()
    assert sorted(os.listdir(ledger.folder)) == ["active.json", "lock"]


def test_changes_wait_for_one_another(tmp_path: Path) -> None:
    def add(number: int) -> None:
        with Ledger(str(tmp_path)).changing() as page:
            page.put(entry(f"kill-{page.number}", Order("kill"), f"replica-{number}"))
            page.number += 1

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = Ledger(str(tmp_path)).entries()
    assert [one.name for one in found] == [f"kill-{number}" for number in range(1, 9)]


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    ledger = Ledger(str(tmp_path))
    os.makedirs(ledger.folder)
    (Path(ledger.folder) / "active.json").write_bytes(b"{")
    with pytest.raises(ValueError, match=r"active.json is damaged"):
        ledger.entries()


def test_nobody_interferes_with_one_at_work() -> None:
    own = entry("kill-1", Order("kill"), "replica-1")
    init = os.getppid()
    theirs = msgspec.structs.replace(own, keeper=init, started=_started(init), phase="healing")
    with pytest.raises(ValueError, match=f"kill-1: process {init} is healing it"):
        check_free(theirs)
    check_free(own)
    # One that waits for the end of its fault may be overtaken; one that died is no more.
    check_free(msgspec.structs.replace(theirs, phase="standing"))
    check_free(msgspec.structs.replace(theirs, started=1))


def _started(pid: int) -> int:
    from deploy.processes import started_at

    found = started_at(pid)
    assert found is not None
    return found


def test_signals_interrupt_or_wait() -> None:
    from deploy.chaos.interrupted import Interrupted, deaf, listening

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted) as caught, listening():
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
    assert caught.value.number == signal.SIGTERM
    with deaf():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before
