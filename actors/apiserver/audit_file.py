"""The audit log on disk: JSON lines in rotating files, written by a thread.

Must not know: what the lines say.
"""

import asyncio
from collections import deque
from pathlib import Path

from actors.apiserver.audit_metrics import AuditCounts
from actors.kit.trace_file import RotatingFile
from actors.kit.world.file_thread import FileThread
from cluster.limits import MIB

FILE_BYTES_MAX = 100 * MIB
FILES_MAX = 10
# Beyond this the disk does not keep up: what comes then is counted, and the count is written.
WAITING_LINES_MAX = 50_000


class AuditFile:
    """``audit.jsonl`` below ``directory`` (made if missing), and its predecessors."""

    def __init__(self, directory: Path, counts: AuditCounts | None = None) -> None:
        self._counts = counts or AuditCounts()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.dropped = 0
        self._file = RotatingFile(directory, "audit", FILE_BYTES_MAX, FILES_MAX)
        self._thread = FileThread("audit log")
        self._waiting: deque[bytes] = deque()
        self._writing = False

    def put(self, line: bytes) -> None:
        """Write one, soon. Never blocks."""
        if len(self._waiting) >= WAITING_LINES_MAX:
            self.dropped += 1
            self._counts.lost += 1
            return
        if self.dropped:
            line = b'{"dropped":%d}\n' % self.dropped + line
            self.dropped = 0
        self._waiting.append(line)
        if not self._writing:
            self._writing = True
            self._thread.do(self._write).add_done_callback(self._written)

    async def close(self) -> None:
        """Write what waits, then release the file."""
        work = [self._thread.do(self._write), self._thread.do(self._file.close)]
        self._thread.end()
        await asyncio.wait(work)

    def _write(self) -> None:
        while self._waiting:
            lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
            self._file.write(b"".join(lines))

    def _written(self, future: object) -> None:
        self._writing = False
        if self._waiting:
            self._writing = True
            self._thread.do(self._write).add_done_callback(self._written)
