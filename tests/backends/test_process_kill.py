"""A real process is killed: who waits for it learns at once."""

import asyncio
import sys
from pathlib import Path

import pytest

from actors.kit.testing import actor_system
from actors.kit.transports.tcp import TcpTransport
from actors.kit.world.memory import SeededEntropy
from cluster.errors import ActorDown
from cluster.messages.base import ConnectionLost, Down
from tests.unit.actors.kit.messages import REGISTRY, Add, Count, Slow, Total, Watcher

ROOT = Path(__file__).parents[2]
PEER = "tests.unit.actors.kit.transports.peer_process"


async def test_sigkill_ends_asks_streams_and_monitors_at_once() -> None:
    peer = await asyncio.create_subprocess_exec(
        sys.executable, "-m", PEER, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert peer.stdout is not None
    port = int(await peer.stdout.readline())
    transport = TcpTransport("demo", "127.0.0.1:0", SeededEntropy("here"), None, None)
    async with actor_system("here", transport=transport, registry=REGISTRY) as system:
        system.add_peer("peer", f"127.0.0.1:{port}")
        watcher = Watcher("counter@peer", processes=("peer",))
        await system.spawn("watcher", lambda: watcher)
        ref = system.ref("counter@peer")
        assert await ref.ask(Add(3), 5) == Total(3)
        async with ref.stream(Count(1)) as stream:
            await anext(stream)
            async with ref.stream(Count(-1), credit=1) as endless:
                ask = asyncio.create_task(ref.ask(Slow(60), 60))
                await asyncio.sleep(0.05)
                began = asyncio.get_running_loop().time()
                peer.kill()
                with pytest.raises(ActorDown):
                    await ask
                with pytest.raises(ActorDown):
                    async for _ in endless:
                        pass
        assert asyncio.get_running_loop().time() - began < 1.0
        await asyncio.sleep(0.05)
        assert watcher.messages() == [
            Down("counter@peer", "unreachable"),
            ConnectionLost("peer"),
        ]
    await peer.wait()
    await peer.stdout.read()
