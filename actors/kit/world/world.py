"""The one door to the outside that every actor gets. Must not know: real or in memory."""

from dataclasses import dataclass

from actors.kit.world.clock import Clock
from actors.kit.world.disk import Disk
from actors.kit.world.entropy import Entropy


@dataclass(frozen=True)
class World:
    """Clock, entropy and disk of one process."""

    clock: Clock
    entropy: Entropy
    disk: Disk
