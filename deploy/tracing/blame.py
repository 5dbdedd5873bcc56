"""Which fault that was put in on purpose stood when something went wrong, in words. Pure.

That both were at one time, at one place, is evidence and no proof: so it is told as "while".
"""

import datetime
import math
import re
from collections.abc import Iterable

from cluster.trace_subjects import Record
from deploy.chaos.history import Past

# As the node controller notes it, of a node or of a pod there.
SILENT = re.compile(r"(?:of its node (\S+), .*)?silent for (\d+(?:\.\d+)?) s")
# Faults that keep a kubelet from being heard.
SILENCING = (
    "kill", "pause", "restart", "zone-outage", "partition", "loss", "delay", "bandwidth", "clock",
)  # fmt: skip
# Faults that end containers.
ENDING = ("container-kill", "sandbox-kill", "zone-outage")
# A kubelet sees an exit so much later at most, when it does its work (seconds).
SEEN_SECONDS = 5.0


def of_silence(note: Record, faults: Iterable[Past]) -> str:
    """What stood on a node while its kubelet was silent; '' if the note tells of no silence, or
    nothing stood."""
    silent = SILENT.search(str(note.get("why", "")))
    if silent is None:
        return ""
    at, node = float(note["ts"]), silent[1] or str(note.get("subject", ""))
    return _told(faults, SILENCING, node, at - float(silent[2]), at)


def of_exit(note: Record, faults: Iterable[Past]) -> str:
    """What stood on a node when a container on it ended; '' if nothing did."""
    if note["msg"] != "container.exited":
        return ""
    at = float(note["ts"])
    return _told(faults, ENDING, str(note.get("process", "")), at - SEEN_SECONDS, at)


def _told(
    faults: Iterable[Past], verbs: tuple[str, ...], process: str, since: float, until: float
) -> str:
    return "".join(
        f", while {held(fault, process)}"
        for fault in faults
        if fault.verb in verbs and process in fault.victims and fault.stood(since, until)
    )


def held(fault: Past, process: str, verb: str = "held") -> str:
    """That it held a process."""
    return f"the chaos order `{fault.order}` {verb} {process} ({fault.name}: {_when(fault)})"


def order(fault: Past) -> str:
    """It alone."""
    return f"the chaos order `{fault.order}` ({fault.name}: {_when(fault)})"


def _when(fault: Past) -> str:
    """In local time."""
    if fault.end == math.inf:
        return f"since {clock(fault.begin)}"
    return f"{clock(fault.begin)} to {clock(fault.end)}"


def clock(seconds: float) -> str:
    """A moment in local time."""
    return datetime.datetime.fromtimestamp(seconds).strftime("%H:%M:%S")
