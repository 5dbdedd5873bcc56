"""Who led when, and what the records show of why it changed, in plain words. Pure.

Every replica notes its standing: its role, whom it follows, in which term. What was broken on
purpose is said to be the reason only where it ends a leader (a dead or stopped process leads
nobody); all else that stood at that time is told as "while". Source: the Raft paper, section 5.2.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cluster.trace_subjects import Record
from deploy.chaos.history import Past
from deploy.tracing import blame
from deploy.tracing.standings import RECOVERED, Standing, handed_over, lost_by, standing_of

# Faults that end a leader's process, or stop it: so long as they do it cannot lead.
ENDING = {
    "kill": "was killed by", "zone-outage": "was killed by", "restart": "was restarted by",
    "torn-write": "was killed by",
}  # fmt: skip
STOPPING = {"pause": "was stopped by"}
# Faults that may make others miss a leader.
HINDERING = (
    "partition", "delay", "loss", "duplicate", "reorder", "bandwidth", "slow-disk", "disk-full",
    "fsync-error", "clock", "pause",
)  # fmt: skip
# A leader that was hindered is missed so long after (seconds), at most: some times the time in
# which a follower hears of none before it stands.
MISSED_SECONDS = 2.0


# What runs on the leader only, by the first part of its address.
LED = ("controllers", "scheduler", "cloud")


@dataclass(frozen=True)
class Reign:
    """A leader of a term. ``begin``: first told by anybody (UNIX seconds); ``stood``: when it began
    to stand for election; ``ceased``: when it noted that it leads no more, without bound if it
    never did."""

    leader: str
    term: int
    begin: float
    stood: float = math.inf
    ceased: float = math.inf


def runs_on_leader(address: str) -> bool:
    """Whether it is the address of what runs on the leader only."""
    return address.partition("@")[0].partition("/")[0] in LED


class Leading:
    """All that is known of leaders. ``reigns``: by term."""

    def __init__(self, records: Iterable[Record], faults: Sequence[Past] = ()) -> None:
        self._faults = faults
        self.standings: list[Standing] = []
        self._recovered: list[tuple[float, str]] = []
        self._handed: list[tuple[float, str]] = []
        self._lost: list[tuple[float, str, str, str]] = []
        for record in records:
            at = float(record["ts"])
            if (standing := standing_of(record)) is not None:
                self.standings.append(standing)
            elif record["event"] == "note" and record["msg"] == RECOVERED:
                self._recovered.append((at, str(record.get("subject", ""))))
            elif handed_over(record):
                self._handed.append((at, str(record.get("process", ""))))
            elif (lost := lost_by(record)) is not None:
                self._lost.append((at, *lost))
        self.standings = sorted(set(self.standings), key=lambda one: one.at)
        self.reigns = list(_reigns(self.standings))

    @property
    def replicas(self) -> set[str]:
        """All that noted anything."""
        return {one.replica for one in self.standings}

    def leader_at(self, moment: float) -> str:
        """Who led last; '' if nobody is known to have."""
        before = [reign for reign in self.reigns if reign.begin <= moment]
        return before[-1].leader if before else ""

    def changes(self, since: float, until: float) -> list[Reign]:
        """Those that began after the one before, between two moments."""
        return [reign for reign in self.reigns[1:] if since <= reign.begin <= until]

    def words(self, reign: Reign, it: str = "") -> str:
        """How it came to that. ``it``: instead of its name."""
        return f"{it or reign.leader} became leader of term {reign.term}{self._reason(reign)}"

    def _reason(self, reign: Reign) -> str:
        number = self.reigns.index(reign)
        if not number:
            return ": the first that is recorded"
        before = self.reigns[number - 1]
        name = f"{before.leader}, which led term {before.term},"
        if before.leader == reign.leader:
            name = f"it, which led term {before.term} too,"
        since, until = before.begin, reign.begin
        if (ended := self._ended(before, reign)) is not None:
            verb = (ENDING | STOPPING)[ended.verb]
            return f", because {name} {verb} {blame.order(ended)}"
        if any(since <= at <= until + 1.0 and who == before.leader for at, who in self._handed):
            return f", because {name} handed leadership over"
        hindered = self._hindered(before, reign)
        if any(since < at <= until and who == before.leader for at, who in self._recovered):
            after = f" after the store of {name} had begun anew"
        elif before.ceased <= until:
            after = f" after {name} had given it up at {blame.clock(before.ceased)}"
        else:
            after = f" after {name.removesuffix(',')}"
        return f"{after.removesuffix(',')}{hindered}"

    def _ended(self, before: Reign, reign: Reign) -> Past | None:
        """The last fault that took the process of a leader away while it led."""
        found = [
            fault
            for fault in self._faults
            if before.leader in fault.victims
            and before.begin <= fault.begin <= min(reign.begin, before.ceased)
            and (
                fault.verb in ENDING
                # One that ran again when others first missed it was missed for another reason.
                or (fault.verb in STOPPING and min(reign.stood, reign.begin) <= fault.end)
            )
        ]
        return found[-1] if found else None

    def _hindered(self, before: Reign, reign: Reign) -> str:
        """What held one of the two when it was stood for election; else what had just done so."""
        stood = max(before.begin, min(reign.stood, reign.begin))
        since = max(before.begin, stood - MISSED_SECONDS)
        standing, over = [], []
        for fault in self._faults:
            held = [one for one in (before.leader, reign.leader) if one in fault.victims]
            if fault.verb in HINDERING and held and fault.stood(since, reign.begin):
                lost = self.lost(fault, held, since, reign.begin)
                whom = " and ".join(dict.fromkeys(held))
                if fault.stood(stood, reign.begin):
                    standing.append(f"{blame.held(fault, whom)}{lost}")
                else:
                    over.append(f"{blame.held(fault, whom, 'had held')}{lost}")
        if standing:
            return f", while {' and '.join(standing)}"
        return f", soon after {' and '.join(over)}" if over else ""

    def lost(self, fault: Past, processes: Sequence[str], since: float, until: float) -> str:
        """How many messages from and to some processes it dropped between two moments."""
        count = sum(
            name == fault.name and since <= at <= until and bool({sender, receiver} & {*processes})
            for at, name, sender, receiver in self._lost
        )
        return f", and dropped {count} of its messages" if count else ""


def _reigns(standings: Iterable[Standing]) -> Iterator[Reign]:
    """By term; of an external store by time, for terms are revisions there and grow as well."""
    found: dict[int, Reign] = {}
    latest: dict[str, int] = {}
    stood: dict[tuple[str, int], float] = {}
    for one in standings:
        if one.role in ("pre-candidate", "candidate"):
            # Whoever asks whether it might be elected stands for the next term.
            term = one.term + (one.role == "pre-candidate")
            stood.setdefault((one.replica, term), one.at)
        if one.leader and one.term not in found:
            since = stood.get((one.leader, one.term), math.inf)
            found[one.term] = Reign(one.leader, one.term, one.at, since)
            latest[one.leader] = max(one.term, latest.get(one.leader, 0))
        reign = found.get(latest.get(one.replica, 0))
        if reign is not None and (one.leader, one.term) != (reign.leader, reign.term):
            found[reign.term] = replace(reign, ceased=min(reign.ceased, one.at))
    for term in sorted(found):
        yield found[term]


def story(leading: Leading, replica: str) -> Iterator[tuple[float, str]]:
    """What became of one replica as a member, and when; of all leaders if ``replica`` is ''."""
    if not replica:
        yield from ((reign.begin, leading.words(reign)) for reign in leading.reigns)
        return
    led = {reign.term: reign for reign in leading.reigns if reign.leader == replica}
    last = ""
    for one in leading.standings:
        if one.replica != replica:
            continue
        if one.term in led and one.leader == replica:
            words = leading.words(led.pop(one.term), "it")
        elif one.leader == replica:
            continue
        else:
            words = _standing_words(one)
        if words and words != last:
            yield one.at, words
        last = words
    # What it could not write any more of itself, others told.
    yield from ((reign.begin, leading.words(reign, "it")) for reign in led.values())


def _standing_words(one: Standing) -> str:
    if one.leader:
        return f"it follows {one.leader}, leader of term {one.term}"
    if one.role == "pre-candidate":
        return f"it misses a leader, and asks whether it would be elected in term {one.term + 1}"
    if one.role == "candidate":
        return f"it stands for election in term {one.term}"
    return f"it knows no leader of term {one.term}" if one.term else ""
