"""A replica that was away for longer than the others' logs reach back."""

import time
from pathlib import Path

import pytest

from cluster.raft.replication import ALIVE_ELECTIONS
from cluster.settings import ClusterSettings
from deploy import processes
from deploy.commands.replica import store_status
from tests.chaos.observe import eventually, resumed, settle, stored
from tests.chaos.writers import Writer, disordered, lost, stop
from tests.support.real_cluster import RealCluster

pytestmark = [pytest.mark.chaos, pytest.mark.unhurried, pytest.mark.timeout(180)]


def installed(settings: ClusterSettings, name: str) -> int:
    """How many snapshots of a leader the replica has taken over, by its trace."""
    folder = Path(settings.data_dir) / "trace" / name
    return sum(file.read_bytes().count(b'"store.installed"') for file in folder.iterdir())


def test_a_replica_that_was_long_away_catches_up_by_snapshot(
    simulated: RealCluster, writers: list[Writer]
) -> None:
    settings = simulated.settings
    leader = simulated.leader()
    victim = next(r.name for r in settings.replicas if r.name != leader)
    before = installed(settings, victim)
    processes.kill(settings, victim)
    left = int(store_status(settings, leader)["applied_index"])
    # For one that may be starting anew the leader keeps what it lacks; for one that is silent for
    # longer as many entries before a snapshot as lie between two.
    gone = time.monotonic() + ALIVE_ELECTIONS * settings.timing.election_max
    eventually(lambda: time.monotonic() > gone, "the replica counts as gone")
    beyond = int(store_status(settings, leader)["applied_index"])
    beyond += 3 * settings.store.snapshot_entries
    eventually(
        lambda: int(store_status(settings, leader)["applied_index"]) > beyond,
        "more writes than the log keeps",
    )
    simulated.do("replica", "start", victim)
    back = time.monotonic()
    target = int(store_status(settings, leader)["applied_index"])
    took = eventually(
        lambda: int(store_status(settings, victim).get("applied_index", 0)) >= target,
        "the replica is where the leader was when it came back",
    )
    gap = resumed(writers, back)
    stop(writers)
    settle(settings)
    eventually(lambda: installed(settings, victim) > before, "it caught up by snapshot", 5)
    print(
        f"\n{target - left} entries missed, caught up {took * 1000:.0f} ms after it was ready; "
        f"longest wait for a write meanwhile {gap * 1000:.0f} ms"
    )
    assert lost(writers, stored(settings)) == []
    assert disordered(writers) == []
