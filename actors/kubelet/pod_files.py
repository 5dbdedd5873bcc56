"""Where a node keeps its pods' directories: the ``PodFiles`` protocol.

Paths it returns are what the engine can mount. Must not know: pods' specs, the engine.
"""

from collections.abc import Mapping
from typing import Protocol

from actors.kubelet.volumes import FileEntry
from cluster.errors import SteersmanError


class FilesFault(SteersmanError):
    """A directory or file could not be made; the text says which and why."""


class PodFiles(Protocol):
    """All calls may be repeated: they converge. Errors are FilesFault."""

    async def make_directory(self, uid: str, plugin: str, name: str, group: int | None) -> str:
        """An empty volume (kept if it exists), writable for all; returns its path."""

    async def make_tmpfs(
        self, uid: str, plugin: str, name: str, group: int | None, size: int
    ) -> str:
        """As ``make_directory``, in memory; ``size`` bytes, 0: half of the machine's."""

    async def write_volume(
        self,
        uid: str,
        plugin: str,
        name: str,
        files: Mapping[str, FileEntry],
        group: int | None,
    ) -> str:
        """Swap a generated volume's whole content at once; unchanged content is left alone."""

    async def host_path(self, path: str, kind: str) -> str:
        """Check or make a path of the machine as ``hostPath.type`` says."""

    async def sub_path(self, root: str, path: str) -> str:
        """A path inside a volume, made as a directory if absent; never one outside of it."""

    async def write_file(self, uid: str, name: str, data: bytes, mode: int) -> str:
        """A file of the pod's own (hosts, resolv.conf, termination logs); ``name`` may have /."""

    async def read_file(self, uid: str, name: str, size_max: int) -> bytes:
        """The last ``size_max`` bytes; b'' if it is absent."""

    async def host_resolver(self) -> str:
        """Text of the machine's resolv.conf."""

    async def pods(self) -> list[str]:
        """The uids that have a directory."""

    async def remove_pod(self, uid: str) -> None:
        """Unmount and remove all of a pod's files."""
