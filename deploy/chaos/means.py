"""The means by which orders are carried out: one for each family of verbs.

Must not know: the ledger, who asked.
"""

from collections.abc import Iterable
from typing import Protocol

from cluster.chaos import plan
from cluster.chaos.orders import Order
from cluster.settings import ClusterSettings
from deploy.chaos import looking, power
from deploy.chaos.evidence import Evidence, joined
from deploy.chaos.ledger import Entry


class Means(Protocol):
    """Raises ValueError for what cannot be, with what to do instead."""

    def refuse(self, settings: ClusterSettings, order: Order, sides: plan.Sides) -> None:
        """Raises ValueError before anything is done, for an order that this cluster is not for."""

    def strike(self, settings: ClusterSettings, entry: Entry, seed: int) -> Evidence:
        """Break it, and wait until that shows. What processes suffer is in their files already."""

    def mend(self, settings: ClusterSettings, entry: Entry, others: list[Entry]) -> Evidence:
        """Mend it as far as the ``others`` (what else is broken) let it, and wait until that
        shows. Of what was never struck, or was mended already, nothing is left to do."""


class Power:
    """kill, pause, restart, zone-outage."""

    def refuse(self, settings: ClusterSettings, order: Order, sides: plan.Sides) -> None:
        """See ``Means``."""
        power.running(settings, sides[0])

    def strike(self, settings: ClusterSettings, entry: Entry, seed: int) -> Evidence:
        """See ``Means``."""
        names = entry.active.names
        match entry.active.order.verb:
            case "kill":
                return power.kill(settings, names)
            case "pause":
                return power.stop(settings, names)
            case "restart":
                return joined([power.end(settings, names), power.start(settings, names)])
            case _:
                nodes = [node.name for node in settings.nodes if node.name in names]
                killed = power.kill(settings, names)
                return joined([killed, power.kill_containers(settings, nodes)])

    def mend(self, settings: ClusterSettings, entry: Entry, others: list[Entry]) -> Evidence:
        """See ``Means``."""
        names = present(settings, entry.active.names)
        if entry.active.order.verb == "pause":
            free, kept = apart(names, others, ("pause",))
            return joined([power.resume(settings, free), kept, well(settings, free, others)])
        return restored(settings, names, others)


def restored(settings: ClusterSettings, names: Iterable[str], others: list[Entry]) -> Evidence:
    """Processes that were ended run again, but for those that something else holds down."""
    free, kept = apart(names, others, ("kill", "zone-outage", *plan.DEADLY))
    return joined([power.start(settings, free), kept, well(settings, free, others)])


def present(settings: ClusterSettings, names: Iterable[str]) -> list[str]:
    """Those that the cluster still has: a node may have been removed meanwhile."""
    known = {item.name for item in settings.processes()}
    return [name for name in names if name in known]


def apart(
    names: Iterable[str], others: list[Entry], verbs: tuple[str, ...]
) -> tuple[list[str], Evidence]:
    """Those that nothing else of these verbs holds, and who holds the rest."""
    free, held = [], []
    for name in names:
        holder = next(
            (o.name for o in others if o.active.order.verb in verbs and name in o.active.names), ""
        )
        if holder:
            held.append(f"{name} stays as {holder} has it")
        else:
            free.append(name)
    return free, Evidence("; ".join(held))


def well(settings: ClusterSettings, names: Iterable[str], others: list[Entry]) -> Evidence:
    """Wait until they do their work. While other faults stand that cannot be asked for: a doubt
    then is theirs."""
    wanted = list(names)
    if not wanted:
        return Evidence()
    if not others:
        return looking.well(settings, wanted)
    found = looking.well(settings, wanted, seconds=2.0)
    if not found.doubt:
        return found
    standing = ", ".join(other.name for other in others)
    stand = "stands" if len(others) == 1 else "stand"
    return Evidence(f"whether all is well cannot be told while {standing} {stand}")
