"""ReadIndex rounds of a leader (thesis 6.4).

Job: which reads wait for which round; when the newest confirmed round began. Must not know:
messages, logs, roles.

A round has a fresh number, carried by every append sent from then on and echoed in the answer: an
answer to round n proves leadership at a time after all reads up to round n were asked. Reads that
come before the leader has committed an entry of its own term wait: its commit index may be old.

A round needs a quorum's answers, not all: it is asked of those whose answers confirmed the last
one. If one of them fails, whoever answers the next heartbeat first takes its place.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from cluster.raft.ready import ReadState


class Round(NamedTuple):
    """``began``: seconds; nothing that carries ``number`` was sent before."""

    number: int
    began: float
    commit: int
    contexts: tuple[int, ...]


@dataclass(slots=True)
class ReadRounds:
    """``round``: number of the newest round begun. ``confirmed_at``: when the newest confirmed one
    began. ``clock_read``: the time was looked at since the last read was asked. ``lease_spoilt``:
    another member was told to campaign past the lease in this term. ``quick``: whose answers, with
    the leader's own, confirmed the newest round; empty: not known, ask everybody."""

    round: int = 0
    confirmed: int = 0
    confirmed_at: float = float("-inf")
    clock_read: bool = False
    lease_spoilt: bool = False
    quick: frozenset[str] = frozenset()
    asked: list[int] = field(default_factory=list)
    waiting: deque[Round] = field(default_factory=deque)

    def begin_term(self) -> None:
        """A term of leadership begins: nothing is confirmed in it."""
        self.confirmed_at = float("-inf")
        self.lease_spoilt = False
        self.quick = frozenset()

    def ask(self, context: int) -> None:
        """A read wants an index; the next round takes it along."""
        self.asked.append(context)
        self.clock_read = False

    def begin(self, commit: int, now: float) -> None:
        """Begin a round for all asked since the last one."""
        self.round += 1
        self.waiting.append(Round(self.round, now, commit, tuple(self.asked)))
        self.asked.clear()

    def at_once(self, commit: int) -> list[ReadState]:
        """All asked since the last round, without one."""
        done = [ReadState(context, commit) for context in self.asked]
        self.asked.clear()
        return done

    def confirm(self, number: int) -> list[ReadState]:
        """A quorum answered round ``number``: it and all before it are confirmed."""
        self.confirmed = max(self.confirmed, number)
        done: list[ReadState] = []
        while self.waiting and self.waiting[0].number <= number:
            confirmed = self.waiting.popleft()
            self.confirmed_at = confirmed.began
            done.extend(ReadState(context, confirmed.commit) for context in confirmed.contexts)
        return done

    def abort(self) -> list[ReadState]:
        """Leadership is over: every read that waits has to be asked anew."""
        lost = [context for item in self.waiting for context in item.contexts] + self.asked
        self.waiting.clear()
        self.asked.clear()
        return [ReadState(context, None) for context in lost]
