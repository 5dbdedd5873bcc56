"""Rare events that must come up: a run that never met them proves little about them.

Must not know: why they matter to anybody.
"""

from collections import Counter
from collections.abc import Mapping

# Over all seeds of a run each of these must have happened.
SOMETIMES = (
    "ReadIndex across a leader change",
    "compare failed",
    "conflict truncated",
    "crash after sync",
    "crash before apply",
    "crash before rename",
    "crash before send_after_persist",
    "crash before send_now",
    "crash before sync",
    "crash persisted",
    "damaged disk refused",
    "died of its disk",
    "died with more applied than durable",
    "guarded write fenced off",
    "healed with others dead",
    "healed with others deaf",
    "healed with others mute",
    "history compacted",
    "leader crashed in a joint membership",
    "leader elected during a partition",
    "leader elected in a joint membership",
    "leader elected on a compacted log",
    "leadership handed over",
    "lease ended by time",
    "lock held",
    "log in memory shorter than on disk",
    "membership: add-learner",
    "membership: promote",
    "membership: remove",
    "membership: replace",
    "read refused: Compacted",
    "snapshot held for the disk",
    "snapshot installed at a learner",
    "snapshot installed during a partition",
    "snapshot resumed after a crash",
    "snapshot sent in several chunks",
    "snapshot taken because a peer wants it",
    "spool kept over a crash",
    "torn tail repaired",
    "unsynced bytes lost",
    "watch ended by a crash",
    "watch refused: Compacted",
    "watch resumed at another member",
    "wiped after removal",
    "write answered after a retry",
    "write given up",
    "write refused: Fenced",
    "write refused: LeaseNotFound",
)


class Seen(Counter[str]):
    """How often each happened."""

    def saw(self, what: str, count: int = 1) -> None:
        """It happened."""
        self[what] += count


def never(seen: Mapping[str, int]) -> list[str]:
    """Those of SOMETIMES that did not happen."""
    return [what for what in SOMETIMES if not seen.get(what)]
