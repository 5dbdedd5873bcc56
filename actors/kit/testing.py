"""Actor systems in memory for tests: one line, no disk, no socket. Works on any loop.

Must not know: components.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from actors.kit.system import ActorSystem
from actors.kit.tracing import MemoryTracer, Tracer
from actors.kit.transports.transport import Transport
from actors.kit.world.memory import memory_world
from actors.kit.world.world import World
from cluster.messages.base import Message
from cluster.messages.registry import all_messages


@asynccontextmanager
async def actor_system(
    process: str = "replica-1",
    zone: str = "a",
    world: World | None = None,
    tracer: Tracer | None = None,
    transport: Transport | None = None,
    registry: Mapping[str, type[Message]] | None = None,
) -> AsyncIterator[ActorSystem]:
    """A started system with a memory world: ``async with actor_system() as system: ...``. Stopped
    at the end; raises what a root actor failed of."""
    system = ActorSystem(
        process,
        zone,
        world or memory_world(process),
        tracer or MemoryTracer(),
        transport,
        {},
        all_messages() if registry is None else registry,
    )
    await system.start()
    try:
        yield system
    finally:
        failed = system.failed
        await system.stop()
    if failed.done() and not failed.cancelled() and (error := failed.exception()) is not None:
        raise error
