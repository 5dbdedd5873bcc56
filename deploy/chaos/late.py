"""Packets of pods that come late, or out of order: held in user space (``holding``).

Rules choose them as they choose what is dropped (``packets``); here a process is started that takes
them from the kernel and lets them go in time, and what became of them is looked at. Where the
kernel has no packet queues packets are spared, and that is said. Needs root.
Must not know: the ledger, how packets are held.
"""

import socket
import time
from functools import partial

from actors.kit.world.netns import in_namespace
from cluster.settings import ClusterSettings
from deploy.chaos import links, packets
from deploy.chaos.evidence import Evidence, joined
from deploy.chaos.holding import holders, packet_queue
from deploy.chaos.holding.holder import Plan
from deploy.chaos.ledger import Entry
from deploy.chaos.looking import eventually, side_by_side
from deploy.chaos.packets import Rule
from deploy.distances import keepers

SPARED = "messages alone: packets of pods are not held back"
TRIP_SECONDS = 2.0
# A packet that was held on its way has come by then, unless the machine is very busy.
HEALED_SECONDS = 5.0
STRIKE_SECONDS = 5.0

# Of two nodes: the rules of the way there and back, as far as there are.
Ways = dict[tuple[str, str], list[Rule]]


def concerns(settings: ClusterSettings, entry: Entry) -> bool:
    """Whether the fault holds packets of pods."""
    return bool(packets.holds(packets.rules(settings, entry.inner)))


def strike(settings: ClusterSettings, entry: Entry) -> Evidence:
    """Start who holds packets, set the rules, and hand over what they choose. Proof: the rules have
    counted packets, they were held, and round trips between nodes take as long as they must."""
    wanted = packets.rules(settings, entry.inner)
    before = trips(settings, wanted, TRIP_SECONDS)
    problem = holders.lacking() or hand_over(settings, entry, wanted)
    if problem:
        undo(settings, entry)
        return Evidence(f"{SPARED} ({problem})")
    seen = packets.caught(settings, entry.name, wanted)
    name = holders.name_of(entry.name)

    def idle() -> str:
        return "" if holders.held(settings, name) else "nothing was held"

    doubt = eventually(idle, STRIKE_SECONDS)
    held = Evidence("" if doubt else f"{holders.held(settings, name)} packets held", doubt)
    return joined([seen, held, slower(settings, entry, wanted, before)])


def hand_over(settings: ClusterSettings, entry: Entry, wanted: list[Rule]) -> str:
    """From the rules to who holds packets. Returns why that cannot be, '' if it is done. Raises
    OSError if who is to hold them does not start."""
    until = next(iter(entry.inner.values())).until
    plan = Plan(packets.holds(wanted), entry.name, until)
    numbers = holders.start(settings, holders.name_of(entry.name), plan)
    packets.load(settings, entry.name, wanted)
    queues = dict(zip(plan.holds, numbers, strict=True))
    for namespace, its in packets.by_namespace(wanted).items():
        for number, hold in enumerate(packets.holds(its)):
            place = packets.table(settings, entry.name), packets.chain(number)
            try:
                packet_queue.divert(namespace, *place, queues[hold])
            except OSError as error:
                return f"the packet filter hands none over: {error.strerror}"
    return ""


def undo(settings: ClusterSettings, entry: Entry) -> Evidence:
    """What is held goes on, then the rules go, and then who held it."""
    name = holders.name_of(entry.name)
    begun = holders.begun(settings, name)
    holders.held(settings, name, "release")
    packets.spare(settings, entry)
    held = holders.held(settings, name, "release")
    gone = unruled(settings, entry)
    holders.end(settings, name)
    told = f"{held} packets of pods were held" if held else ""
    if begun and held is None:
        told = "who held packets of pods had ended: they passed"
    return joined([Evidence(told), gone])


def unruled(settings: ClusterSettings, entry: Entry) -> Evidence:
    """The rules go. The kernel then drops what waits in that namespace, in any queue: nobody waits
    just then for what zones are apart."""
    with keepers.aside(settings):
        return packets.mend(settings, entry)


def mend(settings: ClusterSettings, entry: Entry, others: list[Entry]) -> Evidence:
    """Take rules away, of any kind, and who holds packets. Proof: no namespace has rules, and
    round trips are as they were, unless the ``others`` strike links too."""
    if not concerns(settings, entry):
        return unruled(settings, entry)
    gone = undo(settings, entry)
    wanted = packets.rules(settings, entry.inner)
    due = {pair: links.more(entry, pair) for pair in pairs(wanted)}
    if not any(due.values()) or any(packets.rules(settings, other.inner) for other in others):
        return gone
    now: dict[tuple[str, str], float | None] = {}

    def problem() -> str:
        now.update(trips(settings, wanted, TRIP_SECONDS))
        slow = (
            pair
            for pair, took in now.items()
            if took and due[pair] and took >= links.slowed(settings, entry, pair, None)
        )
        return ", ".join(links.told(pair) for pair in slow)

    slow = eventually(problem, HEALED_SECONDS)
    took = max((one for one in now.values() if one is not None), default=None)
    if slow or took is None:
        return joined([gone, Evidence(doubt=f"packets are late: {slow}" if slow else "")])
    return joined([gone, Evidence(f"round trips of packets take at most {took * 1000:.1f} ms")])


def slower(
    settings: ClusterSettings,
    entry: Entry,
    wanted: list[Rule],
    before: dict[tuple[str, str], float | None],
) -> Evidence:
    """That round trips of packets take as long as they must by now."""
    due = {pair: links.more(entry, pair) for pair, took in before.items() if took is not None}
    due = {pair: seconds for pair, seconds in due.items() if seconds}
    if not due:
        return Evidence()
    now = trips(settings, wanted, TRIP_SECONDS + 2 * max(due.values()))
    took = {pair: now[pair] for pair in due}
    least = {pair: links.slowed(settings, entry, pair, before[pair]) for pair in due}
    quick = [pair for pair, one in took.items() if one is not None and one < least[pair]]
    if quick:
        return Evidence(doubt=f"packets are not late: {', '.join(map(links.told, quick))}")
    was, longest = (max(one[pair] or 0.0 for pair in due) for one in (before, took))
    return Evidence(
        f"round trips of packets take up to {longest * 1000:.1f} ms, not {was * 1000:.1f} ms as "
        "before"
    )


def pairs(wanted: list[Rule]) -> Ways:
    """Those of nodes: they answer, and what they answer comes back. Some, if they are many."""
    found: Ways = {}
    for rule in wanted:
        if rule.origin and rule.namespace:
            ends = min(rule.sender, rule.receiver), max(rule.sender, rule.receiver)
            found.setdefault(ends, []).append(rule)
    return dict(list(found.items())[: links.PAIRS_MAX])


def trips(
    settings: ClusterSettings, wanted: list[Rule], wait: float
) -> dict[tuple[str, str], float | None]:
    """Seconds of a round trip of each pair of nodes, None if there was no answer in time (``wait``,
    and what they are apart)."""

    def one(pair: tuple[str, str]) -> float | None:
        rule = pairs(wanted)[pair][0]
        most = wait + links.apart(settings, pair)
        return in_namespace(rule.origin, partial(round_trip, rule.targets[0], most))

    return side_by_side(one, pairs(wanted))


def round_trip(address: str, wait: float) -> float | None:
    """Of the packets of a connection that is refused, in seconds; None if nothing comes back."""
    began = time.monotonic()
    try:
        socket.create_connection((address, packets.PROBE_PORT), wait).close()
    except ConnectionRefusedError:
        pass
    except OSError:
        return None
    return time.monotonic() - began
