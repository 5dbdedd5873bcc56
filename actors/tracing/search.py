"""Searches a process's trace files. Blocks: for a thread.

Files are read in blocks, most of which are passed over unparsed. Must not know: who asks.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from cluster.limits import MIB
from cluster.messages.tracing import TraceBatch
from cluster.trace_subjects import Record, about, target

BLOCK_BYTES = MIB
# What one answer may hold: far more than a chain has, far less than a frame.
ANSWER_BYTES_MAX = 8 * MIB

Wanted = Callable[[Record], bool]


def find_trace(folder: Path, trace: str) -> TraceBatch:
    """Records of a trace, or with a link to it, the oldest first."""

    def wanted(record: Record) -> bool:
        if record.get("trace") == trace:
            return True
        return any(link.partition("-")[0] == trace for link in record.get("links", ()))

    return find(folder, trace, wanted, 0.0)


def find_subject(folder: Path, words: str, since: float) -> TraceBatch:
    """Records of writes to an object, and notes on it, the oldest first. Raises ValueError."""
    plural, namespace, name = target(words)
    paths = (f"{namespace}/{name}", name)
    return find(folder, name, lambda record: about(record, plural, paths), since)


def find(folder: Path, needle: str, wanted: Wanted, since: float) -> TraceBatch:
    """Records that hold the text ``needle``, are ``wanted``, and no older than ``since``."""
    if not needle:
        return TraceBatch(b"", 0)
    decode = msgspec.json.Decoder(dict).decode
    found: list[bytes] = []
    size = missed = 0
    for line in lines_with(folder, needle.encode(), since):
        try:
            record = decode(line)
        except msgspec.DecodeError:
            continue
        if record.get("ts", 0.0) < since or "event" not in record or not wanted(record):
            continue
        if size + len(line) > ANSWER_BYTES_MAX:
            missed += 1
            continue
        found.append(line)
        size += len(line) + 1
    return TraceBatch(b"".join(line + b"\n" for line in found), len(found), missed)


def lines_with(folder: Path, needle: bytes, since: float) -> Iterator[bytes]:
    """Whole lines of all files that hold ``needle``; files last written before ``since`` are
    passed over."""
    files = open_files(folder)
    try:
        for file in files:
            if os.fstat(file.fileno()).st_mtime < since:
                continue
            rest = b""
            while block := file.read(BLOCK_BYTES):
                block = rest + block
                whole, _, rest = block.rpartition(b"\n")
                if needle in whole:
                    yield from (line for line in whole.split(b"\n") if needle in line)
    finally:
        for file in files:
            file.close()


def open_files(folder: Path) -> list[BinaryIO]:
    """The folder's files, the oldest first. A file that is renamed meanwhile is not missed."""
    names = [path.name for path in folder.glob("*.jsonl")]
    opened: dict[int, BinaryIO] = {}
    # The newest first: a rotation moves a file to where it is still looked for.
    ages = range(max((age_of(name) for name in names), default=-1) + 2)
    stems = sorted({name.partition(".")[0] for name in names})
    for age in ages:
        for stem in stems:
            path = folder / (f"{stem}.{age}.jsonl" if age else f"{stem}.jsonl")
            try:
                file = path.open("rb")
            except FileNotFoundError:
                continue
            if opened.setdefault(os.fstat(file.fileno()).st_ino, file) is not file:
                file.close()
    return list(reversed(opened.values()))


def age_of(name: str) -> int:
    """``trace.3.jsonl`` → 3; ``trace.jsonl`` → 0."""
    middle = name.removesuffix(".jsonl").partition(".")[2]
    return int(middle) if middle.isdigit() else 0
