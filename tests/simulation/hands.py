"""Orders carried out on a simulated cluster: the counterpart of the launcher's hands.

Each verb breaks something for real, says how that was seen, and mends it. Processes that ended by a
fault are started again, as a person or a service manager would, unless a fault keeps them down.
Must not know: when or why something is broken (``deploy.chaos.hands``).
"""

import asyncio

from actors.kit.world.memory import EPOCH
from cluster import names
from cluster.chaos import plan
from cluster.chaos.orders import Active, Healed, Order, View
from cluster.errors import SteersmanError
from cluster.messages.store import StatusRequest, StoreStatus
from tests.simulation.cluster import SimulatedCluster
from tests.simulation.hand_work import Evidence, Tools, Work
from tests.simulation.hand_works import WORKS
from tests.simulation.keeper import Keeper

STATUS_SECONDS = 1.0


class SimulatedHands:
    """``count``: how often each verb took effect. ``story``: what was broken and mended when. All
    between ``start`` and ``stop``."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self.cluster = cluster
        self.count: dict[str, int] = {}
        self.story: list[str] = []
        self.keeper = Keeper(cluster)
        self._tools = Tools(cluster, self.keeper)
        self._number = 0
        self._standing: dict[str, tuple[Active, Work]] = {}
        # Of what is being healed, or was: whoever asks again gets the same.
        self._healing: dict[str, asyncio.Task[Healed]] = {}
        self._enders: dict[str, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Watch over processes."""
        self.keeper.start()

    async def stop(self) -> None:
        """Mend all that is still broken."""
        for active in await self.active():
            await self.heal(active)
        for task in list(self._enders.values()):
            task.cancel()
        self.keeper.stop()

    # -- Hands

    async def view(self) -> View:
        """See ``Hands``."""
        settings = self.cluster.settings
        return View(
            {item.name: item.zone for item in settings.replicas},
            {item.name: item.zone for item in settings.nodes},
            await self._leader(),
        )

    async def inject(self, order: Order, seed: int = 0) -> Active:
        """See ``Hands``. With ``seconds`` it ends by itself."""
        hit, others = plan.who(order, await self.view(), seed)
        self._number += 1
        since = _wall()
        until = since + order.seconds if order.seconds else 0.0
        active = Active(f"{order.verb}-{self._number}", order, hit, others, since, until)
        work = WORKS[order.verb](self._tools, active, seed)
        self._standing[active.name] = (active, work)
        self._say(f"{active.name} {' '.join(hit)}{' | ' if others else ''}{' '.join(others)}")
        evidence = await work.begin()
        active = _proven(active, evidence)
        if evidence.proof:
            self.count[order.verb] = self.count.get(order.verb, 0) + 1
        self._say(f"  {active.name}: {evidence.proof or 'IN DOUBT: ' + evidence.doubt}")
        if active.name in self._standing:
            self._standing[active.name] = (active, work)
        if plan.at_once(order):
            await self.heal(active)
        elif until:
            self._enders[active.name] = asyncio.get_running_loop().create_task(
                self._end(active, until), name=f"end of {active.name}"
            )
        return active

    async def heal(self, active: Active) -> Healed:
        """See ``Hands``. What is over already is told as it was."""
        healing = self._healing.get(active.name)
        if healing is None:
            if active.name not in self._standing:
                return Healed(active, _wall(), doubt="it is not known")
            healing = self._healing[active.name] = asyncio.get_running_loop().create_task(
                self._heal(active.name), name=f"heal {active.name}"
            )
        return await asyncio.shield(healing)

    async def active(self) -> list[Active]:
        """See ``Hands``."""
        return [active for active, _ in self._standing.values()]

    # -- inside

    async def _heal(self, name: str) -> Healed:
        active, work = self._standing[name]
        evidence = await work.end()
        del self._standing[name]
        healed = Healed(active, _wall(), evidence.proof, evidence.doubt)
        self._say(f"  {name} healed: {healed.proof or 'IN DOUBT: ' + healed.doubt}")
        return healed

    async def _end(self, active: Active, until: float) -> None:
        await asyncio.sleep(max(0.0, until - _wall()))
        await self.heal(active)

    async def _leader(self) -> str:
        """Whoever leads in the newest term that any replica tells of: asked in its own process,
        so that no fault of links is in the way."""
        replicas = [item.name for item in self.cluster.settings.replicas]
        found = await asyncio.gather(*(self._status(name) for name in replicas))
        leading = [status for status in found if status is not None and status.role == "leader"]
        if not leading:
            return ""
        return max(leading, key=lambda status: status.term).member

    async def _status(self, replica: str) -> StoreStatus | None:
        system = self.cluster.systems.get(replica)
        if system is None:
            return None
        try:
            answer = await system.ref(names.address(names.STORE, replica)).ask(
                StatusRequest(), STATUS_SECONDS
            )
        except SteersmanError:
            return None
        assert isinstance(answer, StoreStatus)
        return answer

    def _say(self, what: str) -> None:
        self.story.append(f"{asyncio.get_running_loop().time():7.2f} {what}")


def _proven(active: Active, evidence: Evidence) -> Active:
    return Active(
        active.name, active.order, active.names, active.others, active.since, active.until,
        evidence.proof, evidence.doubt,
    )  # fmt: skip


def _wall() -> float:
    return EPOCH + asyncio.get_running_loop().time()
