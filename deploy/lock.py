"""One command at a time changes a cluster: a lock on its data directory, gone with its holder.

Must not know: what the command does.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager


class Busy(Exception):
    """Another command changes this cluster now; the text says so."""


@contextmanager
def held(data_dir: str) -> Iterator[None]:
    """Hold the lock, making the directory if it is missing (and removing it again if it then is
    still empty). Raises Busy, OSError."""
    os.makedirs(data_dir, mode=0o700, exist_ok=True)
    handle = os.open(data_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                f"another steersman command is at work on the cluster in {data_dir}: wait for it"
            ) from None
        yield
    finally:
        os.close(handle)
        if os.path.isdir(data_dir) and not os.listdir(data_dir):
            os.rmdir(data_dir)
