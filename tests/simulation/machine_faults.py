"""Machines misbehave: disks, container engines, packet filters, clocks; and actors crash.

Each takes back what it did, also on a machine whose processes died meanwhile. Must not know: the
network, processes' lives.
"""

import errno
from typing import TYPE_CHECKING

from actors.kubelet import labels
from cluster import names
from tests.simulation.machine import SYNC_SECONDS

if TYPE_CHECKING:
    from tests.simulation.nemesis import Hand

REPLICA_ACTORS = (
    names.STORE, names.APISERVER, names.CONTROLLERS, names.SCHEDULER, names.CLOUD
)  # fmt: skip
NODE_ACTORS = (names.KUBELET, names.PROXY)


async def slow_disk(hand: "Hand") -> None:
    """Each sync of one replica's disk takes long."""
    name = hand.some_replica()
    await _slow(hand, [name], hand.entropy.choice((0.02, 0.1, 0.5)))


async def slow_disks(hand: "Hand") -> None:
    """Each sync of two replicas' disks takes long."""
    await _slow(hand, hand.replicas()[:2], hand.entropy.choice((0.02, 0.1)))


async def stall_disk(hand: "Hand") -> None:
    """One replica's disk stands still for seconds."""
    await _slow(hand, [hand.some_replica()], 3.0)


async def fail_disk(hand: "Hand") -> None:
    """A sync or write of one replica's disk fails once; it is not to be tried again."""
    name = hand.some_replica()
    number = hand.entropy.choice((errno.EIO, errno.ENOSPC))
    operation = hand.entropy.choice(("sync", "sync", "write"))
    hand.cluster.machines[name].disk.inject(operation, number)
    await hand.hold(f"disk of {name}: {operation} fails with {errno.errorcode[number]}")


async def crash_container(hand: "Hand") -> None:
    """A container ends by itself."""
    await _crash(hand, labels.TYPE_CONTAINER)


async def crash_sandbox(hand: "Hand") -> None:
    """A pod's sandbox is killed behind the kubelet's back."""
    await _crash(hand, labels.TYPE_SANDBOX)


async def stop_engine(hand: "Hand") -> None:
    """A container engine does not answer; its containers go on."""
    name = hand.nodes()[0]
    runtime = hand.cluster.machines[name].runtime
    runtime.go_down()
    await hand.hold(f"engine of {name} is down")
    runtime.come_up()


async def refuse_rules(hand: "Hand") -> None:
    """A packet filter refuses its next changes."""
    name = hand.nodes()[0]
    hand.cluster.machines[name].packet_filter.fail_next = 3
    await hand.hold(f"packet filter of {name} refuses")
    hand.cluster.machines[name].packet_filter.fail_next = 0


async def crash_actor(hand: "Hand") -> None:
    """An actor raises something unforeseen; its supervisor starts it anew."""
    name = hand.some_process()
    node = name in [item.name for item in hand.cluster.settings.nodes]
    actor = hand.entropy.choice(NODE_ACTORS if node else REPLICA_ACTORS)
    hand.cluster.crash_actor(name, actor)
    await hand.hold(f"{actor}@{name} crashes", (0.1, 1.0))


async def turn_clock(hand: "Hand") -> None:
    """The wall clock of one machine jumps."""
    name = hand.entropy.choice([*hand.replicas(), *hand.nodes()])
    skew = hand.entropy.choice((-3600.0, -5.0, 5.0, 60.0, 3600.0))
    hand.cluster.turn_clock(name, skew)
    await hand.hold(f"clock of {name} jumps by {skew:.0f} s")
    hand.cluster.turn_clock(name, 0.0)


async def _slow(hand: "Hand", machines: list[str], seconds: float) -> None:
    for name in machines:
        hand.cluster.machines[name].disk.sync_latency = seconds
    await hand.hold(f"disks of {' '.join(machines)} take {seconds} s")
    for name in machines:
        hand.cluster.machines[name].disk.sync_latency = SYNC_SECONDS


async def _crash(hand: "Hand", kind: str) -> None:
    found = [
        (node, container)
        for node in hand.nodes()
        for container in hand.cluster.machines[node].runtime.records()
        if container.state == "running" and container.labels.get(labels.TYPE) == kind
    ]
    if not found:
        return
    node, container = hand.entropy.choice(found)
    hand.cluster.machines[node].runtime.crash(container.id)
    await hand.hold(f"{container.name} crashes on {node}", (0.1, 2.0))


FAULTS = (
    slow_disk, slow_disks, stall_disk, fail_disk, crash_actor, crash_actor, turn_clock,
)  # fmt: skip
NODE_FAULTS = (
    crash_container, crash_container, crash_sandbox, stop_engine, refuse_rules,
)  # fmt: skip
