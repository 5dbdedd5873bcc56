"""What a disk is to an actor: files replaced whole, files prepared in advance, files that grow.

Paths are str, relative to the disk's root, with ``/`` between the parts. Must not know: where the
root is.
"""

import asyncio
from typing import Protocol


class DiskFault(Exception):
    """The disk failed. What was not synced may be lost, so nobody retries: the actor crashes.

    After a failed fsync the kernel may call the lost pages clean, so that the next fsync succeeds
    without the data being there ("Can Applications Recover from fsync Failures?", USENIX ATC 2020).
    """


class DiskFull(DiskFault):
    """There is no room. What was durable before still is; it goes on once there is room."""


class AppendFile(Protocol):
    """A file written at a moving end, which may lie before the end of the room it has."""

    @property
    def size(self) -> int:
        """The end: bytes, with those appended and not yet synced."""

    def append(self, *pieces: bytes) -> None:
        """Add at the end. Not durable (nor readable) before ``sync``. Raises DiskFault if this
        file has failed before."""

    async def sync(self, behind: bytes = b"") -> None:
        """Make all that was appended before the call durable, and ``behind`` after it in the same
        write: bytes that do not count in ``size``, so what is appended next takes their place. A
        crash may keep the one and lose the other. Raises DiskFault; never retried."""

    async def truncate(self, size: int) -> None:
        """Cut the end and the room to ``size`` bytes, durably. Raises DiskFault, ValueError if
        the end is before it."""

    async def close(self) -> None:
        """Release it. What was not synced may be lost."""


class Disk(Protocol):
    """A tree of files."""

    async def read(self, path: str) -> bytes | None:
        """The file's bytes, None if there is none. Raises DiskFault."""

    async def read_at(self, path: str, offset: int, count: int) -> bytes | None:
        """Up to ``count`` bytes from ``offset`` on (fewer only at the end), None if there is no
        such file. Raises DiskFault."""

    async def write_atomic(self, path: str, data: bytes) -> None:
        """Replace the file durably: after a crash it holds the old bytes or the new, whole.
        Raises DiskFault."""

    async def rename(self, old: str, new: str) -> None:
        """Give the file another name durably, in place of what had it. A file open for appending
        stays open. After a crash it has one name or the other. Raises DiskFault."""

    async def remove(self, path: str) -> None:
        """Delete the file durably; nothing happens if there is none. Raises DiskFault."""

    async def list(self, prefix: str) -> list[str]:
        """Paths of all files that begin with ``prefix``, sorted. Raises DiskFault."""

    def locate(self, path: str) -> str:
        """Where a person finds the file: for error texts."""

    def prepare(self, path: str, size: int) -> "asyncio.Future[None]":
        """Begin at once to make, durably and whole, a file of ``size`` zero bytes: written, not
        merely reserved, so that overwriting it changes nothing but its bytes. The future tells
        when it is there, or DiskFault; then nothing is left of it."""

    async def open_append(self, path: str, end: int | None = None) -> AppendFile:
        """Open for appending at ``end`` (None: where the file ends); what lies behind is room to
        be overwritten. The file is made (durably) if it is not there; if it is, its name is durable
        from here on, also if the sync that should have seen to that has failed. Raises DiskFault,
        ValueError if the file is shorter than ``end``."""


def check_path(path: str) -> str:
    """The path itself. Raises ValueError if it could lead out of the root."""
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts) or "\0" in path:
        raise ValueError(f"not a path within the disk: {path!r}")
    return path
