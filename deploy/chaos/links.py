"""Whether links between processes are as bad, or as good, as they were to be.

By round trips that the processes themselves make (``ping`` at their doors), and by what they
count. Must not know: how a link is broken.
"""

import math
from collections.abc import Iterable, Sized

from cluster.chaos import plan
from cluster.chaos.faults import LinkFault
from cluster.chaos.targets import draw
from cluster.settings import ClusterSettings
from deploy import processes
from deploy.chaos import door
from deploy.chaos.counts import counted
from deploy.chaos.evidence import Evidence, joined
from deploy.chaos.ledger import Entry
from deploy.chaos.looking import eventually, side_by_side

# Of large clusters some links are looked at, not all.
PAIRS_MAX = 12
# A link that works answers in milliseconds; dialled anew, after at most a few seconds.
CUT_SECONDS = 0.4
TRIP_SECONDS = 2.0
HEALED_SECONDS = 15.0
STRIKE_SECONDS = 5.0
# So many messages that chance alone leaves none out (less than once in four hundred).
SURE = 6.0
# Of a round trip that was to take so long.
NEARLY = 0.9
SHARES = ("loss", "duplicate", "reorder")

Pair = tuple[str, str]
Trips = dict[Pair, float | None]


def pairs(settings: ClusterSettings, entry: Entry, live: Iterable[str], seed: int) -> list[Pair]:
    """The (from, to) to look at: those who run, each link once, some of them if they are many."""
    from_whom = set(live)
    to_whom = {
        item.name
        for item in settings.processes()
        if (process := processes.find(settings, item.name)) is not None
        and processes.state(process.pid) != "T"
    }
    found: dict[str, Pair] = {}
    for sender, peer in plan.senders(entry.inner):
        if sender in from_whom & to_whom and peer in to_whom:
            found.setdefault(" ".join(sorted((sender, peer))), (sender, peer))
    return [found[key] for key in draw(list(found), PAIRS_MAX, seed, "links")]


def trips(
    settings: ClusterSettings,
    entry: Entry,
    wanted: list[Pair],
    wait: float = TRIP_SECONDS,
    tell: int = 0,
) -> Trips:
    """Seconds of a round trip of each pair, None if there was no answer in time (``wait``, and what
    they are apart). ``tell``: so many messages without an answer go before it."""
    size = padding(entry)

    def one(pair: Pair) -> float | None:
        most = wait + apart(settings, pair)
        fields = {"peer": pair[1], "seconds": most, "bytes": size, "tell": tell}
        try:
            answer = door.ask(settings, pair[0], "ping", most + door.ANSWER_SECONDS, fields)
        except (door.DoorShut, ValueError):
            return None
        return None if answer["seconds"] is None else float(answer["seconds"])

    return side_by_side(one, wanted)


def padding(entry: Entry) -> int:
    """Bytes that a narrow link takes half a second for."""
    if entry.active.order.verb != "bandwidth":
        return 0
    return int(min(256 * 1024, max(1024, entry.active.order.amount / 2)))


def more(entry: Entry, pair: Pair) -> float:
    """Seconds that a round trip of the pair is to take longer, at least. Pure."""
    total = 0.0
    for sender, peer in (pair, pair[::-1]):
        fault = entry.inner.get(sender)
        if isinstance(fault, LinkFault) and peer in fault.peers:
            total += fault.delay
            # What is asked fills the way there; the answer is small.
            if fault.bandwidth and sender == pair[0]:
                total += padding(entry) / fault.bandwidth
    return total


def apart(settings: ClusterSettings, pair: Pair) -> float:
    """Seconds that a round trip of the pair takes longer at all times (``--rtt``). Pure."""
    return sum(settings.distances(one).get(peer, 0.0) for one, peer in (pair, pair[::-1]))


def slowed(settings: ClusterSettings, entry: Entry, pair: Pair, before: float | None) -> float:
    """Seconds that a round trip takes at least while the fault strikes. ``before``: what it took
    without: no less than what the two are apart, unless nobody sees to that. Pure."""
    base = apart(settings, pair)
    return (base if before is None else min(base, before)) + NEARLY * more(entry, pair)


def proof(settings: ClusterSettings, entry: Entry, wanted: list[Pair], before: Trips) -> Evidence:
    """That these links are broken as ordered. ``before``: their round trips when they were not."""
    if not wanted:
        return Evidence(doubt="no two of them run, so nothing can be seen")
    order = entry.active.order
    senders = {sender for sender, _ in wanted}
    if order.verb == "partition":
        through = trips(settings, entry, wanted, CUT_SECONDS)
        return joined([_cut(through), counted(settings, entry.name, senders, STRIKE_SECONDS)])
    if order.verb in SHARES:
        tell = min(1000, math.ceil(SURE / order.amount))
        trips(settings, entry, wanted, TRIP_SECONDS, tell)
        return counted(settings, entry.name, senders, STRIKE_SECONDS)
    wait = TRIP_SECONDS + 2 * (order.amount if order.verb == "delay" else 0.0) + order.jitter * 2
    now = trips(settings, entry, wanted, wait)
    slow = [
        pair
        for pair in wanted
        if (now[pair] or 0.0) >= slowed(settings, entry, pair, before.get(pair))
    ]
    quick = [f"{told(pair)} takes {_ms(now[pair])}" for pair in wanted if pair not in slow]
    seen = ""
    if slow:
        was, took = _slowest(before, slow), _slowest(now, slow)
        seen = f"round trips of {several(slow)} take up to {_ms(took)}, not {_ms(was)} as before"
    return Evidence(seen, "; ".join(quick))


def _cut(through: Trips) -> Evidence:
    silent = [pair for pair, took in through.items() if took is None]
    loud = [f"{told(pair)} still answers" for pair, took in through.items() if took is not None]
    seen = f"no answer on {len(silent)} of {len(through)} links" if silent else ""
    return Evidence(seen, "; ".join(loud))


def healed(
    settings: ClusterSettings, entry: Entry, free: list[str], others: list[Entry]
) -> Evidence:
    """That these links are whole again, unless something else breaks them."""
    wanted = pairs(settings, entry, free, 0)
    broken = [set(pair) for other in others for pair in plan.senders(other.inner)]
    whole = [pair for pair in wanted if set(pair) not in broken]
    kept = (
        ""
        if whole == wanted
        else f"broken otherwise: {len(wanted) - len(whole)} of {several(wanted)}"
    )
    if not whole:
        return Evidence(kept)
    now: Trips = {}

    def problem() -> str:
        now.update(trips(settings, entry, whole))
        return ", ".join(
            told(pair)
            for pair, took in now.items()
            if took is None or (more(entry, pair) and took >= slowed(settings, entry, pair, None))
        )

    bad = eventually(problem, HEALED_SECONDS)
    seen = f"round trips of {several(whole)} take at most {_ms(_slowest(now, whole))}"
    return joined(
        [Evidence(kept), Evidence("" if bad else seen, f"{bad}: not as before" if bad else "")]
    )


def told(pair: Pair) -> str:
    """A link, for people."""
    return f"{pair[0]} to {pair[1]}"


def _slowest(found: Trips, wanted: list[Pair]) -> float | None:
    took = [found.get(pair) for pair in wanted]
    return max((one for one in took if one is not None), default=None)


def several(pairs: Sized) -> str:
    """How many links, in words."""
    return f"{len(pairs)} link" if len(pairs) == 1 else f"{len(pairs)} links"


def _ms(took: float | None) -> str:
    return "too long" if took is None else f"{took * 1000:.1f} ms"
