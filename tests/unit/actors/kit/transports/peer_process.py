"""A process of its own for tests that kill one: prints its port, then serves a counter.

``python -m tests.unit.actors.kit.transports.peer_process``
"""

import asyncio

from actors.kit.system import ActorSystem
from actors.kit.tracing import NullTracer
from actors.kit.transports.tcp import TcpTransport
from actors.kit.world.memory import SeededEntropy, memory_world
from tests.unit.actors.kit.messages import REGISTRY, Counter


async def main() -> None:
    transport = TcpTransport("demo", "127.0.0.1:0", SeededEntropy("peer"), None, None)
    world = memory_world("peer")
    system = ActorSystem("peer", "a", world, NullTracer(), transport, {}, REGISTRY)
    await system.start()
    await system.spawn("counter", Counter)
    print(transport.port, flush=True)
    await system.failed


if __name__ == "__main__":
    asyncio.run(main())
