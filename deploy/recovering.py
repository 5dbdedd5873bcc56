"""After the loss of a quorum: one replica goes on alone, and the others are made anew from it.

Must not know: how a log is rewritten, how a process is started (``RecoveryHands``).
"""

from typing import Protocol

from cluster.settings import ClusterSettings
from deploy.options import again
from deploy.progress import Progress
from deploy.replicas import Hands, join, mark
from deploy.store_door import leader


class RecoveryHands(Hands, Protocol):
    """What the steps touch beside the usual."""

    def position(self, name: str) -> tuple[int, int] | str:
        """(term, index) of the last entry that a stopped replica holds, or why it has none."""

    def put_aside(self, name: str) -> None:
        """Move a stopped replica's data to where no replica finds it."""

    def drop_aside(self, name: str) -> None:
        """Remove what was put aside, if anything was."""

    def force(self, name: str) -> None:
        """Make a stopped replica the only voter of its own log."""


def recover(hands: RecoveryHands, progress: Progress, name: str = "") -> str:
    """After the loss of a quorum: the replica that holds most (or ``name``) becomes the only voter,
    and the others are taken in again, from it. Returns its name.

    What only lost replicas held is lost. Raises ValueError if there is a leader, or no log left.
    """
    hands.tell()
    settings = hands.settings()
    require_own_log(settings)
    pending = [replica.name for replica in settings.replicas if replica.initial == "join"]
    members = hands.led()
    if members is None:
        chosen, pending = lead_alone(hands, progress, name)
    elif pending:
        chosen = leader(members)
        progress.say(f"{chosen} leads: going on with {', '.join(pending)}")
    else:
        raise ValueError(
            "the replicas have a leader: nothing is lost. For one replica that does not come up: "
            f"`steersman replica rebuild NAME{again(settings)}`"
        )
    for other in pending:
        join(hands, progress, other)
        hands.drop_aside(other)
    return chosen


def require_own_log(settings: ClusterSettings) -> None:
    """Raises ValueError if the replicas keep no log of their own."""
    if settings.store.engine != "raft":
        raise ValueError(
            f"the state of this cluster is kept by {settings.store.engine}, not by its replicas: "
            "use the tools of that"
        )


def lead_alone(hands: RecoveryHands, progress: Progress, name: str) -> tuple[str, list[str]]:
    """One replica leads without the others. Returns it, and who is to come in again."""
    names = [replica.name for replica in hands.settings().replicas]
    if not name:
        check_lost(hands, names)
    chosen = name or most_advanced(hands, progress, names)
    hands.settings().replica(chosen)
    others = [one for one in names if one != chosen]
    with progress.step(f"{chosen} made the only voter"):
        for one in names:
            hands.stop(one)
        found = hands.position(chosen)
        if isinstance(found, str):
            raise ValueError(f"{chosen} cannot go on alone: {found}")
        # With the logs they had, the others could go on as the cluster that was.
        for other in others:
            hands.put_aside(other)
        hands.force(chosen)
    mark(hands, others, "join")
    mark(hands, [chosen], "existing")
    with progress.step(f"{chosen} leads"):
        hands.certify(hands.settings())
        hands.start(chosen)
        hands.members()
    return chosen, others


def check_lost(hands: RecoveryHands, names: list[str]) -> None:
    """Raises ValueError if so many replicas run that they may yet find a leader."""
    running = [name for name in names if hands.runs(name)]
    if len(running) > len(names) // 2:
        raise ValueError(
            f"{', '.join(running)} run: they are enough to find a leader, if they are given time "
            f"(look at `steersman replica list{again(hands.settings())}`). To go on from one of "
            "them all the same, name it"
        )


def most_advanced(hands: RecoveryHands, progress: Progress, names: list[str]) -> str:
    """Who holds most, all of them stopped. Raises ValueError if none holds anything."""
    best: tuple[tuple[int, int], str] | None = None
    for name in names:
        hands.stop(name)
        found = hands.position(name)
        if isinstance(found, str):
            progress.say(f"{name}: {found}")
            continue
        progress.say(f"{name}: holds entries to {found[1]}, the last of term {found[0]}")
        if best is None or found > best[0]:
            best = (found, name)
    if best is None:
        raise ValueError(
            "no replica holds a log that can be read: bring the cluster back from a snapshot with "
            f"`steersman snapshot restore FILE --force{again(hands.settings())}`"
        )
    return best[1]
