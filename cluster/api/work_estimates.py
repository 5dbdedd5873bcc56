"""How many seats a request takes of its priority level, and for how long after its answer. Pure.

Job: objects, bytes and watchers to seats. Must not know: levels' queues, who counts.
Source: KEP-1040 (request width), docs "API Priority and Fairness", Seats occupied by a request.

Kubernetes lets a list that it serves from memory count as a megabyte at most, for memory is what it
saves there. Here every list is served from memory, and what it takes is turns of one loop: so all
that it looks at counts, as Kubernetes has it for lists that it reads from its store.
"""

from typing import NamedTuple

# What a level's widest request may take: a part of the level's own seats, and never more than this.
LIST_SEATS_MAX = 100
WRITE_SEATS_MAX = 10
PERCENT_MAX = 15
BYTES_PER_SEAT = 100_000
WATCHERS_PER_SEAT = 10
# An event keeps one seat so long for each ten who watch.
EVENT_SECONDS = 0.005


class Work(NamedTuple):
    """``seats``: while it is served; ``final``: for ``extra`` seconds after its answer."""

    seats: int = 1
    final: int = 0
    extra: float = 0.0

    @property
    def width(self) -> int:
        """Seats that are kept for it when it begins."""
        return max(self.seats, self.final)


class Stored(NamedTuple):
    """What lies in the range of a list: how many objects, of how many bytes on average."""

    objects: int
    size: float


ONE = Work()


def most(seats: int, limit: int) -> int:
    """The widest that a request may be at a level of ``seats``."""
    return max(1, min(limit, -(-seats * PERCENT_MAX // 100)))


def of_list(stored: Stored, limit: int, selective: bool, seats: int) -> Work:
    """Of a list or the first part of a watch. ``limit``: objects of a page, 0 for all;
    ``selective``: has a selector, so that more is looked at than is answered; ``seats``: of the
    level."""
    looked = stored.objects
    if 0 < limit < looked:
        looked = max(limit, looked // 2) if selective else limit
    wanted = -int(-looked * stored.size // BYTES_PER_SEAT)
    return _of_seats(max(1, min(wanted, most(seats, LIST_SEATS_MAX))))


def of_write(watchers: int, seats: int) -> Work:
    """Of a write that so many watch. The fewer seats there are at once, the longer they are kept:
    the work stays the same."""
    if watchers < WATCHERS_PER_SEAT:
        return ONE
    wanted = -(-watchers // WATCHERS_PER_SEAT)
    final = min(wanted, most(seats, WRITE_SEATS_MAX))
    return Work(1, final, wanted * EVENT_SECONDS / final)


def _of_seats(seats: int) -> Work:
    return ONE if seats == 1 else Work(seats)
