"""What client and controller tests run in: a virtual loop, one process, fake API servers."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from actors.kit.actor import Actor
from actors.kit.context import Context
from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from tests.simulation.loop import run_simulation
from tests.unit.actors.client.fake_apiserver import FakeApiServer, FakeState

T = TypeVar("T")


class Bystander(Actor):
    """An actor that only lends its context."""


class Bench:
    """A running system with fake servers ``apiserver`` and ``apiserver-2`` that share a state."""

    def __init__(self, system: ActorSystem, state: FakeState) -> None:
        self.system = system
        self.state = state
        self.servers = ("apiserver@replica-1", "apiserver-2@replica-1")

    async def context(self, name: str = "tester") -> Context:
        """The context of a fresh actor."""
        held: list[Bystander] = []

        def make() -> Bystander:
            held.append(Bystander())
            return held[-1]

        await self.system.spawn(name, make)
        return held[-1].ctx


def virtually(test: Callable[[Bench], Awaitable[T]]) -> T:
    """Run a test on virtual time with a bench."""

    async def main() -> T:
        async with actor_system() as system:
            state = FakeState()
            await system.spawn("apiserver", lambda: FakeApiServer(state))
            await system.spawn("apiserver-2", lambda: FakeApiServer(state))
            return await test(Bench(system, state))

    return run_simulation(main)


async def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    """Let virtual time pass until the condition holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while not condition():
        assert loop.time() < end, "the condition did not come true in time"
        await asyncio.sleep(0.01)


def simulated(test: Callable[[Bench], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Decorator: a test function that runs virtually."""

    def run() -> None:
        virtually(test)

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run
