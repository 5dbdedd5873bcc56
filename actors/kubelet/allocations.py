"""Who holds how much of the node, and who waits for room to grow. Synchronous; no clock, no loop.

A resize is judged against what all other pods hold. Room that comes free is given to those that
wait in the documented order, before anybody else can take it: it is reserved here, and the pod's
worker is told. Must not know: pods' objects, engines.

Source: docs "Resize CPU and Memory Resources assigned to Containers": Pod resize status, How
kubelet retries Deferred resizes; KEP-1287.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from cluster.api.pod_resizing import CPU, DEFERRED, INFEASIBLE, MEMORY
from cluster.api.quantity import NANO, parse
from cluster.api.types import Object

# Of cpu and memory, in billionths.
Amounts: TypeAlias = dict[str, int]
# Lower goes first: (minus the priority, 0 if Guaranteed else 1, UNIX seconds of the first refusal).
Rank: TypeAlias = tuple[int, int, float]
_SHOWN = {CPU: NANO // 1000, MEMORY: NANO}


@dataclass(frozen=True, slots=True)
class Refusal:
    """``reason``: Infeasible or Deferred."""

    reason: str
    message: str


class Allocations:
    """``give``: told the uid of a pod that may try again. Nothing is judged before ``opened``: a
    kubelet that starts must first know all the pods that are there."""

    def __init__(self, allocatable: Object, give: Callable[[str], None]) -> None:
        self._capacity = {name: parse(str(allocatable[name])).nano for name in (CPU, MEMORY)}
        self._give = give
        self._held: dict[str, Amounts] = {}
        self._waiting: dict[str, tuple[Rank, Amounts]] = {}
        self.opened = False

    def open(self) -> None:
        """All pods of the node are known."""
        self.opened = True
        for uid in list(self._held):
            self._give(uid)

    def hold(self, uid: str, amounts: Amounts) -> None:
        """What a pod has now, which is not for others; what it let go of is offered to them."""
        before = self._held.get(uid, {})
        self._held[uid] = amounts
        if any(amounts.get(name, 0) < nano for name, nano in before.items()):
            self._offer()

    def release(self, uid: str) -> None:
        """The pod holds nothing any more."""
        self._waiting.pop(uid, None)
        if self._held.pop(uid, None):
            self._offer()

    def judge(self, uid: str, wanted: Amounts) -> Refusal | None:
        """None if the pod may have this much."""
        for name in (MEMORY, CPU):
            if wanted.get(name, 0) > self._capacity[name]:
                asked = self._shown(name, wanted[name])
                capacity = self._shown(name, self._capacity[name])
                text = f"{name}, requested: {asked}, capacity: {capacity}"
                return Refusal(INFEASIBLE, f"Node didn't have enough capacity: {text}")
        for name in (CPU, MEMORY):
            if not self._fits(uid, name, wanted):
                asked = self._shown(name, wanted[name])
                used = self._shown(name, self._used(uid, name))
                capacity = self._shown(name, self._capacity[name])
                text = f"{name}, requested: {asked}, used: {used}, capacity: {capacity}"
                return Refusal(DEFERRED, f"Node didn't have enough resource: {text}")
        return None

    def wait(self, uid: str, rank: Rank, wanted: Amounts) -> None:
        """Ask to be told when there is room for this."""
        self._waiting[uid] = (rank, wanted)

    def settled(self, uid: str) -> None:
        """The pod does not wait any more."""
        self._waiting.pop(uid, None)

    def _offer(self) -> None:
        for uid, (_, wanted) in sorted(
            self._waiting.items(), key=lambda item: (item[1][0], item[0])
        ):
            if all(self._fits(uid, name, wanted) for name in (CPU, MEMORY)):
                del self._waiting[uid]
                held = self._held.get(uid, {})
                self._held[uid] = {
                    name: max(held.get(name, 0), wanted.get(name, 0)) for name in (CPU, MEMORY)
                }
                self._give(uid)

    def _fits(self, uid: str, name: str, wanted: Amounts) -> bool:
        """What does not grow always fits: a node that holds too much already must not keep a pod
        from getting smaller."""
        nano = wanted.get(name, 0)
        if nano <= self._held.get(uid, {}).get(name, 0):
            return True
        return self._used(uid, name) + nano <= self._capacity[name]

    def _used(self, uid: str, name: str) -> int:
        return sum(item.get(name, 0) for other, item in self._held.items() if other != uid)

    def _shown(self, name: str, nano: int) -> int:
        """CPU in thousandths, memory in bytes, as Kubernetes' messages have it."""
        return -(-nano // _SHOWN[name])
