"""A new cluster's data from a snapshot: every replica is given the same beginning.

Job: refuse where data would be lost, lay the folder out, seed each replica. Must not know: the
format of files, how a cluster is started.
"""

import os
from pathlib import Path

import msgspec

from actors.apiserver.encryption import Sealer, key_of
from actors.catalog import read_encryption
from actors.kit.world.real import RealEntropy
from cluster.errors import StatusError
from cluster.settings import ClusterSettings, ReplicaSettings
from deploy import pki, processes, replica_data, snapshot_file, state
from deploy.recovering import require_own_log
from deploy.snapshot_file import Contents
from deploy.topology import Topology, build_settings


def restore(
    contents: Contents, asked: Topology, data_dir: str, bump: int, force: bool
) -> ClusterSettings:
    """Make the data; returns the settings. Raises ValueError if a cluster runs there, or if one
    has data there that nobody asked to replace."""
    settings = _settings(asked, data_dir)
    require_own_log(settings)
    _check_keys(contents, settings)
    present = state.load(data_dir) if state.exists(data_dir) else None
    if present is not None:
        _check(present, force)
        for replica in present.replicas:
            replica_data.wipe(present, replica.name)
            if replica.name not in [kept.name for kept in settings.replicas]:
                pki.forget(present, replica.name)
    # An empty disk founds nothing: whatever is cut short here starts no cluster.
    replicas = tuple(
        msgspec.structs.replace(replica, initial="existing") for replica in settings.replicas
    )
    settings = msgspec.structs.replace(settings, replicas=replicas)
    chosen = state.load_topology(data_dir) or asked
    state.save(settings, msgspec.structs.replace(chosen, replicas=asked.replicas))
    snapshot = snapshot_file.rebased(contents.machine, bump)
    voters = tuple(sorted(replica.name for replica in replicas))
    for replica in replicas:
        replica_data.seed(settings, replica.name, contents.machine, snapshot, voters)
    return settings


def _settings(asked: Topology, data_dir: str) -> ClusterSettings:
    """Of the cluster that is there with another number of replicas, else new ones."""
    fresh = build_settings(asked, data_dir)
    if not state.exists(data_dir):
        return fresh
    present = state.load(data_dir)
    if asked.replicas == len(present.replicas):
        return present
    return msgspec.structs.replace(present, replicas=fresh.replicas)


def _check_keys(contents: Contents, settings: ClusterSettings) -> None:
    """One value of each key that something is encrypted under must open."""
    sealed = {key_of(item.value): item for item in contents.machine.items.freeze_values()}
    sealed.pop(("", ""), None)
    if not sealed:
        return
    file = pki.path(settings, pki.ENCRYPTION)
    sealer = Sealer(read_encryption(Path(file)), RealEntropy())
    for (_, name), item in sorted(sealed.items(), key=lambda found: found[0]):
        try:
            sealer.open(item)
        except StatusError as error:
            raise ValueError(
                f"the snapshot holds values encrypted under the key {name!r}, which {file} does "
                "not have: put the file of that name from the cluster that was saved there first"
            ) from error


def _check(present: ClusterSettings, force: bool) -> None:
    if processes.find_all(present):
        raise ValueError(
            f"the cluster in {present.data_dir} runs: end it first with `steersman down "
            "--keep-data`"
        )
    kept = [one.name for one in present.replicas if _has_data(present, one)]
    if kept and not force:
        raise ValueError(
            f"{', '.join(kept)} in {present.data_dir} have data, which would be replaced: give "
            "--force if that is what you want"
        )


def _has_data(settings: ClusterSettings, replica: ReplicaSettings) -> bool:
    return os.path.isdir(replica_data.folder(settings, replica.name))
