"""A schedule carried out: each order through ``Hands`` when due, healed when its time is over.

Must not know: what the cluster is used for, or what is checked.
"""

import asyncio
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from cluster.chaos.observations import Suffering
from cluster.chaos.orders import Active, Healed
from cluster.chaos.schedule import Timed
from deploy.chaos.hands import Hands, Hindered

# An order that cannot be now (nobody leads at the moment) is tried again so long.
PATIENCE_SECONDS = 5.0
# And one that another fault hinders, which has its own time (an engine that restarts).
HINDERED_SECONDS = 20.0
# What cannot be healed, for whoever has it is down, is tried again so long; then at the end.
MENDING_SECONDS = 60.0
MEND_AGAIN_SECONDS = 1.0


@dataclass
class Carried:
    """What became of an order. ``begin``, ``struck``: when it was begun, and had taken effect;
    ``mending``, ``end``: the same of healing; loop seconds. ``problem``: why it could not be
    carried out or healed."""

    timed: Timed
    begin: float
    struck: float = 0.0
    mending: float = 0.0
    end: float = 0.0
    active: Active | None = None
    healed: Healed | None = None
    problem: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The processes that it hit, on both sides."""
        return (*self.active.names, *self.active.others) if self.active is not None else ()

    @property
    def victims(self) -> tuple[str, ...]:
        """Those that suffer: of one and the rest the one, for the rest have each other."""
        if self.active is None:
            return ()
        order = self.active.order
        rest = not order.other and order.way != "bridge"
        return self.active.names if rest else self.names

    @property
    def unheard(self) -> tuple[str, ...]:
        """Those that may not hear the rest of the cluster: the victims, and all that are parted
        from the replicas that decide, whichever side that is."""
        parted = self.active is not None and self.active.order.verb == "partition"
        return self.names if parted else self.victims

    def masked_by(self, others: Iterable["Carried"]) -> str:
        """Another fault that held one of its processes meanwhile: what that hides cannot be
        proven. '' if there was none. While any other stands, it cannot be told that all is well
        again; and an order that was not carried out may have found down whom it was for."""
        vague = self.active is None or not self.doubts_of_striking()
        for other in others:
            meanwhile = other.begin < (self.end or math.inf) and self.begin < (
                other.end or math.inf
            )
            near = vague or set(self.names) & set(other.names)
            if other is not self and other.active is not None and meanwhile and near:
                return other.active.name
        return ""

    def doubts(self) -> list[str]:
        """Why it is not known to have taken effect, or to be healed."""
        found = self.doubts_of_striking()
        if self.healed is not None and (self.healed.doubt or not self.healed.proof):
            found.append(self.healed.doubt or "nothing shows that it is healed")
        return found

    def doubts_of_striking(self) -> list[str]:
        """Those that are not of healing."""
        found = [self.problem] if self.problem else []
        if self.active is not None and (self.active.doubt or not self.active.proof):
            found.append(self.active.doubt or "nothing shows that it took effect")
        return found


@dataclass
class Breaker:
    """``say``: told of each fault and each healing."""

    hands: Hands
    say: Callable[[str], None]
    carried: list[Carried] = field(default_factory=list)

    async def run(self, orders: Sequence[Timed]) -> None:
        """All of them; returns when the last is healed."""
        begin = _now()
        lanes: dict[int, list[Timed]] = {}
        for timed in orders:
            lanes.setdefault(timed.lane, []).append(timed)
        async with asyncio.TaskGroup() as group:
            for lane in lanes.values():
                group.create_task(self._lane(lane, begin, group))

    async def _lane(self, orders: list[Timed], begin: float, group: asyncio.TaskGroup) -> None:
        for timed in orders:
            await asyncio.sleep(max(0.0, begin + timed.at - _now()))
            if timed.overlap:
                group.create_task(self._carry_out(timed))
            else:
                await self._carry_out(timed)

    async def _carry_out(self, timed: Timed) -> None:
        carried = Carried(timed, _now())
        self.carried.append(carried)
        active = await self._inject(carried)
        if active is None:
            return
        carried.active, carried.struck = active, _now()
        sides = [", ".join(side) for side in (active.names, active.others) if side]
        where = " | ".join(sides)
        self.say(f"{active.name} on {where}: {told(active.proof, active.doubt)}")
        await asyncio.sleep(max(0.0, carried.struck + timed.order.seconds - _now()))
        carried.mending = _now()
        await self._heal(carried, active)
        carried.end = _now()
        healed = carried.healed
        if healed is not None:
            self.say(f"{active.name} healed: {told(healed.proof, healed.doubt)}")

    async def _heal(self, carried: Carried, active: Active) -> None:
        """Until it stands no more: who has it may be down himself, and would suffer on."""
        while True:
            carried.problem = ""
            try:
                carried.healed = await self.hands.heal(active)
            except ValueError as error:
                carried.problem = f"not healed: {error}"
            left = any(one.name == active.name for one in await self.hands.active())
            if not left or _now() > carried.mending + MENDING_SECONDS:
                return
            await asyncio.sleep(MEND_AGAIN_SECONDS)

    async def _inject(self, carried: Carried) -> Active | None:
        order, seed = carried.timed.order, carried.timed.seed
        begin, patience = _now(), min(PATIENCE_SECONDS, max(order.seconds, 1.0))
        for tries in itertools.count():
            try:
                # What is random is drawn anew: who was drawn may be down already.
                active = await self.hands.inject(order, seed + tries)
                carried.problem = ""
                return active
            except ValueError as error:
                carried.problem = f"not carried out: {error}"
                hindered = isinstance(error, Hindered)
                if _now() > begin + (HINDERED_SECONDS if hindered else patience):
                    carried.end = _now()
                    self.say(f"{order.verb} {order.target}: {carried.problem}")
                    return None
            await asyncio.sleep(0.25)
        raise AssertionError("it is tried until it is given up")

    def hit(self) -> set[str]:
        """Names of the processes that suffer now."""
        standing = [one for one in self.carried if not one.end]
        return {name for one in standing for name in one.victims}

    def sufferings(self) -> list[Suffering]:
        """Which processes heard no news when; those that still hear none, without end."""
        return [
            Suffering(name, one.begin, one.end or math.inf)
            for one in self.carried
            for name in one.unheard
        ]

    async def mend(self) -> None:
        """Heal whatever is still broken; what could not be told before may be told now. What one
        fault keeps from being healed is tried again once that is over."""
        standing = await self.hands.active()
        while standing:
            for active in standing:
                await self._mend(active)
            left = await self.hands.active()
            standing = left if len(left) < len(standing) else []

    async def _mend(self, active: Active) -> None:
        try:
            healed = await self.hands.heal(active)
            self.say(f"{active.name} healed: {told(healed.proof, healed.doubt)}")
            for carried in self.carried:
                if carried.active is not None and carried.active.name == active.name:
                    carried.healed, carried.problem = healed, ""
        except ValueError as error:
            self.say(f"{active.name} not healed: {error}")


def told(proof: str, doubt: str) -> str:
    """Why something is known, and what is not."""
    doubtful = f"NOT PROVEN: {doubt or 'nothing was seen'}"
    return "; ".join([proof] * bool(proof) + [doubtful] * bool(doubt or not proof))


def _now() -> float:
    return asyncio.get_running_loop().time()
