"""The network fails: cuts of every shape, loss, delay, duplicates. A nemesis' hand does it.

Must not know: processes' lives.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.nemesis import Hand

LATENCY = (0.0002, 0.002)


async def isolate_leader(hand: "Hand") -> None:
    """The leader hears and is heard by nobody."""
    await _isolate(hand, [hand.leader()])


async def isolate_replica(hand: "Hand") -> None:
    """Any replica hears and is heard by nobody."""
    await _isolate(hand, hand.replicas()[:1])


async def isolate_node(hand: "Hand") -> None:
    """A node hears and is heard by nobody; its pods run on."""
    await _isolate(hand, [hand.some_node()])


async def isolate_zone(hand: "Hand") -> None:
    """A zone talks only within itself."""
    await _isolate(hand, hand.cluster.zone(hand.some_zone()))


async def scatter(hand: "Hand") -> None:
    """No replica hears another; nodes and clients hear all."""
    names = hand.replicas()
    hand.network.partition(*([name] for name in names))
    await hand.hold("replicas apart")
    _join(hand, names, names)


async def bridge(hand: "Hand") -> None:
    """Two replicas do not hear each other, both hear the third."""
    first, second = hand.replicas()[:2]
    hand.network.partition([first], [second])
    await hand.hold(f"bridge between {first} and {second}")
    _join(hand, [first], [second])


async def bridge_that_blinks(hand: "Hand") -> None:
    """As ``bridge``, and the one in the middle dies and comes back at once, several times."""
    first, second, middle = hand.replicas()[:3]
    hand.network.partition([first], [second])
    for _ in range(3):
        await hand.hold(f"bridge between {first} and {second}; {middle} dies", (0.1, 0.8))
        await hand.cluster.kill(middle)
        await hand.cluster.start(middle)
    _join(hand, [first], [second])


async def deafen(hand: "Hand") -> None:
    """One replica can send to the others, but not hear them."""
    await _one_way(hand, hand.some_replica(), hears=False)


async def mute(hand: "Hand") -> None:
    """One replica can hear the others, but not send to them."""
    await _one_way(hand, hand.some_replica(), hears=True)


async def swizzle(hand: "Hand") -> None:
    """Cut off one process after the other, then let them back in another order."""
    names = hand.shuffled([*hand.replicas(), *hand.nodes()])[: 2 + int(hand.entropy.random() * 3)]
    for name in names:
        hand.network.partition([name], hand.cluster.others([name]))
        await hand.hold(f"clog {name}", (0.1, 1.0))
    out = set(names)
    for name in hand.shuffled(names):
        out.discard(name)
        _join(hand, [name], [other for other in hand.cluster.others([name]) if other not in out])
        await hand.hold(f"unclog {name}", (0.1, 1.0))


async def flap(hand: "Hand") -> None:
    """Connections of one process break again and again."""
    name = hand.some_process()
    hand.say(f"connections of {name} flap")
    for _ in range(6):
        for other in hand.cluster.others([name]):
            hand.network.sever(name, other)
        await asyncio.sleep(hand.entropy.uniform(0.05, 0.5))


async def lose(hand: "Hand") -> None:
    """Messages get lost, and some come twice."""
    hand.network.loss = hand.entropy.uniform(0.01, 0.2)
    hand.network.duplicate = hand.entropy.choice((0.0, 0.1, 0.4))
    await hand.hold(f"lose {hand.network.loss:.0%}, double {hand.network.duplicate:.0%}")
    hand.network.loss = hand.network.duplicate = 0.0


async def delay(hand: "Hand") -> None:
    """Messages take long."""
    hand.network.latency = (0.005, hand.entropy.uniform(0.02, 0.15))
    hand.network.duplicate = hand.entropy.choice((0.0, 0.3))
    await hand.hold(f"delay up to {hand.network.latency[1]:.3f} s")
    hand.network.latency, hand.network.duplicate = LATENCY, 0.0


async def _isolate(hand: "Hand", names: list[str]) -> None:
    others = hand.cluster.others(names)
    hand.network.partition(names, others)
    await hand.hold(f"isolate {' '.join(names)}")
    _join(hand, names, others)


async def _one_way(hand: "Hand", name: str, hears: bool) -> None:
    others = hand.cluster.others([name])
    pairs = [(name, other) if hears else (other, name) for other in others]
    for source, target in pairs:
        hand.network.block(source, target)
    await hand.hold(f"{'mute' if hears else 'deafen'} {name}")
    for source, target in pairs:
        hand.network.unblock(source, target)


def _join(hand: "Hand", some: Sequence[str], others: Sequence[str]) -> None:
    for one in some:
        for other in others:
            if one != other:
                hand.network.unblock(one, other)
                hand.network.unblock(other, one)


FAULTS = (
    isolate_leader, isolate_leader, isolate_replica, isolate_node, isolate_zone, scatter, bridge,
    bridge_that_blinks, deafen, mute, swizzle, flap, lose, delay,
)  # fmt: skip
