"""What is broken now, on disk: ``<data_dir>/chaos/active.json``, and the faults of each process.

Written before anything is broken, so that a launcher killed midway leaves a state that can be shown
and mended; and a process that starts anew reads its own file (``<process>.json``) and suffers on.
Must not know: how anything is broken or mended.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

import msgspec

from cluster.chaos import faults, plan
from cluster.chaos.faults import Fault
from cluster.chaos.orders import Active
from deploy import processes
from deploy.lock import Busy

FILE = "active.json"
LOCK = "lock"
# A change of the ledger takes milliseconds.
LOCK_SECONDS = 10.0


class Entry(msgspec.Struct, frozen=True):
    """A fault and where it is on its way. ``keeper``, ``started``: the process that works on it
    (pid, start time in clock ticks), or will end it. ``inner``: what each process suffers."""

    active: Active
    phase: Literal["beginning", "standing", "healing"]
    keeper: int
    started: int
    inner: dict[str, Fault] = {}

    @property
    def name(self) -> str:
        """Of the fault."""
        return self.active.name

    def kept(self) -> bool:
        """Whether somebody is at work on it, or will end it."""
        return processes.started_at(self.keeper) == self.started


class Page(msgspec.Struct):
    """The file: the number of the next fault, and all that is broken, oldest first."""

    number: int = 1
    entries: list[Entry] = []

    def entry(self, name: str) -> Entry | None:
        """The one of that name."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def put(self, entry: Entry) -> None:
        """Add it, or put it in the place of the one with its name."""
        names = [one.name for one in self.entries]
        if entry.name in names:
            self.entries[names.index(entry.name)] = entry
        else:
            self.entries.append(entry)

    def drop(self, name: str) -> None:
        """It is no more."""
        self.entries = [entry for entry in self.entries if entry.name != name]


class Ledger:
    """Of the cluster in ``data_dir``."""

    def __init__(self, data_dir: str) -> None:
        self.folder = os.path.join(data_dir, "chaos")

    def entries(self) -> list[Entry]:
        """What is broken, oldest first."""
        return self._read().entries

    @contextmanager
    def changing(self) -> Iterator[Page]:
        """One change at a time: what the block leaves is written, unless it fails. Raises Busy,
        and FileNotFoundError if the cluster has been taken down meanwhile."""
        with suppress(FileExistsError):
            os.mkdir(self.folder, mode=0o700)
        handle = os.open(os.path.join(self.folder, LOCK), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _take(handle, self.folder)
            page = self._read()
            hit = _suffering(page.entries)
            yield page
            self._write_faults(hit, _suffering(page.entries))
            _write(os.path.join(self.folder, FILE), msgspec.json.encode(page))
        finally:
            os.close(handle)

    def faults_of(self, process: str) -> tuple[Fault, ...]:
        """What the process suffers, by its file."""
        try:
            with open(os.path.join(self.folder, f"{process}.json"), "rb") as file:
                return faults.decode(file.read())
        except FileNotFoundError:
            return ()

    def _read(self) -> Page:
        try:
            with open(os.path.join(self.folder, FILE), "rb") as file:
                return msgspec.json.decode(file.read(), type=Page)
        except FileNotFoundError:
            return Page()
        except msgspec.DecodeError as error:
            raise ValueError(f"{self.folder}/{FILE} is damaged ({error}): remove it") from error

    def _write_faults(self, before: dict[str, list[Fault]], now: dict[str, list[Fault]]) -> None:
        for process in {**before, **now}:
            path = os.path.join(self.folder, f"{process}.json")
            if now.get(process):
                _write(path, faults.encode(tuple(now[process])))
            elif os.path.exists(path):
                os.unlink(path)


def standing(data_dir: str) -> str:
    """What is broken on purpose, as a line for people; '' if nothing is."""
    names = ", ".join(entry.name for entry in Ledger(data_dir).entries())
    return f"broken on purpose: {names}; see `steersman chaos status`" if names else ""


def _suffering(entries: list[Entry]) -> dict[str, list[Fault]]:
    """By process. What strikes once is not in it: it would strike again at each start."""
    found: dict[str, list[Fault]] = {}
    for entry in entries:
        if entry.phase == "healing" or entry.active.order.verb in plan.ONCE:
            continue
        for process, fault in entry.inner.items():
            found.setdefault(process, []).append(fault)
    return found


def _take(handle: int, folder: str) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Busy(f"another command changes {folder}: try again") from None
            time.sleep(0.01)


def _write(path: str, data: bytes) -> None:
    with open(os.open(path + ".tmp", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".tmp", path)
