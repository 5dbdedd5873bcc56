"""New trace records as processes write them: the kernel tells of writes, nobody asks in a loop.

Job: inotify(7) on the processes' folders, and whole lines across the rotation of a file. Where
there is no inotify the folders are looked at twice a second. Must not know: what records say.
"""

import ctypes
import os
import select
import time
from collections.abc import Iterator
from typing import IO

from cluster.settings import ClusterSettings
from deploy.tracing import files

# Processes gather records for half a second before they write them.
LOOK_SECONDS = 0.5
# From <sys/inotify.h>.
IN_MODIFY = 0x00000002
IN_MOVED_TO = 0x00000080
IN_CREATE = 0x00000100
IN_NONBLOCK = 0o4000
IN_CLOEXEC = 0o2000000
EVENTS_BYTES = 65536


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


class Watcher:
    """Tells when something was written below any of some folders."""

    def __init__(self) -> None:
        self._descriptor = -1
        self._add = None
        try:
            library = ctypes.CDLL(None, use_errno=True)
            self._descriptor = library.inotify_init1(IN_NONBLOCK | IN_CLOEXEC)
            self._add = library.inotify_add_watch
        except (OSError, AttributeError):
            self._descriptor = -1

    @property
    def descriptor(self) -> int:
        """What select(2) may wait on; -1 if there is no inotify."""
        return self._descriptor

    def add(self, folder: str) -> None:
        """Watch this folder too."""
        if self._add is not None and self._descriptor >= 0:
            mask = IN_MODIFY | IN_CREATE | IN_MOVED_TO
            self._add(self._descriptor, os.fsencode(folder), ctypes.c_uint32(mask))

    def wait(self, seconds: float) -> None:
        """Until something was written, at most that long."""
        if self._descriptor < 0:
            if seconds > 0:
                time.sleep(min(seconds, LOOK_SECONDS))
            return
        readable, _, _ = select.select([self._descriptor], [], [], seconds)
        if readable:
            try:
                os.read(self._descriptor, EVENTS_BYTES)
            except BlockingIOError:
                return

    def close(self) -> None:
        """No more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


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
