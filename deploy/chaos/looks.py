"""Looks at the cluster from outside, again and again, and keeps what was seen.

Must not know: what is right (the checkers do), or faults.
"""

import asyncio
from dataclasses import dataclass, field

from cluster.chaos.observations import Led, Life, PodSeen, StoreSeen, Survey
from cluster.chaos.picking import pod_seen, ready_endpoints
from cluster.errors import SteersmanError
from deploy.chaos.asking import list_all
from deploy.chaos.ground import Ground

SURVEY_SECONDS = 1.0
RETRY_SECONDS = 0.2
STORES_SECONDS = 0.5
CONTAINERS_SECONDS = 1.0
SLICES = ("endpointslices", "discovery.k8s.io")


@dataclass
class Looks:
    """``leading``: (when, replica, term) whenever it was another than before; '' for nobody.
    ``led``: each leader of a term once. ``lives``: by pod and node."""

    ground: Ground
    namespace: str
    surveys: list[Survey] = field(default_factory=list)
    leading: list[tuple[float, str, int]] = field(default_factory=list)
    led: dict[tuple[int, str], Led] = field(default_factory=dict)
    lives: dict[tuple[str, str], Life] = field(default_factory=dict)
    containers_seen: bool = False

    async def survey_on(self) -> None:
        """Pods and endpoints, for ever."""
        turn = 0
        while True:
            try:
                self.surveys.append(await self.survey(turn))
            except SteersmanError:
                turn += 1
                await asyncio.sleep(RETRY_SECONDS)
                continue
            await asyncio.sleep(SURVEY_SECONDS)

    async def survey(self, turn: int) -> Survey:
        """One look at pods and endpoints. Raises SteersmanError."""
        begin = _now()
        resource, group = SLICES
        slices = await list_all(self.ground, resource, group, self.namespace, turn)
        pods = await list_all(self.ground, "pods", namespace=self.namespace, turn=turn)
        endpoints = tuple(ready_endpoints(slices))
        return Survey(begin, tuple(pod_seen(pod) for pod in pods), endpoints, _now())

    async def stores_on(self) -> None:
        """Who leads, for ever."""
        while True:
            self.take_stores(await self.ground.stores())
            await asyncio.sleep(STORES_SECONDS)

    def take_stores(self, stores: list[StoreSeen]) -> None:
        """Of several that say that they lead, the one of the highest term does."""
        now = _now()
        leaders = [store for store in stores if store.role == "leader"]
        for store in leaders:
            self.led.setdefault((store.term, store.replica), Led(store.term, store.replica, now))
        best = max(leaders, key=lambda store: store.term, default=None)
        replica, term = (best.replica, best.term) if best else ("", 0)
        if not self.leading or self.leading[-1][1:] != (replica, term):
            self.leading.append((now, replica, term))

    async def containers_on(self) -> None:
        """What lives where, for ever."""
        while True:
            await self._containers()
            await asyncio.sleep(CONTAINERS_SECONDS)

    async def _containers(self) -> None:
        """What an answer shows running lived at some moment between question and answer: no life
        is said to begin before its first answer, or to end after its last question."""
        asked = _now()
        try:
            found = await self.ground.containers()
        except SteersmanError:
            return
        answered = _now()
        if found is None:
            return
        self.containers_seen = True
        for item in found:
            if not item.running or not item.part or item.namespace != self.namespace:
                continue
            key = (item.pod, item.node)
            if key in self.lives:
                self.lives[key].end = asked
            else:
                self.lives[key] = Life(
                    item.namespace, item.name, item.pod, item.node, answered, asked
                )

    def ready(self, app: str) -> list[PodSeen]:
        """An app's ready pods as last seen."""
        last = self.surveys[-1].pods if self.surveys else ()
        return [pod for pod in last if pod.app == app and pod.ready and not pod.ending]


def _now() -> float:
    return asyncio.get_running_loop().time()
