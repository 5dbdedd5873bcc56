"""Restoring: refuses where data would be lost, and gives every replica the same beginning."""

import os
from pathlib import Path

import msgspec
import pytest

from actors.apiserver.encryption import Sealer
from actors.catalog import read_encryption
from actors.kit.world.real import RealEntropy
from cluster.messages.store import Put, TxnRecord
from cluster.settings import ClusterSettings
from cluster.state.commands import TxnsCommand
from cluster.state.mvcc import StateMachine
from cluster.state.snapshot import decode_snapshot
from deploy import pki, processes, replica_data, restoring, state
from deploy.snapshot_file import Contents
from deploy.topology import Topology, build_settings
from tests.unit.deploy.test_snapshot_file import machine

THREE = Topology(runtime="memory", nodes=2)
ONE = msgspec.structs.replace(THREE, replicas=1)


@pytest.fixture
def contents() -> Contents:
    return Contents(None, 1, machine(20), {}, "")


@pytest.fixture
def seeded(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[bytes, tuple[str, ...]]]:
    """What each replica was given."""
    given: dict[str, tuple[bytes, tuple[str, ...]]] = {}

    def seed(
        settings: ClusterSettings,
        name: str,
        machine: StateMachine,
        snapshot: bytes,
        voters: tuple[str, ...],
    ) -> None:
        given[name] = (snapshot, voters)
        os.makedirs(replica_data.folder(settings, name))

    monkeypatch.setattr(replica_data, "seed", seed)
    return given


def test_a_new_cluster_in_a_new_folder(
    tmp_path: Path, contents: Contents, seeded: dict[str, tuple[bytes, tuple[str, ...]]]
) -> None:
    place = str(tmp_path / "c")
    settings = restoring.restore(contents, THREE, place, 1000, force=False)
    assert settings == state.load(place)
    assert [one.initial for one in settings.replicas] == ["existing"] * 3
    assert state.load_topology(place) == THREE
    names = ("replica-1", "replica-2", "replica-3")
    assert tuple(seeded) == names
    assert len(set(seeded.values())) == 1, "all are given the same"
    snapshot, voters = seeded["replica-1"]
    assert voters == names
    assert decode_snapshot(snapshot).revision == 21 + 1000


def test_data_that_is_there_is_replaced_only_if_that_is_wanted(
    tmp_path: Path,
    contents: Contents,
    seeded: dict[str, tuple[bytes, tuple[str, ...]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = str(tmp_path)
    before = build_settings(THREE, place)
    state.save(before, THREE)
    pki.ensure(before)
    authority = (tmp_path / "pki" / "ca.crt").read_bytes()
    old = Path(replica_data.folder(before, "replica-2"))
    old.mkdir(parents=True)
    (old / "log").write_text("promises")
    with pytest.raises(ValueError, match=r"replica-2 .* have data.*--force"):
        restoring.restore(contents, ONE, place, 1000, force=False)
    assert (old / "log").exists() and not seeded
    monkeypatch.setattr(processes, "find_all", lambda settings: {"node-1": []})
    with pytest.raises(ValueError, match="runs: end it first"):
        restoring.restore(contents, ONE, place, 1000, force=True)
    monkeypatch.undo()
    monkeypatch.setattr(replica_data, "seed", lambda *given: seeded.update({given[1]: given[3:]}))
    settings = restoring.restore(contents, ONE, place, 1000, force=True)
    assert not old.exists()
    assert list(seeded) == ["replica-1"] == [one.name for one in settings.replicas]
    assert settings.nodes == before.nodes
    assert (tmp_path / "pki" / "ca.crt").read_bytes() == authority
    assert not (tmp_path / "pki" / "replica-2.key").exists()
    topology = state.load_topology(place)
    assert topology is not None and topology.replicas == 1


def test_what_is_encrypted_is_restored_only_where_its_keys_are(
    tmp_path: Path, contents: Contents, seeded: dict[str, tuple[bytes, tuple[str, ...]]]
) -> None:
    source = build_settings(THREE, str(tmp_path / "source"))
    pki.ensure(source)
    kept = Path(pki.path(source, pki.ENCRYPTION))
    put = Sealer(read_encryption(kept), RealEntropy()).seal(
        Put("/registry/core/secrets/default/one", b"{}")
    )
    contents.machine.apply(contents.machine.applied + 1, 9, TxnsCommand((TxnRecord((), (put,)),)))
    place = tmp_path / "c"
    with pytest.raises(ValueError, match=r"under the key 'key1', which .*/c/pki/encryption.yaml"):
        restoring.restore(contents, THREE, str(place), 1000, force=False)
    assert not place.exists() and not seeded
    (place / "pki").mkdir(parents=True)
    (place / "pki" / kept.name).write_bytes(kept.read_bytes())
    settings = restoring.restore(contents, THREE, str(place), 1000, force=False)
    assert len(seeded) == 3
    pki.ensure(settings)
    assert (place / "pki" / kept.name).read_bytes() == kept.read_bytes()
