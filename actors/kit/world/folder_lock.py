"""One process at a time in a data folder: a lock that the kernel lets go of with its holder.

Must not know: what lies in the folder. Source: flock(2), proc_locks(5).
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class InUse(OSError):
    """Another process works in the folder; the text says which, and what to do."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock on ``folder``, which is made if it is missing. Raises InUse, OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(
                f"{folder} is in use by {_holder(handle)}: two that write there would ruin it; "
                "end that one first"
            ) from None
        yield
    finally:
        os.close(handle)


def _holder(handle: int) -> str:
    """Who has the lock, as far as the kernel tells this process."""
    found = os.fstat(handle)
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        lines = []
    for line in lines:
        words = line.split()
        if len(words) > 5 and words[1] == "FLOCK" and words[5] == place:
            return f"process {words[4]}"
    return "another process"
