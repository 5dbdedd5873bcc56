"""A stopped replica's data on this machine: how far it goes, and what only operators do to it.

Must not know: processes, the order of steps. The functions at work are those of
``actors.store.recovery``, on the disk that the replica itself uses.
"""

import asyncio
import os
import shutil
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from actors.kit.supervisor import Unrecoverable
from actors.kit.world.disk import DiskFault
from actors.kit.world.folder_lock import locked
from actors.kit.world.real_disk import RealDisk
from actors.store import recovery
from actors.store.wal_reader import LogMissing
from cluster.errors import StoreError
from cluster.raft.messages import Membership, SnapshotMeta
from cluster.settings import ClusterSettings
from cluster.state.mvcc import StateMachine

T = TypeVar("T")


class DataFault(Exception):
    """A replica's data cannot be read, or must not be used; the text says why."""


def folder(settings: ClusterSettings, name: str) -> str:
    """Everything that a process keeps."""
    return os.path.join(settings.data_dir, "processes", name)


def position(settings: ClusterSettings, name: str) -> tuple[int, int] | str:
    """(term, index) of the last entry it holds, or why it has none."""
    try:
        return _done(recovery.last_position(_disk(settings, name), settings.name, name))
    except DataFault as fault:
        return "has no log" if isinstance(fault.__cause__, LogMissing) else str(fault)


def force(settings: ClusterSettings, name: str) -> None:
    """Make it the only voter of its own log. Raises DataFault, InUse."""
    with locked(Path(folder(settings, name))):
        _done(recovery.force_membership(_disk(settings, name), settings.name, name))


def seed(
    settings: ClusterSettings,
    name: str,
    machine: StateMachine,
    snapshot: bytes,
    voters: tuple[str, ...],
) -> None:
    """Make its data: the snapshot of the machine, with these voters. Raises DataFault, InUse."""
    meta = SnapshotMeta(machine.applied, machine.applied_term, Membership(voters=voters))
    with locked(Path(folder(settings, name))):
        _done(recovery.seed(_disk(settings, name), settings.name, name, meta, [snapshot]))


def wipe(settings: ClusterSettings, name: str) -> None:
    """Remove all that it keeps. Raises InUse."""
    place = Path(folder(settings, name))
    if place.is_dir():
        with locked(place):
            shutil.rmtree(place, ignore_errors=True)


def put_aside(settings: ClusterSettings, name: str, suffix: str) -> None:
    """Rename all that it keeps. Raises InUse."""
    place = Path(folder(settings, name))
    if place.is_dir():
        with locked(place):
            place.rename(f"{place}{suffix}")


def _disk(settings: ClusterSettings, name: str) -> RealDisk:
    return RealDisk(Path(folder(settings, name)))


def _done(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except (DiskFault, StoreError, Unrecoverable) as error:
        raise DataFault(str(error)) from error
