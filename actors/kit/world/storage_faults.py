"""What goes wrong with a disk on purpose, at the system calls of ``real_disk``.

Called in the threads that write, so a slow disk holds up what a slow disk would. Must not know:
files.
"""

import errno
import os
import signal
import time
from collections.abc import Callable, Sequence

from cluster.chaos.faults import StorageFault

Struck = dict[str, int]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class StorageFaults:
    """Nothing, until it is told to ``suffer``."""

    def __init__(
        self, sleep: Callable[[float], None] = time.sleep, die: Callable[[], None] = _die
    ) -> None:
        self._sleep = sleep
        self._die = die
        self._faults: list[tuple[StorageFault, Struck]] = []

    def suffer(self, faults: list[tuple[StorageFault, Struck]]) -> None:
        """These from now on, and no others. What they do is counted in their dicts."""
        self._faults = faults

    def before_room(self) -> None:
        """A file is about to grow. Raises OSError (ENOSPC) if the disk is full."""
        if self._strike("full", "refused") is not None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def before_write(self, fd: int, pieces: Sequence[bytes], offset: int) -> None:
        """Raises OSError (ENOSPC), or writes a part and ends the process."""
        if not self._faults:
            return
        self.before_room()
        torn = self._strike("torn-write", "torn")
        if torn is not None:
            data = b"".join(pieces)
            os.pwrite(fd, data[: int(len(data) * torn.share)], offset)
            os.fsync(fd)
            self._die()

    def before_sync(self) -> None:
        """Sleeps as long as the disk is slow. Raises OSError (EIO), once per fault."""
        if not self._faults:
            return
        slow = self._strike("slow", "slowed")
        if slow is not None:
            self._sleep(slow.seconds)
        if self._strike("fsync-error", "refused", once=True) is not None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def _strike(self, kind: str, what: str, once: bool = False) -> StorageFault | None:
        for fault, struck in self._faults:
            if fault.kind == kind and not (once and struck.get(what)):
                struck[what] = struck.get(what, 0) + 1
                return fault
        return None
