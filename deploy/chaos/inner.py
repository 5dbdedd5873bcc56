"""Faults that processes suffer from within: asked for at their doors, and proven there.

Links are proven by round trips between the processes themselves (``links``), clocks by the time
that they tell (``clocks``), disks by what they count (``counts``). Must not know: the ledger.
"""

import msgspec

from cluster.chaos import plan
from cluster.chaos.faults import Fault
from cluster.chaos.orders import Order
from cluster.settings import ClusterSettings
from deploy import processes
from deploy.chaos import clocks, counts, door, late, links, packets, power
from deploy.chaos.counts import counted
from deploy.chaos.evidence import Evidence, joined
from deploy.chaos.ledger import Entry
from deploy.chaos.looking import side_by_side
from deploy.chaos.means import present, restored, well

# A replica writes as soon as anybody in the cluster does: leases are renewed every other second.
STRIKE_SECONDS = 10.0


class Inner:
    """partition, delay, loss, duplicate, reorder, bandwidth, slow-disk, disk-full, fsync-error,
    torn-write, clock; and engine-restart of simulated engines. See ``means.Means``."""

    def refuse(self, settings: ClusterSettings, order: Order, sides: plan.Sides) -> None:
        """See ``Means``."""
        if order.verb in plan.STORAGE and settings.store.engine != "raft":
            raise ValueError(
                f"{order.verb}: the state of this cluster is kept by {settings.store.engine}, and "
                "not on the disks of its replicas"
            )
        power.running(settings, [*sides[0], *sides[1]])

    def strike(self, settings: ClusterSettings, entry: Entry, seed: int) -> Evidence:
        """See ``Means``."""
        victims = present(settings, entry.inner)
        found = [processes.find(settings, name) for name in victims]
        live = {one.name: one for one in found if one is not None}
        absent = ", ".join(name for name in victims if name not in live)
        later = f"{absent} will suffer from the start on" if absent else ""
        verb = entry.active.order.verb
        pairs = links.pairs(settings, entry, live, seed)
        trips = links.trips(settings, entry, pairs) if verb in plan.LINKS else {}
        told = clocks.times(settings, live) if verb == "clock" else {}
        asked = side_by_side(lambda name: inject(settings, name, entry.inner[name]), live)
        shut = "; ".join(problem for problem in asked.values() if problem)
        met = [name for name in live if not asked[name]]
        if not met:
            seen = Evidence(doubt="" if shut else "nobody suffers")
        elif verb in plan.LINKS:
            seen = links.proof(settings, entry, [p for p in pairs if p[0] in met], trips)
            means = late if late.concerns(settings, entry) else packets
            seen = joined([seen, means.strike(settings, entry)])
        elif verb == "clock":
            seen = clocks.proof(settings, entry, met, told)
        elif verb in plan.DEADLY:
            seen = power.died(settings, [live[name] for name in met], STRIKE_SECONDS)
        elif verb == "engine-restart":
            seen = stands(settings, entry.name, met)
        else:
            seen = counted(settings, entry.name, met, STRIKE_SECONDS)
        return joined([seen, Evidence(later, shut)])

    def mend(self, settings: ClusterSettings, entry: Entry, others: list[Entry]) -> Evidence:
        """See ``Means``."""
        verb = entry.active.order.verb
        victims = present(settings, entry.inner)
        live = [name for name in victims if processes.find(settings, name) is not None]
        answers = side_by_side(lambda name: heal(settings, name, entry.name), live)
        shut = ", ".join(name for name, found in answers.items() if found is None)
        free = [name for name, found in answers.items() if found is not None]
        did = counts.summed(one for found in answers.values() for one in found or [])
        parts = [Evidence(f"it did: {did}" if did else "")]
        if shut:
            parts.append(Evidence(doubt=f"{shut} does not answer, and may suffer on", left=True))
        if verb in plan.LINKS:
            parts.insert(0, late.mend(settings, entry, others))
            parts.append(links.healed(settings, entry, free, others))
        elif verb == "clock":
            parts.append(clocks.healed(settings, free, others))
        elif verb == "engine-restart":
            parts += [gone(settings, entry.name, free), well(settings, free, others)]
        if verb in plan.DEADLY:
            parts.append(restored(settings, victims, others))
        elif verb in plan.STORAGE and len(live) < len(victims):
            # What cannot write ends.
            parts.append(restored(settings, victims, others))
        else:
            # Nodes have no state that could be behind.
            replicas = [replica.name for replica in settings.replicas if replica.name in free]
            parts.append(well(settings, replicas, others))
        return joined(parts)


def inject(settings: ClusterSettings, name: str, fault: Fault) -> str:
    """Ask a process to suffer. Returns what was wrong, '' if it does."""
    raw = msgspec.to_builtins(fault)
    try:
        door.ask(settings, name, "inject", fields={"fault": raw})
    except (door.DoorShut, ValueError) as error:
        return str(error)
    return ""


def heal(settings: ClusterSettings, name: str, fault: str) -> list[dict[str, int]] | None:
    """Ask a process to suffer that no more; what it had done there, None if it does not answer."""
    try:
        answer = door.ask(settings, name, "heal", fields={"names": [fault]})
    except (door.DoorShut, ValueError):
        return None
    return [one["struck"] for one in answer["standing"]]


def gone(settings: ClusterSettings, fault: str, names: list[str]) -> Evidence:
    """The processes themselves say that they suffer no more."""

    def has(name: str) -> bool | None:
        try:
            standing = door.ask(settings, name, "faults")["standing"]
        except (door.DoorShut, ValueError):
            return None
        return any(one["fault"]["name"] == fault for one in standing)

    found = side_by_side(has, names)
    up = ", ".join(name for name, standing in found.items() if standing is False)
    other = ", ".join(name for name, standing in found.items() if standing is not False)
    return Evidence(
        f"{up} says that its engine is up" if up else "",
        f"{other} does not say that its engine is up" if other else "",
    )


def stands(settings: ClusterSettings, fault: str, names: list[str]) -> Evidence:
    """The processes themselves say that they suffer."""
    found = side_by_side(lambda name: counts.struck(settings, name, fault), names)
    has = ", ".join(name for name, struck in found.items() if struck is not None)
    lacks = ", ".join(name for name, struck in found.items() if struck is None)
    return Evidence(
        f"{has} says that its engine is down" if has else "",
        f"{lacks} does not say so" if lacks else "",
    )
