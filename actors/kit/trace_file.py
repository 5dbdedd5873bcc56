"""Trace records as JSON lines on disk, written by a thread so that the loop never waits.

The thread makes the lines too, a few at a time: between them it lets go of the interpreter, so that
the loop waits for microseconds at most. What may change meanwhile (a mapping) becomes its line at
once.

``trace.jsonl`` is the newest, ``trace.1.jsonl`` the one before, and so on; heartbeats go to
``routine.jsonl`` with one predecessor. The buffer is bounded: what does not fit is counted, and the
count is written. Must not know: what the records say.
"""

import threading
from collections import deque
from pathlib import Path
from typing import IO

import msgspec

from actors.kit.tracing import Kept, Step, encoded
from cluster.limits import MIB

BUFFERED_RECORDS_MAX = 50_000
TRACE_BYTES_MAX = 32 * MIB
TRACE_FILES_MAX = 8
ROUTINE_BYTES_MAX = 4 * MIB
ROUTINE_FILES_MAX = 2
# Records gather this long before they are written, so that an idle process's thread rests too.
GATHER_SECONDS = 0.5
# Routine records are written with others, or when so many have gathered: nobody waits for them.
GATHER_ROUTINE = 32
# Records that are made lines and written at once: 30 microseconds of the interpreter.
PORTION = 100
CLOSE_SECONDS_MAX = 2.0


Buffer = deque[Step | msgspec.Raw]


class RotatingFile:
    """``<stem>.jsonl`` of at most ``bytes_max``, and ``files_max`` - 1 predecessors."""

    def __init__(self, directory: Path, stem: str, bytes_max: int, files_max: int) -> None:
        self._directory = directory
        self._stem = stem
        self._bytes_max = bytes_max
        self._files_max = files_max
        self._file: IO[bytes] = self._path(0).open("ab")
        self._size = self._file.tell()

    def write(self, data: bytes) -> None:
        """Append whole lines."""
        if self._file.closed or (self._size and self._size + len(data) > self._bytes_max):
            self._rotate()
        self._file.write(data)
        self._file.flush()
        self._size += len(data)

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _path(self, age: int) -> Path:
        return self._directory / (f"{self._stem}.{age}.jsonl" if age else f"{self._stem}.jsonl")

    def _rotate(self) -> None:
        self._file.close()
        for age in range(self._files_max - 1, 0, -1):
            younger = self._path(age - 1)
            if younger.exists():
                younger.replace(self._path(age))
        self._file = self._path(0).open("wb")
        self._size = 0


class FileTracer:
    """A ``Tracer`` that writes below ``directory`` (made if missing)."""

    def __init__(
        self,
        directory: Path,
        bytes_max: int = TRACE_BYTES_MAX,
        files_max: int = TRACE_FILES_MAX,
        buffered_max: int = BUFFERED_RECORDS_MAX,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.dropped = 0
        self._buffered_max = buffered_max
        self._buffers: tuple[Buffer, Buffer] = (deque(), deque())
        self._encode_lines = msgspec.json.Encoder().encode_lines
        self._reported = 0
        self._dropped_at = 0.0
        self._work = RotatingFile(directory, "trace", bytes_max, files_max)
        self._routine = RotatingFile(directory, "routine", ROUTINE_BYTES_MAX, ROUTINE_FILES_MAX)
        self._writing = threading.Lock()
        # Whether the thread must be woken.
        self._resting = True
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tracer", daemon=True)
        self._thread.start()

    def record(self, fields: Kept, routine: bool = False) -> None:
        """Keep one record for the thread to write."""
        buffer = self._buffers[routine]
        if len(buffer) >= self._buffered_max:
            self.dropped += 1
            self._dropped_at = fields.ts if isinstance(fields, Step) else fields.get("ts", 0.0)
            return
        buffer.append(fields if type(fields) is Step else msgspec.Raw(encoded(fields)))
        if self._resting and (not routine or len(buffer) >= GATHER_ROUTINE):
            self._resting = False
            self._wake.set()

    def flush(self) -> None:
        """Write what is buffered. Blocks, if need be for as long as the disk does."""
        self._write()

    def close(self) -> None:
        """Write what is buffered, then end the thread. A disk that stands still is not waited
        for."""
        self._closing.set()
        self._wake.set()
        self._thread.join(CLOSE_SECONDS_MAX)
        if not self._thread.is_alive():
            self._work.close()
            self._routine.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._closing.wait(GATHER_SECONDS)
            self._wake.clear()
            # Before the look at the buffers: what comes after it wakes the thread again.
            self._resting = True
            self._write()
        self._write()

    def _write(self) -> None:
        with self._writing:
            for file, buffer in zip((self._work, self._routine), self._buffers, strict=True):
                self._write_one(file, buffer)

    def _write_one(self, file: RotatingFile, buffer: "Buffer") -> None:
        records = [buffer.popleft() for _ in range(len(buffer))]
        if file is self._work and self.dropped > self._reported:
            count, self._reported = self.dropped - self._reported, self.dropped
            missed = {"ts": self._dropped_at, "event": "missed", "count": count}
            records.append(msgspec.Raw(encoded(missed)))
        for start in range(0, len(records), PORTION):
            portion = records[start : start + PORTION]
            self._put(file, self._lines(portion), len(portion))

    def _lines(self, portion: "list[Step | msgspec.Raw]") -> bytes:
        try:
            return self._encode_lines(portion)
        except UnicodeEncodeError:
            lines = (encoded(one) if isinstance(one, Step) else bytes(one) for one in portion)
            return b"".join(line + b"\n" for line in lines)

    def _put(self, file: RotatingFile, data: bytes, count: int) -> None:
        try:
            file.write(data)
        except OSError:
            # A full disk must not stop the cluster: the gap is reported once there is room.
            self.dropped += count
