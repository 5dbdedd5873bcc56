"""What the steps on replicas touch, on this machine: processes, files, the store's door.

Must not know: the order of the steps (``replicas``).
"""

import os
import shutil
import time

import msgspec

from cluster import limits
from cluster.messages.store import MembershipStatus
from cluster.settings import ClusterSettings, ReplicaSettings
from deploy import (
    kubeconfig,
    launch,
    network,
    pki,
    preflight,
    processes,
    replica_data,
    state,
    topology,
)  # fmt: skip
from deploy.store_door import StoreDoor

PAUSE_SECONDS = 0.05
# What a recovery puts aside until it is through.
ASIDE = ".aside"


class MachineHands:
    """``Hands`` of the cluster in ``data_dir``; its lock is held by the command."""

    def __init__(self, data_dir: str) -> None:
        self._data_dir = data_dir

    def settings(self) -> ClusterSettings:
        """See ``Hands``."""
        return state.load(self._data_dir)

    def save(self, settings: ClusterSettings) -> None:
        """See ``Hands``."""
        state.save_settings(settings)
        processes.reload(settings)

    def tell(self) -> None:
        """See ``Hands``."""
        processes.reload(self.settings())

    def check_free(self, settings: ClusterSettings, name: str) -> None:
        """See ``Hands``."""
        others = {item.name for item in settings.processes() if item.name != name}
        preflight.check(settings, others)

    def certify(self, settings: ClusterSettings) -> None:
        """See ``Hands``."""
        pki.ensure(settings)
        if settings.runtime == "docker":
            network.pin(settings)
        kubeconfig.write(settings)

    def runs(self, name: str) -> bool:
        """See ``Hands``."""
        return name in processes.find_all(self.settings())

    def start(self, name: str) -> None:
        """See ``Hands``."""
        launch.start(self.settings(), name)

    def stop(self, name: str) -> None:
        """See ``Hands``."""
        processes.end(self.settings(), [name])

    def wipe(self, name: str) -> None:
        """See ``Hands``."""
        replica_data.wipe(self.settings(), name)

    def forget(self, replica: ReplicaSettings) -> None:
        """See ``Hands``."""
        settings = self.settings()
        self.wipe(replica.name)
        pki.forget(settings, replica.name)
        if settings.runtime == "docker":
            network.replica_down(settings, replica)

    def members(self) -> MembershipStatus:
        """See ``Hands``."""
        return StoreDoor(self.settings()).members()

    def led(self) -> MembershipStatus | None:
        """See ``Hands``."""
        return StoreDoor(self.settings()).led()

    def change(self, action: str, name: str) -> None:
        """See ``Hands``."""
        StoreDoor(self.settings()).change(action, name)

    def transfer(self, to: str) -> None:
        """See ``Hands``."""
        StoreDoor(self.settings()).transfer(to)

    def position(self, name: str) -> tuple[int, int] | str:
        """See ``Hands``."""
        return replica_data.position(self.settings(), name)

    def put_aside(self, name: str) -> None:
        """See ``RecoveryHands``."""
        settings = self.settings()
        if os.path.isdir(replica_data.folder(settings, name)):
            self.drop_aside(name)
            replica_data.put_aside(settings, name, ASIDE)

    def drop_aside(self, name: str) -> None:
        """See ``RecoveryHands``."""
        aside = replica_data.folder(self.settings(), name) + ASIDE
        shutil.rmtree(aside, ignore_errors=True)

    def force(self, name: str) -> None:
        """See ``Hands``."""
        replica_data.force(self.settings(), name)

    def clock(self) -> float:
        """See ``Hands``."""
        return time.monotonic()

    def pause(self) -> None:
        """See ``Hands``."""
        time.sleep(PAUSE_SECONDS)


def plan_replica(settings: ClusterSettings, zone: str) -> ReplicaSettings:
    """The replica to add: the lowest free number, in the zone with the fewest unless one is named.

    Raises ValueError for an unknown zone, or if there is no number left.
    """
    chosen = state.load_topology(settings.data_dir)
    assert chosen is not None, "cluster.json without topology.json"
    if zone and zone not in chosen.zones:
        raise ValueError(f"zone {zone!r} is not one of: {', '.join(chosen.zones)}")
    taken = [replica.name for replica in settings.replicas]
    zones = [replica.zone for replica in settings.replicas]
    zone = zone or min(chosen.zones, key=zones.count)
    for number in range(1, limits.REPLICAS_MAX + 1):
        if f"replica-{number}" not in taken:
            made = topology.replica(chosen, settings.network, number)
            return msgspec.structs.replace(made, zone=zone)
    raise ValueError(f"a cluster has at most {limits.REPLICAS_MAX} replicas")
