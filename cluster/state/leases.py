"""Leases: keys that go when nobody says any more that they are wanted.

Job: which leases there are, when each ends, which keys hang on it. Must not know: clocks (times are
the log's, in milliseconds, and come as arguments), revisions, how keys are deleted.
"""

from dataclasses import dataclass, field

from sortedcontainers import SortedList

from cluster import limits
from cluster.errors import LeaseNotFound, StoreError
from cluster.messages.store import LeaseStatus


@dataclass(slots=True)
class Lease:
    """``ttl``: seconds granted. ``expiry``: the log's time at which it is over. ``keys``: those
    that hang on it; their order means nothing."""

    id: int
    ttl: int
    expiry: int
    keys: dict[str, None] = field(default_factory=dict)

    def status(self, time: int, keys: bool = False) -> LeaseStatus:
        """As of ``time``. A lease that is over but not yet ended has nothing left."""
        left = max(0, self.expiry - time) / 1000
        return LeaseStatus(self.id, self.ttl, left, tuple(sorted(self.keys)) if keys else ())


class Leases:
    """``table``: all leases by id."""

    def __init__(self) -> None:
        self.table: dict[int, Lease] = {}
        self._order: SortedList[tuple[int, int]] = SortedList()

    def __len__(self) -> int:
        return len(self.table)

    def __contains__(self, lease: int) -> bool:
        return lease in self.table

    def ids(self) -> tuple[int, ...]:
        """All of them, sorted."""
        return tuple(sorted(self.table))

    def grant(self, lease: int, ttl: int, time: int) -> Lease | StoreError:
        """A new lease, or why there is none."""
        broken = lease_rule_broken(lease, ttl)
        if broken:
            return StoreError(broken)
        if lease in self.table:
            return StoreError(f"lease {lease} exists already")
        if len(self.table) >= limits.LEASES_MAX:
            return StoreError(f"there are {limits.LEASES_MAX} leases: no more are taken")
        return self.restore(lease, ttl, time + ttl * 1000)

    def restore(self, lease: int, ttl: int, expiry: int) -> Lease:
        """A lease as it was."""
        made = self.table[lease] = Lease(lease, ttl, expiry)
        self._order.add((expiry, lease))
        return made

    def keep_alive(self, lease: int, time: int) -> Lease | LeaseNotFound:
        """Begin its time anew, also if it is over but was not ended yet."""
        found = self.table.get(lease)
        if found is None:
            return not_found(lease)
        self._order.remove((found.expiry, lease))
        found.expiry = time + found.ttl * 1000
        self._order.add((found.expiry, lease))
        return found

    def end(self, lease: int) -> Lease | LeaseNotFound:
        """Forget it; its keys are the caller's to delete."""
        found = self.table.pop(lease, None)
        if found is None:
            return not_found(lease)
        self._order.remove((found.expiry, lease))
        return found

    def due(self, time: int) -> int:
        """The lease that is over for the longest, of equals the lowest; 0: none is."""
        if self._order:
            expiry, lease = self._order[0]
            if expiry <= time:
                return int(lease)
        return 0

    def next_expiry(self) -> int | None:
        """When the next one is over, by the log's time in milliseconds; None: there are none."""
        return int(self._order[0][0]) if self._order else None

    def move(self, key: str, before: int, after: int) -> None:
        """``key`` hung on the one lease and hangs on the other now (0: none)."""
        if before:
            self.table[before].keys.pop(key, None)
        if after:
            self.table[after].keys[key] = None


def not_found(lease: int) -> LeaseNotFound:
    """The error for a lease that is not there."""
    return LeaseNotFound(f"there is no lease {lease}")


def lease_rule_broken(lease: int, ttl: int) -> str:
    """What is wrong with a lease to be granted; '' : nothing."""
    if not 0 < lease <= limits.LEASE_ID_MAX:
        return f"a lease's id is between 1 and {limits.LEASE_ID_MAX}, not {lease}"
    if not limits.LEASE_TTL_SECONDS_MIN <= ttl <= limits.LEASE_TTL_SECONDS_MAX:
        low, high = limits.LEASE_TTL_SECONDS_MIN, limits.LEASE_TTL_SECONDS_MAX
        return f"a lease lasts between {low} and {high} seconds, not {ttl}"
    return ""
