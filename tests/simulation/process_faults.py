"""Processes die: one, several, all at once, in the middle of coming up. A nemesis' hand does it.

Must not know: the network.
"""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.nemesis import Hand


async def kill_leader(hand: "Hand") -> None:
    """SIGKILL of the leader."""
    await _kill(hand, hand.leader())


async def kill_replica(hand: "Hand") -> None:
    """SIGKILL of any replica."""
    await _kill(hand, hand.replicas()[0])


async def kill_two(hand: "Hand") -> None:
    """SIGKILL of two replicas: no quorum until one is back; they come back one after the other."""
    first, second = hand.replicas()[:2]
    await hand.cluster.kill(first, second)
    await hand.hold(f"kill {first} and {second}")
    await hand.cluster.start(first)
    await hand.hold(f"start {first} only", (0.0, 1.5))
    await hand.cluster.run_all()


async def kill_node(hand: "Hand") -> None:
    """SIGKILL of a kubelet; its containers go on."""
    await _kill(hand, hand.some_node())


async def kill_node_and_delete_its_pods(hand: "Hand") -> None:
    """As ``kill_node``; what it finds when it is back is no longer wanted."""
    node = hand.some_node()
    await hand.cluster.kill(node)
    deleting = asyncio.create_task(hand.deleter(node))
    await hand.hold(f"kill {node} and delete its pods")
    await hand.cluster.run_all()
    await deleting


async def lose_zone(hand: "Hand") -> None:
    """A zone loses power: its replica, its node and all containers there."""
    zone = hand.some_zone()
    await hand.cluster.lose_power(*hand.cluster.zone(zone))
    await hand.hold(f"zone {zone} loses power")
    await hand.cluster.run_all()


async def lose_power(hand: "Hand") -> None:
    """All replicas lose power at one instant."""
    await hand.cluster.lose_power(*hand.replicas())
    await hand.hold("all replicas lose power", (0.0, 2.0))
    await _start_in_turns(hand, hand.replicas())


async def black_out(hand: "Hand") -> None:
    """Everything loses power at one instant."""
    everything = [*hand.replicas(), *hand.nodes()]
    await hand.cluster.lose_power(*everything)
    await hand.hold("everything loses power", (0.0, 2.0))
    await _start_in_turns(hand, hand.shuffled(everything))


async def kill_while_coming_up(hand: "Hand") -> None:
    """Kill a process, then again and again while it recovers."""
    name = hand.some_replica() if hand.entropy.random() < 0.7 else hand.some_node()
    await hand.cluster.kill(name)
    await hand.hold(f"kill {name}, then twice while it comes up", (0.0, 1.0))
    for _ in range(2):
        starting = asyncio.create_task(hand.cluster.start(name))
        await asyncio.sleep(hand.entropy.uniform(0.0, 0.4))
        await hand.cluster.kill(name)
        await starting
    await hand.cluster.run_all()


async def kill_successor(hand: "Hand") -> None:
    """Kill the leader, and whoever leads next as soon as it does."""
    first = hand.leader()
    await hand.cluster.kill(first)
    await hand.hold(f"kill {first}", (0.05, 0.6))
    second = hand.leader()
    await hand.cluster.kill(second)
    await hand.hold(f"kill {second}", (0.0, 0.3))
    await hand.cluster.run_all()
    await hand.hold("both are back", (0.0, 0.5))


async def _kill(hand: "Hand", name: str) -> None:
    await hand.cluster.kill(name)
    await hand.hold(f"kill {name}")
    await hand.cluster.run_all()


async def _start_in_turns(hand: "Hand", names: list[str]) -> None:
    for name in names:
        if name not in hand.cluster.running():
            await hand.cluster.start(name)
        await asyncio.sleep(hand.entropy.uniform(0.0, 0.3))


FAULTS = (
    kill_leader, kill_leader, kill_replica, kill_two, kill_node, kill_node_and_delete_its_pods,
    lose_zone, lose_zone, lose_power, black_out, kill_while_coming_up, kill_successor,
)  # fmt: skip
