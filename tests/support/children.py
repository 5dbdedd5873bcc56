"""Processes that tests start and must never leave behind: they die with whoever started them."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import IO

PR_SET_PDEATHSIG = 1  # prctl(2)
LIBC = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def spawn(
    words: Sequence[str],
    output: IO[bytes] | int | None = None,
    environment: Mapping[str, str] | None = None,
    pipe: bool = False,
) -> "subprocess.Popen[bytes]":
    """Start a process in a group of its own (Ctrl-C in the terminal reaches the tests only), which
    the kernel kills if the thread that calls this ends. ``pipe``: its standard output is read by
    the caller, else it goes to ``output`` as its errors do."""
    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if pipe else output,
        stderr=output,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
        preexec_fn=_die_with_parent,  # no other thread holds a lock here
    )


def end(processes: Sequence["subprocess.Popen[bytes]"], seconds: float = 5.0) -> None:
    """SIGTERM, then SIGKILL; returns when all are gone."""
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
    limit = time.monotonic() + seconds
    for process in processes:
        try:
            process.wait(max(0.0, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def resident(pid: int) -> float:
    """Resident memory of a process in MB (10^6 bytes). Source: proc(5)."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
    raise AssertionError(f"process {pid} has no memory")
