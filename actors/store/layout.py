"""Where a member keeps its files: names only.

Must not know: what is in them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """``root``: the member's folder. A file counts under its name here; everything else in the
    folder is left over from something that was cut short."""

    root: str

    @classmethod
    def of(cls, member: str) -> "Layout":
        """The member's."""
        return cls(f"raft/{member}")

    @property
    def logs(self) -> str:
        """What the log's segments begin with."""
        return f"{self.root}/log-"

    @property
    def snapshots(self) -> str:
        """What snapshots begin with."""
        return f"{self.root}/snapshot-"

    @property
    def unfinished(self) -> str:
        """What snapshots being written begin with."""
        return f"{self.root}/unfinished-"

    @property
    def next(self) -> str:
        """The segment prepared in advance."""
        return f"{self.root}/next"

    @property
    def spares(self) -> str:
        """What segments that are no part of the log any more begin with."""
        return f"{self.root}/spare-"

    @property
    def spool(self) -> str:
        """The snapshot being received."""
        return f"{self.root}/spool"

    @property
    def spool_table(self) -> str:
        """How much of it is durable."""
        return f"{self.root}/spool-table"

    def log(self, number: int) -> str:
        """One segment."""
        return f"{self.logs}{number:016d}"

    def spare(self, number: int) -> str:
        """What was this segment, until it is used again."""
        return f"{self.spares}{number:016d}"

    def snapshot(self, index: int) -> str:
        """The snapshot of the state after an entry."""
        return f"{self.snapshots}{index:020d}"

    def unfinished_snapshot(self, index: int) -> str:
        """The same while it is written."""
        return f"{self.unfinished}{index:020d}"
