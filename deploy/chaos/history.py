"""Which faults there were, and when: read from the journal, also when the cluster is down. Pure but
for ``read``.

Must not know: how anything is broken, what else happened.
"""

import math
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

BEGINS = "begins"
_BEGUN = re.compile(rf"(\S+) .*?: ([a-z-]+-\d+): {BEGINS}: ([^:]+): (\S+)$")
_HEALED = re.compile(r"(\S+) .*?: ([a-z-]+-\d+): healed\b")


@dataclass(frozen=True)
class Past:
    """A fault. ``order``: as it could be typed; ``victims``: processes; ``begin``, ``end``: UNIX
    seconds, ``end`` without bound while it stands."""

    name: str
    order: str
    victims: tuple[str, ...]
    begin: float
    end: float = math.inf

    @property
    def verb(self) -> str:
        """What was done."""
        return self.order.partition(" ")[0]

    def stood(self, since: float, until: float) -> bool:
        """Whether it stood at any time between (UNIX seconds)."""
        return self.begin <= until and since <= self.end


def line(name: str, order: str, victims: Iterable[str]) -> str:
    """What the journal says of a fault that is about to be put in."""
    return f"{name}: {BEGINS}: {order}: {','.join(victims)}"


def read(data_dir: str) -> list[Past]:
    """All faults that the journal of a cluster knows, oldest first."""
    try:
        with open(os.path.join(data_dir, "logs", "chaos.log"), encoding="utf-8") as file:
            return list(faults(file))
    except FileNotFoundError:
        return []


def faults(lines: Iterable[str]) -> Iterator[Past]:
    """From the lines of a journal. What is no such line is passed over."""
    found: list[Past] = []
    standing: dict[str, int] = {}
    for text in lines:
        if begun := _BEGUN.match(text.rstrip("\n")):
            stamp, name, order, victims = begun.group(1, 2, 3, 4)
            standing[name] = len(found)
            found.append(Past(name, order, tuple(victims.split(",")), seconds(stamp)))
        elif (healed := _HEALED.match(text)) and healed[2] in standing:
            number = standing.pop(healed[2])
            found[number] = replace(found[number], end=seconds(healed[1]))
    return iter(found)


def seconds(stamp: str) -> float:
    """UNIX seconds of a journal's time. Raises ValueError."""
    return datetime.fromisoformat(stamp).timestamp()
