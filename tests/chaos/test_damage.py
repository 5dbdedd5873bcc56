"""Disks that damage, cut off or refuse what one replica writes: it stops rather than lie."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.store.wal_records import scan
from cluster.settings import ClusterSettings
from deploy import processes
from deploy.commands.replica import store_status
from tests.chaos.observe import eventually, resumed, settle, stored
from tests.chaos.writers import Writer, disordered, lost, stop
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(180)]
VICTIM = "replica-3"
# Room beyond the log so far: enough for what a quick machine writes in a minute (the ballast, not
# the log, is to fill the disk).
TIGHT_BYTES = 24 * 1024 * 1024
# Once there is room: the store tries every other second.
BACK_SECONDS = 10.0


def folder(settings: ClusterSettings) -> Path:
    """Where the victim keeps what it promised."""
    return Path(settings.data_dir) / "processes" / VICTIM


def last_segment(settings: ClusterSettings) -> Path:
    return max(folder(settings).glob("raft/*/log-*"))


@pytest.mark.unhurried
def test_a_flipped_bit_stops_the_replica_and_a_torn_tail_does_not(
    simulated: RealCluster, writers: list[Writer]
) -> None:
    settings = simulated.settings
    resumed(writers, time.monotonic())
    processes.kill(settings, VICTIM)
    segment = last_segment(settings)
    whole = segment.read_bytes()
    written = scan(whole, None).end
    damaged = bytearray(whole)
    damaged[written // 2] ^= 0x10
    segment.write_bytes(damaged)
    refused = simulated.steersman("replica", "start", VICTIM)
    moment = time.monotonic()
    assert refused.returncode == 1
    lines = refused.stderr.strip().splitlines()
    assert len(lines) == 1, refused.stderr
    assert lines[0].startswith(f"error: {VICTIM}: {segment}: checksum does not match at offset ")
    assert "Put the file back as it was, or have it fetch everything" in lines[0]
    assert lines[0].endswith(f"`steersman replica rebuild {VICTIM}`")
    print("\n" + lines[0])
    resumed(writers, moment)
    # A group that was being written when the power went: nobody was promised it.
    torn = bytearray(whole)
    torn[written + 4 : written + 12] = os.urandom(8)
    segment.write_bytes(torn)
    simulated.do("replica", "start", VICTIM)
    stop(writers)
    settle(settings)
    # Records gather before they are written.
    eventually(lambda: "store.repaired" in simulated.do("logs", VICTIM), "the repair is logged")
    assert lost(writers, stored(settings)) == []
    assert disordered(writers) == []


@pytest.fixture
def tight(simulated: RealCluster) -> Iterator[Path]:
    """The victim's data on a disk of its own, with little room."""
    place = folder(simulated.settings)
    processes.kill(simulated.settings, VICTIM)
    beside = place.with_suffix(".beside")
    shutil.copytree(place, beside)
    size = sum(file.stat().st_size for file in beside.rglob("*") if file.is_file())
    # A snapshot and a segment are written before what they replace is removed.
    room = f"size={3 * size + TIGHT_BYTES}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", room, "tmpfs", place], check=True)
    try:
        shutil.copytree(beside, place, dirs_exist_ok=True)
        simulated.do("replica", "start", VICTIM)
        yield place
    finally:
        processes.kill(simulated.settings, VICTIM)
        shutil.rmtree(beside)
        shutil.copytree(place, beside)
        subprocess.run(["umount", "--lazy", place], check=True)
        shutil.rmtree(place)
        beside.rename(place)


@pytest.mark.docker  # needs root, to mount
def test_a_replica_whose_disk_is_full_waits_for_room_and_catches_up(
    simulated: RealCluster, tight: Path, writers: list[Writer]
) -> None:
    settings = simulated.settings
    resumed(writers, time.monotonic())
    (tight / "ballast").write_bytes(b"")
    with (tight / "ballast").open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(64 * 1024))
        except OSError:
            full = time.monotonic()
    # Not at once: a snapshot waits, and the log has room in the segment that was prepared before.
    process = processes.find(settings, VICTIM)
    took = eventually(lambda: store_status(settings, VICTIM) == {}, "its store goes down")
    gap = resumed(writers, full)
    (tight / "ballast").unlink()
    room = time.monotonic()
    eventually(lambda: store_status(settings, VICTIM) != {}, "it serves again", BACK_SECONDS)
    back = time.monotonic() - room
    stop(writers)
    settle(settings)
    print(
        f"\ndisk full: its store was down after {took:.1f} s, writes paused {gap * 1000:.0f} ms, "
        f"it served again {back:.1f} s after there was room"
    )
    assert processes.find(settings, VICTIM) == process
    assert lost(writers, stored(settings)) == []
    assert disordered(writers) == []
