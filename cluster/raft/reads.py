"""ReadIndex rounds of a leader (thesis 6.4).

Job: which reads wait for which round. Must not know: messages, logs, roles.

A round has a fresh number, carried by every append sent from then on and echoed in the answer: an
answer to round n proves leadership at a time after all reads up to round n were asked. Reads that
come before the leader has committed an entry of its own term wait: its commit index may be old.
"""

from collections import deque
from dataclasses import dataclass, field

from cluster.raft.ready import ReadState


@dataclass(slots=True)
class ReadRounds:
    """``round``: number of the newest round begun."""

    round: int = 0
    confirmed: int = 0
    asked: list[int] = field(default_factory=list)
    waiting: deque[tuple[int, int, tuple[int, ...]]] = field(default_factory=deque)

    def ask(self, context: int) -> None:
        """A read wants an index; ``start`` takes it along."""
        self.asked.append(context)

    def start(self, commit: int) -> bool:
        """Begin a round for all asked since the last one. False if there is nothing to do."""
        if not self.asked:
            return False
        self.round += 1
        self.waiting.append((self.round, commit, tuple(self.asked)))
        self.asked.clear()
        return True

    def confirm(self, number: int) -> list[ReadState]:
        """A quorum answered round ``number``: it and all before it are confirmed."""
        self.confirmed = max(self.confirmed, number)
        done: list[ReadState] = []
        while self.waiting and self.waiting[0][0] <= number:
            _, index, contexts = self.waiting.popleft()
            done.extend(ReadState(context, index) for context in contexts)
        return done

    def abort(self) -> list[ReadState]:
        """Leadership is over: every read that waits has to be asked anew."""
        lost = [context for _, _, contexts in self.waiting for context in contexts] + self.asked
        self.waiting.clear()
        self.asked.clear()
        return [ReadState(context, None) for context in lost]
