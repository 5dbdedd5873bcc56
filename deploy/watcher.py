"""Tells when something changes in folders: by inotify(7), so that nobody asks in a loop.

Must not know: what is in them.
"""

import ctypes
import os
import select
import time

# Where there is no inotify folders are looked at so often. (Processes gather records of traces for
# half a second before they write them.)
LOOK_SECONDS = 0.5
# From <sys/inotify.h>.
IN_MODIFY = 0x00000002
IN_MOVED_TO = 0x00000080
IN_CREATE = 0x00000100
IN_DELETE = 0x00000200
IN_NONBLOCK = 0o4000
IN_CLOEXEC = 0o2000000
EVENTS_BYTES = 65536


class Watcher:
    """Tells when something was written in any of some folders, or removed from one."""

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
        """Watch this folder too, if it is there."""
        if self._add is not None and self._descriptor >= 0:
            mask = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE
            self._add(self._descriptor, os.fsencode(folder), ctypes.c_uint32(mask))

    def wait(self, seconds: float) -> None:
        """Until something has changed, at most that long."""
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
