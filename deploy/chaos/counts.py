"""What faults have done in processes so far, as those count it: the evidence of most kinds.

Must not know: what the faults are.
"""

from collections.abc import Iterable

from cluster.settings import ClusterSettings
from deploy.chaos import door
from deploy.chaos.evidence import Evidence
from deploy.chaos.looking import eventually, side_by_side

Struck = dict[str, int]


def struck(settings: ClusterSettings, name: str, fault: str) -> Struck | None:
    """What a fault has done in a process, None if the process does not have it, or is silent."""
    try:
        answer = door.ask(settings, name, "faults")
    except (door.DoorShut, ValueError):
        return None
    return next((s["struck"] for s in answer["standing"] if s["fault"]["name"] == fault), None)


def summed(found: Iterable[Struck]) -> str:
    """Counters of several processes as one text, '' if they are empty."""
    total: Struck = {}
    for one in found:
        for what, number in one.items():
            total[what] = total.get(what, 0) + number
    return ", ".join(f"{what} {number}" for what, number in sorted(total.items()))


def counted(
    settings: ClusterSettings, fault: str, names: Iterable[str], seconds: float
) -> Evidence:
    """Wait until the fault has struck in each of these processes."""
    wanted = sorted(names)
    found: dict[str, Struck | None] = {}

    def missing() -> str:
        found.update(side_by_side(lambda name: struck(settings, name, fault), wanted))
        return ", ".join(name for name in wanted if not found[name])

    left = eventually(missing, seconds)
    did = "; ".join(f"{name}: {summed([one])}" for name, one in found.items() if one)
    return Evidence(did, f"{left}: it has not struck after {seconds:g} s" if left else "")
