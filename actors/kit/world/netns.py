"""Network namespaces of threads and commands.

Must not know: what is done inside one.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Found = TypeVar("Found")

CLONE_NEWNET = 0x40000000


def enter_namespace(path: str) -> None:
    """Move the calling thread into the network namespace at ``path`` ('' stays). Raises OSError.

    Python has ``os.setns`` from 3.12 on only, hence libc."""
    if not path:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if libc.setns(descriptor, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {path}")
    finally:
        os.close(descriptor)


def in_namespace(path: str, work: Callable[[], Found]) -> Found:
    """Do it in a thread that is in the network namespace at ``path`` ('' : this one) and ends
    thereafter. Blocks. Raises OSError, and whatever the work raises."""
    done: Future[Found] = Future()

    def run() -> None:
        try:
            enter_namespace(path)
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return done.result()


def namespace_command(path: str) -> list[str]:
    """The words before a command that make it run in the namespace at ``path`` ('' : none)."""
    return ["nsenter", f"--net={path}"] if path else []
