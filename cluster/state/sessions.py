"""Exactly-once: which results of which clients are remembered (Raft thesis, 6.3).

Job: the bounded session table. Must not know: what transactions do.

A client numbers its transactions from 1, perhaps many at a time, and says below which number it
wants no results any more. A number that comes again gets its first result; a late copy of one that
is answered for is refused, never applied.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from cluster import limits
from cluster.errors import SessionExpired, StoreError
from cluster.messages.store import LeaseStatus, TxnResult

TxnOutcome = TxnResult | StoreError
Outcome = TxnOutcome | LeaseStatus


@dataclass(slots=True)
class Session:
    """``done_below``: sequences below it are over. ``results`` by sequence."""

    done_below: int = 1
    results: dict[int, TxnOutcome] = field(default_factory=dict)


class Sessions:
    """Sessions by client, the least recently used first."""

    def __init__(self) -> None:
        self.table: OrderedDict[str, Session] = OrderedDict()

    def find(self, client: str, sequence: int, established: bool) -> TxnOutcome | None:
        """What to answer instead of applying; None: apply it, it is new."""
        session = self.table.get(client)
        if session is None:
            # Who has been answered before had a session: it was dropped to make room for others,
            # and applying might be a second time.
            return SessionExpired(f"session {client} is forgotten") if established else None
        if sequence in session.results:
            self.table.move_to_end(client)
            return session.results[sequence]
        if sequence < session.done_below:
            return SessionExpired(f"sequence {sequence} of session {client} is over")
        return None

    def record(self, client: str, sequence: int, done_below: int, outcome: TxnOutcome) -> None:
        """Remember a result; forget those not wanted any more, and the oldest session of many."""
        session = self.table.setdefault(client, Session())
        self.table.move_to_end(client)
        session.results[sequence] = outcome
        if done_below > session.done_below:
            session.done_below = done_below
            for number in [number for number in session.results if number < done_below]:
                del session.results[number]
        while len(session.results) > limits.SESSION_RESULTS_MAX:
            oldest = min(session.results)
            del session.results[oldest]
            session.done_below = oldest + 1
        while len(self.table) > limits.SESSIONS_MAX:
            self.table.popitem(last=False)
