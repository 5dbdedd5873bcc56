"""Who holds how much of the node, and who waits for room to grow. Synchronous; no clock, no loop.

A new pod and a resize are judged against what all other pods hold. Room that comes free is given
to the resizes that wait, in the documented order, before anybody else can take it: it is reserved
here, and the pod's worker is told. Must not know: pods' objects, engines.

Source: docs "Resize CPU and Memory Resources assigned to Containers": Pod resize status, How the
kubelet retries Deferred resizes; KEP-1287.
"""

from collections.abc import Callable
from typing import TypeAlias

from actors.kubelet import refusals
from actors.kubelet.refusals import Refusal
from cluster.api.placement import HostPort, conflicts
from cluster.api.pod_resizing import CPU, DEFERRED, INFEASIBLE, MEMORY
from cluster.api.quantity import NANO, parse
from cluster.api.types import Object

# Of cpu and memory, in billionths.
Amounts: TypeAlias = dict[str, int]
# Lower goes first: (minus the priority, 0 if Guaranteed else 1, UNIX seconds of the first refusal).
Rank: TypeAlias = tuple[int, int, float]
_SHOWN = {CPU: NANO // 1000, MEMORY: NANO}
_PODS = "pods"


class Allocations:
    """``give``: told the uid of a pod that may try again. Nothing is judged before ``opened``: a
    kubelet that starts must first know all the pods that are there."""

    def __init__(self, allocatable: Object, give: Callable[[str], None]) -> None:
        self._capacity = {name: parse(str(allocatable[name])).nano for name in (CPU, MEMORY)}
        self._pods_max = int(allocatable.get(_PODS) or 0)
        self._give = give
        self._held: dict[str, Amounts] = {}
        self._ports: dict[str, tuple[HostPort, ...]] = {}
        self._waiting: dict[str, tuple[Rank, Amounts]] = {}
        self.opened = False

    def open(self) -> None:
        """All pods of the node are known."""
        self.opened = True
        for uid in list(self._held):
            self._give(uid)

    def hold(self, uid: str, amounts: Amounts, ports: tuple[HostPort, ...] = ()) -> None:
        """What a pod has now, which is not for others; what it let go of is offered to them."""
        before = self._held.get(uid, {})
        self._held[uid], self._ports[uid] = amounts, ports
        if any(amounts.get(name, 0) < nano for name, nano in before.items()):
            self._offer()

    def release(self, uid: str) -> None:
        """The pod holds nothing any more."""
        self._waiting.pop(uid, None)
        self._ports.pop(uid, None)
        if self._held.pop(uid, None):
            self._offer()

    def admit(
        self,
        uid: str,
        wanted: Amounts,
        ports: tuple[HostPort, ...] = (),
        *,
        matches: bool = True,
        tolerates: bool = True,
    ) -> Refusal | None:
        """None if the node has room for a new pod, which holds this much from now on. ``matches``:
        the node is one that the pod's selector and affinity let it be on; ``tolerates``: and the
        pod tolerates its NoExecute taints."""
        others = sum(bool(item) for other, item in self._held.items() if other != uid)
        if self._pods_max and others + 1 > self._pods_max:
            return refusals.out_of(_PODS, 1, others, self._pods_max)
        for name in (CPU, MEMORY):
            if not self._fits(uid, name, wanted):
                amounts = (wanted[name], self._used(uid, name), self._capacity[name])
                return refusals.out_of(name, *(self._shown(name, nano) for nano in amounts))
        if not matches:
            return refusals.wrong_affinity()
        taken = [port for other, held in self._ports.items() if other != uid for port in held]
        if any(conflicts(one, other) for one in ports for other in taken):
            return refusals.ports_taken()
        if not tolerates:
            return refusals.untolerated()
        self.hold(uid, wanted, ports)
        return None

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
                amounts = (wanted[name], self._used(uid, name), self._capacity[name])
                shown = (self._shown(name, nano) for nano in amounts)
                return Refusal(DEFERRED, refusals.lacking(name, *shown))
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
