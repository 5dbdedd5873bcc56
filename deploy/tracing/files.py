"""The kept trace records of all processes, from their files. Must not know: what records say.

``trace.jsonl`` is a process's newest file, ``trace.1.jsonl`` the one before, and so on.
"""

import os
from collections.abc import Iterable, Iterator
from typing import IO, Any

import msgspec

from cluster.settings import ClusterSettings

Record = dict[str, Any]
NEWEST = "trace.jsonl"
# Every line begins with its time, so that most need not be parsed to know that they are too old.
TIME_FIRST = b'{"ts":'


def trace_folder(settings: ClusterSettings) -> str:
    """Where each process has a folder."""
    return os.path.join(settings.data_dir, "trace")


def process_folders(settings: ClusterSettings) -> list[str]:
    """The folders of all processes that ever wrote, in the order of their names."""
    base = trace_folder(settings)
    if not os.path.isdir(base):
        return []
    found = [os.path.join(base, name) for name in sorted(os.listdir(base))]
    return [folder for folder in found if os.path.isdir(folder)]


def records(settings: ClusterSettings, since: float = 0.0, *texts: str) -> Iterator[Record]:
    """Records of all processes, one process after the other, each from its oldest.

    ``since``: UNIX seconds; older ones are left out. ``texts``: only records whose line holds one
    of them; without any, all.
    """
    for folder in process_folders(settings):
        yield from records_of(folder, since, *texts)


def records_of(folder: str, since: float = 0.0, *texts: str) -> Iterator[Record]:
    """Records of one process, from the oldest."""
    for file in opened(folder):
        with file:
            if os.fstat(file.fileno()).st_mtime >= since:
                yield from decoded(file, since, *(text.encode() for text in texts))


def opened(folder: str) -> list[IO[bytes]]:
    """A process's files, the oldest first. One that is renamed meanwhile is not missed: the newest
    is opened first, and a rotation moves a file to where it is looked for next."""
    found: dict[int, IO[bytes]] = {}
    oldest = max((age(name) for name in names(folder)), default=-1)
    for number in range(oldest + 2):
        name = f"trace.{number}.jsonl" if number else NEWEST
        try:
            file = open(os.path.join(folder, name), "rb")  # noqa: SIM115  # who reads it closes it
        except FileNotFoundError:
            continue
        if found.setdefault(os.fstat(file.fileno()).st_ino, file) is not file:
            file.close()
    return list(reversed(found.values()))


def names(folder: str) -> list[str]:
    """The trace files in a folder, in no order."""
    if not os.path.isdir(folder):
        return []
    return [name for name in os.listdir(folder) if name.startswith("trace.") and "jsonl" in name]


def age(name: str) -> int:
    """``trace.3.jsonl`` → 3, ``trace.jsonl`` → 0."""
    middle = name.split(".")[1]
    return int(middle) if middle.isdigit() else 0


def decoded(lines: Iterable[bytes], since: float = 0.0, *texts: bytes) -> Iterator[Record]:
    """The records of lines; a half-written one is passed over."""
    decoder = msgspec.json.Decoder()
    for line in lines:
        if texts and not any(text in line for text in texts):
            continue
        if since and stamp(line) < since:
            continue
        try:
            record = decoder.decode(line)
        except msgspec.DecodeError:
            continue
        # What JSON could not hold (event ``unwritable``) has no time, and tells nothing here.
        if isinstance(record, dict) and "ts" in record:
            yield record


def stamp(line: bytes) -> float:
    """When a line's record was made, UNIX seconds; without end if its beginning does not say."""
    if line.startswith(TIME_FIRST):
        number = line[len(TIME_FIRST) :].partition(b",")[0]
        try:
            return float(number)
        except ValueError:
            return float("inf")
    return float("inf")
