"""What a disk is to an actor: whole files replaced atomically, and files that only grow.

Paths are str, relative to the disk's root, with ``/`` between the parts. Must not know: where the
root is.
"""

from typing import Protocol


class DiskFault(Exception):
    """The disk failed. What was not synced may be lost, so nobody retries: the actor crashes.

    After a failed fsync the kernel may call the lost pages clean, so that the next fsync succeeds
    without the data being there ("Can Applications Recover from fsync Failures?", USENIX ATC 2020).
    """


class AppendFile(Protocol):
    """A file that grows at its end."""

    @property
    def size(self) -> int:
        """Bytes, with those appended and not yet synced."""

    def append(self, data: bytes) -> None:
        """Add at the end. Not durable (nor readable) before ``sync``. Raises DiskFault if this
        file has failed before."""

    async def sync(self) -> None:
        """Make all that was appended before the call durable. Raises DiskFault; never retried."""

    async def truncate(self, size: int) -> None:
        """Cut to ``size`` bytes, durably. Raises DiskFault, ValueError if it is shorter."""

    async def close(self) -> None:
        """Release it. What was not synced may be lost."""


class Disk(Protocol):
    """A tree of files."""

    async def read(self, path: str) -> bytes | None:
        """The file's bytes, None if there is none. Raises DiskFault."""

    async def write_atomic(self, path: str, data: bytes) -> None:
        """Replace the file durably: after a crash it holds the old bytes or the new, whole.
        Raises DiskFault."""

    async def remove(self, path: str) -> None:
        """Delete the file durably; nothing happens if there is none. Raises DiskFault."""

    async def list(self, prefix: str) -> list[str]:
        """Paths of all files that begin with ``prefix``, sorted. Raises DiskFault."""

    def locate(self, path: str) -> str:
        """Where a person finds the file: for error texts."""

    async def open_append(self, path: str) -> AppendFile:
        """Open for appending; the file is made (durably) if it is not there. Raises DiskFault."""


def check_path(path: str) -> str:
    """The path itself. Raises ValueError if it could lead out of the root."""
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts) or "\0" in path:
        raise ValueError(f"not a path within the disk: {path!r}")
    return path
