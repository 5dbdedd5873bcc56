"""What the tracer of a process is asked. Receivers: ``tracer@<process>``.

Only replicas and actors of the same process may ask. Records are JSON lines as
``actors.kit.recorder`` makes them.
"""

from typing import ClassVar

from cluster.messages.base import Message


class WatchTrace(Message, frozen=True):
    """Stream of TraceBatch: records as they are made, from now on.

    ``actors``: of messages from or to these only: an address, or an actor's name on any process
    (its children are meant too); () is all. ``traces``: of these trace ids only; () is all.
    ``with_routine``: what is kept of heartbeats too. ``rate``: records a second, 0 is no bound. A
    slow reader loses records, and is told how many.
    """

    actors: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    with_routine: bool = False
    rate: int = 0

    def subject(self) -> str:
        return "watch trace"


class FindTrace(Message, frozen=True):
    """Ask: what this process's files hold of a trace, or say is linked to it. TraceBatch."""

    trace: str

    def subject(self) -> str:
        return f"find {self.trace}"


class FindSubject(Message, frozen=True):
    """Ask: what this process's files hold of writes to an object, and notes on it. TraceBatch.

    ``words``: KIND/NAME or KIND/NAMESPACE/NAME. ``since``: UNIX seconds, 0 is from the start.
    """

    words: str
    since: float = 0.0

    def subject(self) -> str:
        return f"find {self.words}"


class TraceBatch(Message, frozen=True):
    """``records``: ``count`` JSON lines. ``missed``: so many more there were, since the last
    batch, that are not told: the reader was slow, or the answer would be too long."""

    routine: ClassVar[bool] = True

    records: bytes
    count: int
    missed: int = 0

    def subject(self) -> str:
        return f"{self.count} records"
