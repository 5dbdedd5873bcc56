"""The cluster's settings as they are now: replicas and nodes come and go while processes run.

Job: one small shared object per process, which whoever needs the list of replicas looks at each
time. Must not know: how the settings are read again (``actors.process``), what they are used for.
"""

from collections.abc import Iterator, Sequence
from typing import overload

from cluster import names
from cluster.settings import ClusterSettings


class Servers(Sequence[str]):
    """Addresses of all API servers in the order in which one process prefers them: its own, those
    of its zone, the others. They change under who holds this."""

    def __init__(self, settings: ClusterSettings, process: str) -> None:
        self._process = process
        self.change(settings)

    def change(self, settings: ClusterSettings) -> None:
        """Take the replicas of ``settings`` instead."""
        zone = settings.zone_of(self._process)
        ordered = sorted(
            settings.replicas,
            key=lambda replica: (replica.name != self._process, replica.zone != zone),
        )
        self._addresses = tuple(names.address(names.APISERVER, one.name) for one in ordered)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self._addresses[index]

    def __len__(self) -> int:
        return len(self._addresses)

    def __iter__(self) -> Iterator[str]:
        return iter(self._addresses)


class LiveSettings:
    """``now``: the settings to act on; never keep them. ``process``: whose view this is."""

    def __init__(self, settings: ClusterSettings, process: str) -> None:
        self.now = settings
        self.process = process
        self.servers = Servers(settings, process)

    def change(self, settings: ClusterSettings) -> None:
        """The settings have changed to these."""
        self.now = settings
        self.servers.change(settings)
