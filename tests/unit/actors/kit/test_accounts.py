"""Every message is accounted for, however it is lost: on the network in memory and on TCP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from actors.kit.system import ActorSystem
from actors.kit.testing import actor_system
from actors.kit.tracing import Kept, MemoryTracer, as_record
from actors.kit.transports.memory import MemoryNetwork
from actors.kit.transports.tcp import TcpTransport
from actors.kit.world.memory import SeededEntropy
from cluster import names
from cluster.errors import SteersmanError
from deploy.tracing.accounts import Accounts
from tests.simulation.loop import simulated
from tests.unit.actors.kit.messages import REGISTRY, Add, Blob, Count, Counter, Pulse, Slow


class Ledger(MemoryTracer):
    def __init__(self) -> None:
        super().__init__(keep=1000)
        self.accounts = Accounts()

    def record(self, fields: Kept, routine: bool = False) -> None:
        self.accounts.take(as_record(fields))
        super().record(fields, routine)


@asynccontextmanager
async def three(network: MemoryNetwork, ledger: Ledger) -> AsyncIterator[list[ActorSystem]]:
    async with AsyncExitStack() as stack:
        found = []
        for name in ("a", "b", "c"):
            transport = network.transport(name)
            system = actor_system(name, tracer=ledger, transport=transport, registry=REGISTRY)
            found.append(await stack.enter_async_context(system))
            await found[-1].spawn("counter", Counter)
        yield found


@simulated
async def test_whatever_the_network_does() -> None:
    ledger, entropy = Ledger(), SeededEntropy(7)
    network = MemoryNetwork(entropy, loss=0.1, duplicate=0.1)

    async def talk(system: ActorSystem) -> None:
        for number in range(150):
            to = system.ref(f"counter@{entropy.choice(('a', 'b', 'c', 'nowhere'))}")
            with suppress(SteersmanError):
                to.tell(Add(number))
                to.tell(Pulse(number))
                if number % 3 == 0:
                    await to.ask(Add(number), 0.3)
                elif number % 10 == 1:
                    async with to.stream(Count(5), credit=4) as stream:
                        await anext(stream)
                elif number % 10 == 2:
                    await to.ask(Slow(0.2), 0.1)
            await asyncio.sleep(entropy.uniform(0.0, 0.1))

    async def break_things() -> None:
        for _ in range(20):
            one, other = entropy.choice(("a", "b", "c")), entropy.choice(("a", "b", "c"))
            if one != other:
                network.block(one, other)
                await asyncio.sleep(entropy.uniform(0.0, 1.0))
                network.sever("a", "b")
                network.heal()
            await asyncio.sleep(entropy.uniform(0.0, 0.3))

    async with three(network, ledger) as systems:
        async with asyncio.TaskGroup() as group:
            for system in systems:
                group.create_task(talk(system))
            group.create_task(break_things())
        network.kill("c")
        for _ in range(3):
            systems[0].ref("counter@c").tell(Add(1))
        await asyncio.sleep(10)
    accounts = ledger.accounts
    assert accounts.open == {}
    assert accounts.steps["sent"] > 1000
    assert accounts.reasons.keys() >= {
        "connection lost", "expired", "fault:loss", "fault:partition", "nobody waits",
        "unreachable",
    }  # fmt: skip


@simulated
async def test_full_and_dead_mailboxes_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.kit.cell.MAILBOX_MESSAGES_MAX", 3)
    ledger = Ledger()
    async with actor_system(tracer=ledger, registry=REGISTRY) as system:
        ref = await system.spawn("counter", Counter)
        ref.tell(Slow(1.0))
        await asyncio.sleep(0.1)
        with suppress(SteersmanError):
            for number in range(5):
                ref.tell(Add(number))
        system.ref("nobody@replica-1").tell(Add(1))
    assert ledger.accounts.open == {}
    assert ledger.accounts.reasons == {"overloaded": 1, "down": 4}


async def test_what_the_kernel_held_when_a_connection_broke_is_counted() -> None:
    ledger = Ledger()
    group = (names.GROUP_REPLICAS,)
    async with AsyncExitStack() as stack:
        ends = []
        for name in ("a", "b"):
            entropy = SeededEntropy(name)
            user = f"system:replica:{name}"
            transport = TcpTransport("t", "127.0.0.1:0", entropy, None, None, user, group)
            system = actor_system(name, tracer=ledger, transport=transport, registry=REGISTRY)
            ends.append((await stack.enter_async_context(system), transport))
            await ends[-1][0].spawn("counter", Counter)
        (a, a_end), (b, b_end) = ends
        a.add_peer("b", f"127.0.0.1:{b_end.port}")
        b.add_peer("a", f"127.0.0.1:{a_end.port}")
        ref = a.ref("counter@b")
        await ref.ask(Add(1), 5.0)
        for _ in range(200):
            ref.tell(Blob(bytes(20_000)))
        # The first write is made, the rest waits; then the line is cut.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        a_end.drop("b")
        while len(ledger.find(event="connection")) < 2:
            await asyncio.sleep(0.01)
    accounts = ledger.accounts
    assert accounts.balance == 0
    assert accounts.reasons["connection lost"] > 10
    assert 0 < accounts.lost < 200
    assert accounts.open == {"Blob": accounts.lost}
