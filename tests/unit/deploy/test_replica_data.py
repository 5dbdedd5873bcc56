"""A stopped replica's data on a real disk, as the commands treat it."""

from pathlib import Path

import pytest

from actors.kit.world.folder_lock import InUse, locked
from cluster.settings import ClusterSettings
from deploy import replica_data, snapshot_file
from deploy.replica_data import DataFault
from deploy.topology import Topology, build_settings
from tests.unit.deploy.test_snapshot_file import machine

VOTERS = ("replica-1", "replica-2", "replica-3")


@pytest.fixture
def settings(tmp_path: Path) -> ClusterSettings:
    return build_settings(Topology(runtime="memory", nodes=0), str(tmp_path))


def test_seeded_replicas_are_alike_and_one_of_them_can_go_on_alone(
    settings: ClusterSettings,
) -> None:
    before = machine(20)
    snapshot = snapshot_file.rebased(before, 1000)
    for name in VOTERS:
        assert replica_data.position(settings, name) == "has no log"
        replica_data.seed(settings, name, before, snapshot, VOTERS)
        assert replica_data.position(settings, name) == (2, 22)
    with pytest.raises(DataFault, match="is not overwritten"):
        replica_data.seed(settings, "replica-1", before, snapshot, VOTERS)
    replica_data.force(settings, "replica-2")
    term, index = replica_data.position(settings, "replica-2")
    assert (term > 2, index) == (True, 23)
    assert replica_data.position(settings, "replica-1") == (2, 22)


def test_a_damaged_log_is_told_with_file_and_offset(settings: ClusterSettings) -> None:
    snapshot = snapshot_file.rebased(machine(20), 1000)
    replica_data.seed(settings, "replica-1", machine(20), snapshot, VOTERS)
    folder = Path(replica_data.folder(settings, "replica-1"))
    [log] = folder.glob("raft/replica-1/log-*")
    data = bytearray(log.read_bytes())
    data[20] ^= 1
    log.write_bytes(data)
    told = replica_data.position(settings, "replica-1")
    assert isinstance(told, str)
    assert str(log) in told and "replica rebuild replica-1" in told
    with pytest.raises(DataFault):
        replica_data.force(settings, "replica-1")
    with pytest.raises(DataFault, match="there is no log"):
        replica_data.force(settings, "replica-3")


def test_nothing_is_done_to_data_that_a_process_works_on(settings: ClusterSettings) -> None:
    snapshot = snapshot_file.rebased(machine(20), 1000)
    replica_data.seed(settings, "replica-1", machine(20), snapshot, VOTERS)
    place = Path(replica_data.folder(settings, "replica-1"))
    before = sorted(place.rglob("*"))
    with locked(place):
        with pytest.raises(InUse):
            replica_data.force(settings, "replica-1")
        with pytest.raises(InUse):
            replica_data.wipe(settings, "replica-1")
        with pytest.raises(InUse):
            replica_data.put_aside(settings, "replica-1", ".aside")
        with pytest.raises(InUse):
            replica_data.seed(settings, "replica-1", machine(20), snapshot, VOTERS)
    assert sorted(place.rglob("*")) == before
    replica_data.wipe(settings, "replica-1")
    assert not place.exists()
