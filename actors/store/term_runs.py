"""Which terms the entries of a log are of, as runs: pure.

Job: tell whether a log holds an entry, without holding the entries. Must not know: data, files.
"""

from collections.abc import Sequence

from cluster.raft.messages import Entry, SnapshotMeta


class TermRuns:
    """``meta`` is what the log begins after."""

    def __init__(self, meta: SnapshotMeta, entries: Sequence[Entry] = ()) -> None:
        # First index and term of each run, in order.
        self._runs: list[tuple[int, int]] = [(meta.index, meta.term)]
        self._last = meta.index
        self.take(entries)

    def take(self, entries: Sequence[Entry]) -> None:
        """Entries were written, in place of all from the first one's index on."""
        if not entries:
            return
        runs = self._runs
        while runs and runs[-1][0] >= entries[0].index:
            runs.pop()
        # Terms never fall, so the last entry's tells of all.
        if not runs or runs[-1][1] != entries[-1].term:
            for entry in entries:
                if not runs or runs[-1][1] != entry.term:
                    runs.append((entry.index, entry.term))
        self._last = entries[-1].index

    def holds(self, index: int, term: int) -> bool:
        """Whether that very entry is in the log, or is what it begins after."""
        if index > self._last:
            return False
        for first, found in reversed(self._runs):
            if first <= index:
                return found == term
        return False

    def compact(self, index: int) -> None:
        """Nobody will ask for what is before ``index``."""
        runs = self._runs
        while len(runs) > 1 and runs[1][0] <= index:
            runs.pop(0)
