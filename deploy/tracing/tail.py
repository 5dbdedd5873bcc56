"""New trace records as processes write them: the kernel tells of writes, nobody asks in a loop.

Job: to watch the processes' folders, and whole lines across the rotation of a file. Must not know:
what records say.
"""

import os
from collections.abc import Iterator
from typing import IO

from cluster.settings import ClusterSettings
from deploy.tracing import files
from deploy.watcher import Watcher


class Tail:
    """The lines that are added to a process's newest file. ``path``: it need not exist yet.
    ``whole``: from the file's beginning, not from its end."""

    def __init__(self, path: str, whole: bool = False) -> None:
        self.path = path
        self._file: IO[bytes] | None = None
        self._rest = b""
        self._open(os.SEEK_SET if whole else os.SEEK_END)

    def lines(self) -> list[bytes]:
        """Whole lines since the last call."""
        if self._file is None and not self._open(os.SEEK_SET):
            return []
        assert self._file is not None
        # Asked first: to a file that is no more the newest, nothing is added after this.
        rotated = self._rotated()
        found = self._read()
        if rotated:
            self._file.close()
            if self._open(os.SEEK_SET):
                found += self._read()
        return found

    def close(self) -> None:
        """Release the file."""
        if self._file is not None:
            self._file.close()

    def _read(self) -> list[bytes]:
        assert self._file is not None
        *found, self._rest = (self._rest + self._file.read()).split(b"\n")
        return found

    def _rotated(self) -> bool:
        assert self._file is not None
        try:
            return os.stat(self.path).st_ino != os.fstat(self._file.fileno()).st_ino
        except FileNotFoundError:
            return True

    def _open(self, whence: int) -> bool:
        try:
            self._file = open(self.path, "rb")  # noqa: SIM115  # a tail stays open
        except FileNotFoundError:
            self._file = None
            return False
        self._file.seek(0, whence)
        self._rest = b""
        return True


class Follower:
    """New lines of all processes of a cluster, or of ``only`` these; processes that begin later
    are followed from their beginning."""

    def __init__(self, settings: ClusterSettings, only: list[str] | None = None) -> None:
        self._settings = settings
        self._only = only
        self._watcher = Watcher()
        self._tails: dict[str, Tail] = {}
        os.makedirs(files.trace_folder(settings), exist_ok=True)
        self._watcher.add(files.trace_folder(settings))
        self._find(whole=False)

    @property
    def descriptor(self) -> int:
        """Readable when there may be new lines; -1 if nothing tells."""
        return self._watcher.descriptor

    def wait(self, seconds: float) -> None:
        """Until there may be new lines, at most that long."""
        self._watcher.wait(seconds)

    def lines(self) -> list[bytes]:
        """What was written since the last call, one process after the other."""
        self._find(whole=True)
        return [line for tail in self._tails.values() for line in tail.lines()]

    def close(self) -> None:
        """No more."""
        self._watcher.close()
        for tail in self._tails.values():
            tail.close()

    def _find(self, whole: bool) -> None:
        for folder in files.process_folders(self._settings):
            if folder in self._tails or (self._only and os.path.basename(folder) not in self._only):
                continue
            self._watcher.add(folder)
            self._tails[folder] = Tail(os.path.join(folder, files.NEWEST), whole)


def follow(
    settings: ClusterSettings, only: list[str] | None = None, seconds: float = 60.0
) -> Iterator[list[bytes]]:
    """New lines, as they come, until interrupted; [] if ``seconds`` went by without any."""
    follower = Follower(settings, only)
    try:
        while True:
            lines = follower.lines()
            if lines:
                yield lines
                continue
            follower.wait(seconds)
            yield follower.lines()
    finally:
        follower.close()
