"""Exactly-once: which results of which clients are remembered (Raft thesis, 6.3).

Job: the bounded session table. Must not know: what transactions do.

A client numbers its transactions from 1, perhaps many at a time, and says below which number it
wants no results any more. A number that comes again gets its first result; a late copy of one that
is answered for is refused, never applied. Results are whole, as the client would have got them:
they share the stored bytes, but may be the last to hold old ones, so they are bounded in bytes too.
Where a bound takes a result away, its number counts as answered for: refused, never applied.

What is forgotten depends only on the order in which results were recorded: all replicas forget
alike.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from cluster import limits
from cluster.errors import SessionExpired, StoreError
from cluster.messages.store import LeaseStatus, TxnResult

TxnOutcome = TxnResult | StoreError
Outcome = TxnOutcome | LeaseStatus

# What remembering an outcome costs beside its bytes.
RESULT_OVERHEAD_BYTES = 300


@dataclass(slots=True)
class Session:
    """``done_below``: sequences below it are over. ``results``: outcome and cost in bytes by
    sequence, the first recorded first."""

    done_below: int = 1
    results: OrderedDict[int, tuple[TxnOutcome, int]] = field(default_factory=OrderedDict)


class Sessions:
    """``table``: sessions by client, the least recently used first. ``bytes``: of all results."""

    def __init__(self) -> None:
        self.table: OrderedDict[str, Session] = OrderedDict()
        self.bytes = 0

    def find(self, client: str, sequence: int, established: bool) -> TxnOutcome | None:
        """What to answer instead of applying; None: apply it, it is new."""
        session = self.table.get(client)
        if session is None:
            # Who has been answered before had a session: it was dropped to make room for others,
            # and applying might be a second time.
            return SessionExpired(f"session {client} is forgotten") if established else None
        known = session.results.get(sequence)
        if known is not None:
            self.table.move_to_end(client)
            return known[0]
        if sequence < session.done_below:
            return SessionExpired(f"sequence {sequence} of session {client} is over")
        return None

    def remembered(self, client: str, sequence: int) -> TxnOutcome | None:
        """The result, if it is kept. Not a use of the session: what is forgotten must not depend on
        what one replica was asked."""
        session = self.table.get(client)
        known = session.results.get(sequence) if session is not None else None
        return known[0] if known is not None else None

    def record(self, client: str, sequence: int, done_below: int, outcome: TxnOutcome) -> None:
        """Remember a result; forget those not wanted any more, and the oldest of too many."""
        session = self.table.get(client)
        if session is None:
            session = self.table[client] = Session()
            if len(self.table) > limits.SESSIONS_MAX:
                _, oldest = self.table.popitem(last=False)
                self.bytes -= sum(cost for _, cost in oldest.results.values())
        else:
            self.table.move_to_end(client)
        cost = cost_of(outcome)
        self.bytes += cost
        results = session.results
        results[sequence] = (outcome, cost)
        if done_below > session.done_below:
            session.done_below = done_below
            # Results are recorded nearly in the order of their numbers: one that overtook others is
            # forgotten a little later than it might be, and nothing is searched for.
            while results and next(iter(results)) < done_below:
                self.bytes -= results.popitem(last=False)[1][1]
        if len(results) > limits.SESSION_RESULTS_MAX:
            self._drop_oldest(session)
        if self.bytes > limits.SESSIONS_BYTES_MAX:
            self._make_room()

    def restore(self, client: str, done_below: int, results: dict[int, TxnOutcome]) -> None:
        """A session as it was, the most recently used of those restored so far."""
        kept = OrderedDict((number, (known, cost_of(known))) for number, known in results.items())
        self.table[client] = Session(done_below, kept)
        self.bytes += sum(cost for _, cost in kept.values())

    def _make_room(self) -> None:
        """Forget results, those of the sessions that were quiet for longest first, but no session
        and not the newest result: whoever waits for that one is there. Some more at once than need
        be, so that it is not for each result that all sessions are looked through."""
        wanted = limits.SESSIONS_BYTES_MAX * 7 // 8
        newest = next(reversed(self.table))
        for client, session in self.table.items():
            spared = 1 if client == newest else 0
            while self.bytes > wanted and len(session.results) > spared:
                self._drop_oldest(session)
            if self.bytes <= wanted:
                return

    def _drop_oldest(self, session: Session) -> None:
        sequence, (_, cost) = session.results.popitem(last=False)
        self.bytes -= cost
        session.done_below = max(session.done_below, sequence + 1)


def cost_of(outcome: TxnOutcome) -> int:
    """Bytes that remembering it may hold on to."""
    size = RESULT_OVERHEAD_BYTES
    if isinstance(outcome, TxnResult):
        for item in outcome.items:
            if item is not None:
                size += len(item.value) + len(item.index)
    return size
