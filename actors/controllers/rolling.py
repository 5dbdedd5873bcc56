"""The arithmetic of a rolling update: how far up, how far down, in which proportion.

Source: Kubernetes "Deployments: strategy", "Proportional scaling". Works on counts alone.
Must not know objects, clocks, the API.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """``surge``: pods above the desired count that may exist; ``unavailable``: how many of the
    desired count may be missing. Never both 0."""

    desired: int
    surge: int
    unavailable: int

    @property
    def total_max(self) -> int:
        """Pods that may exist at once."""
        return self.desired + self.surge

    @property
    def available_min(self) -> int:
        """Pods that must be available."""
        return self.desired - self.unavailable


@dataclass(frozen=True)
class SetCounts:
    """One ReplicaSet in numbers. ``annotated_max``: desired + surge when it was last scaled (0 if
    unknown)."""

    name: str
    replicas: int
    available: int = 0
    created: float = 0.0
    annotated_max: int = 0


def resolve(value: "int | str | None", desired: int, round_up: bool) -> int:
    """An int-or-percent field as a count: 25 % of 10 is 3 rounded up, 2 rounded down.

    Raises ValueError for what is neither.
    """
    if value is None:
        value = "25%"
    if isinstance(value, int):
        return value
    if not value.endswith("%"):
        return int(value)
    exact = int(value[:-1]) * desired
    return -(-exact // 100) if round_up else exact // 100


def bounds(
    desired: int, max_surge: "int | str | None", max_unavailable: "int | str | None"
) -> Bounds:
    """Surge rounds up, unavailable rounds down; if both come to 0 one pod may be unavailable."""
    surge = resolve(max_surge, desired, round_up=True)
    unavailable = resolve(max_unavailable, desired, round_up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Bounds(desired, surge, min(unavailable, desired))


def new_replicas(limits: Bounds, new: int, total: int) -> int:
    """What the new set is to be scaled to, of ``new`` now and ``total`` over all sets."""
    if new > limits.desired:
        return limits.desired
    room = limits.total_max - total
    if room <= 0:
        return new
    return new + min(room, limits.desired - new)


def scale_down_old(limits: Bounds, old: Sequence[SetCounts], new: SetCounts) -> dict[str, int]:
    """New sizes of the old sets that are to shrink now, by name.

    First those old pods go that are not available anyway, then as many available ones as the
    minimum allows; the oldest set first.
    """
    total = sum(item.replicas for item in old) + new.replicas
    new_unavailable = max(0, new.replicas - new.available)
    allowed = total - limits.available_min - new_unavailable
    if allowed <= 0:
        return {}
    sizes = {item.name: item.replicas for item in old}
    oldest_first = sorted(old, key=lambda item: (item.created, item.name))
    for item in oldest_first:
        broken = min(allowed, item.replicas - item.available)
        if broken > 0:
            sizes[item.name] -= broken
            allowed -= broken
    available = sum(min(item.available, item.replicas) for item in old)
    spare = available + min(new.available, new.replicas) - limits.available_min
    for item in oldest_first:
        take = min(sizes[item.name], spare)
        if take <= 0:
            continue
        sizes[item.name] -= take
        spare -= take
    return {item.name: sizes[item.name] for item in old if sizes[item.name] != item.replicas}


def proportional(
    limits: Bounds, active: Sequence[SetCounts], recorded_total: int
) -> dict[str, int]:
    """Sizes of all active sets when the Deployment was scaled amid a rollout, by name.

    Each takes its share of what is added or removed; the largest takes the rounding's leftover, as
    far as it goes.
    ``recorded_total``: the Deployment's status.replicas, for sets without an annotation.
    """
    allowed_total = limits.total_max if limits.desired > 0 else 0
    to_add = allowed_total - sum(item.replicas for item in active)
    # Grown: newer of equal size first; shrunk: older of equal size first.
    sign = -1.0 if to_add > 0 else 1.0
    ordered = sorted(active, key=lambda item: (-item.replicas, sign * item.created, item.name))
    sizes: dict[str, int] = {}
    added = 0
    for item in ordered:
        share = _share(limits, item, to_add, added, recorded_total)
        sizes[item.name] = item.replicas + share
        added += share
    if ordered:
        largest = ordered[0].name
        sizes[largest] = max(0, sizes[largest] + to_add - added)
    return sizes


def _share(limits: Bounds, item: SetCounts, to_add: int, added: int, recorded_total: int) -> int:
    if item.replicas == 0 or to_add == added:
        return 0
    fraction = _fraction(limits, item, recorded_total)
    rest = to_add - added
    return min(fraction, rest) if to_add > 0 else max(fraction, rest)


def _fraction(limits: Bounds, item: SetCounts, recorded_total: int) -> int:
    if limits.desired == 0:
        return -item.replicas
    before = item.annotated_max or recorded_total
    if before <= 0:
        return 0
    exact = item.replicas * limits.total_max / before
    return math.floor(exact + 0.5) - item.replicas
