"""What an order means for each process: the faults that it suffers from within. Pure.

An order of a partition names two sides; what each process is told is only what it must not send to
whom (``faults``). Must not know: how faults reach a process, how selectors are read (``targets``).
"""

from collections.abc import Sequence

import msgspec

from cluster.chaos.faults import ClockFault, EngineFault, Fault, LinkFault, StorageFault
from cluster.chaos.orders import Order, Verb, View
from cluster.chaos.targets import NoSuchProcess, ordered, resolve, rest, zones

# Done from outside: by signals, or to the container engine.
OUTER: tuple[Verb, ...] = ("kill", "pause", "restart", "zone-outage")
CONTAINERS: tuple[Verb, ...] = ("engine-restart", "container-kill", "sandbox-kill", "image-remove")
LINKS: tuple[Verb, ...] = ("partition", "delay", "loss", "duplicate", "reorder", "bandwidth")
# Only replicas have a log.
STORAGE: tuple[Verb, ...] = ("slow-disk", "disk-full", "fsync-error", "torn-write")
# The process dies of it.
DEADLY: tuple[Verb, ...] = ("torn-write",)
# A process that starts anew does not suffer from these again.
ONCE: tuple[Verb, ...] = ("fsync-error", "torn-write")
# Without a time these are over once they are done: the cluster mends what they did.
AT_ONCE: tuple[Verb, ...] = ("restart", "engine-restart", "container-kill", "sandbox-kill")


def at_once(order: Order) -> bool:
    """Whether the order is healed as soon as it has been carried out."""
    if order.verb == "engine-restart":
        return not order.seconds
    return order.verb in AT_ONCE


def check(order: Order) -> None:
    """Raises ValueError for an order that says too little, or what cannot be."""
    verb, amount = order.verb, order.amount
    if verb in ("delay", "slow-disk") and not 0 < amount <= 86_400:
        raise ValueError(f"{verb} needs a time, as 40ms or 2s, and at most a day")
    if verb in ("loss", "duplicate", "reorder") and not 0 < amount <= 1:
        raise ValueError(f"{verb} needs a share of the messages, as 10%")
    if verb == "bandwidth" and amount < 1:
        raise ValueError("bandwidth needs bytes a second, as 100KB/s")
    if verb == "clock" and not amount and order.rate == 1.0:
        raise ValueError("clock needs a jump, as 30s or -30s, or a rate, as --rate 1.5")
    if verb == "torn-write" and not 0 <= amount < 1:
        raise ValueError("torn-write takes a share of the write, as 50%, and less than all of it")
    if order.way != "both" and verb not in LINKS:
        raise ValueError(f"{verb} has no direction")
    if order.way == "bridge" and (verb != "partition" or order.other):
        raise ValueError("bridge is a partition of all others into two halves: it takes one target")
    if order.other and verb not in LINKS:
        raise ValueError(f"{verb} takes one target, not two")


Sides = tuple[tuple[str, ...], tuple[str, ...]]


def who(order: Order, view: View, seed: int = 0) -> Sides:
    """The processes that are hit, and for links those on the other side; nobody is on both.

    Raises ValueError if that is nobody, or the order cannot be told (who leads, if nobody says).
    """
    check(order)
    if order.verb in LINKS:
        return _across(order, view, seed)
    if order.verb == "zone-outage":
        return _zone(order.target, view, seed), ()
    kinds = {**dict.fromkeys(STORAGE, view.replicas), **dict.fromkeys(CONTAINERS, view.nodes)}
    kind = kinds.get(order.verb)
    if kind is None:
        return resolve(order.target, view, seed), ()
    target = order.target
    if target == "random":
        target = "random-replica" if order.verb in STORAGE else "random-node"
    found = tuple(name for name in resolve(target, view, seed) if name in kind)
    if not found:
        reason = "only replicas have a log" if order.verb in STORAGE else "containers run on nodes"
        raise ValueError(
            f"{order.verb}: {reason}, and {order.target} means none of them: {', '.join(kind)}"
        )
    return found, ()


def _across(order: Order, view: View, seed: int) -> Sides:
    names = resolve(order.target, view, seed)
    if order.way == "bridge":
        one, other = halves(names, view)
    elif not order.other:
        one, other = names, rest(names, view)
    else:
        # Drawn from whoever is left: a random one and another random one are two.
        left = set(rest(names, view))
        narrowed = view
        if "random" in order.other:
            narrowed = msgspec.structs.replace(
                view,
                replicas={name: zone for name, zone in view.replicas.items() if name in left},
                nodes={name: zone for name, zone in view.nodes.items() if name in left},
            )
        found = set(resolve(order.other, narrowed, seed)) & left
        one, other = names, ordered(found, view)
    if not one or not other:
        whom = order.other or "the rest"
        raise ValueError(f"{order.verb}: nobody is left on a side ({order.target} and {whom})")
    return one, other


def _zone(target: str, view: View, seed: int) -> tuple[str, ...]:
    """All of a zone, named with or without ``zone/``, or by a process in it."""
    if target in zones(view):
        target = f"zone/{target}"
    elif target == "random":
        target = "random-zone"
    members = {**view.replicas, **view.nodes}
    try:
        hit = {members[name] for name in resolve(target, view, seed)}
    except NoSuchProcess as error:
        raise ValueError(
            f"zone {target!r} is not one of: {', '.join(zones(view))} (a process stands for the "
            "zone that it is in)"
        ) from error
    return ordered((name for name, zone in members.items() if zone in hit), view)


def halves(hub: Sequence[str], view: View) -> Sides:
    """All but ``hub`` in two halves: replicas and nodes each, zone by zone."""
    left: list[str] = []
    right: list[str] = []
    for members in (view.replicas, view.nodes):
        remaining = sorted(set(members) - set(hub), key=lambda name: (members[name], name))
        middle = len(remaining) // 2
        left += remaining[:middle]
        right += remaining[middle:]
    return tuple(left), tuple(right)


def faults(order: Order, name: str, sides: Sides, until: float = 0.0) -> dict[str, Fault]:
    """By process: the fault called ``name`` that it is to suffer, until then (UNIX seconds).

    ``sides``: the processes hit, and for links those on the other side. Empty for what is done from
    outside.
    """
    names, others = sides
    if order.verb in LINKS:
        found: dict[str, Fault] = {}
        if order.way != "in":
            found.update((sender, _link(order, name, others, until)) for sender in names)
        if order.way != "out":
            found.update((sender, _link(order, name, names, until)) for sender in others)
        return found
    made = _inner(order, name, until)
    return {} if made is None else dict.fromkeys(names, made)


def _inner(order: Order, name: str, until: float) -> Fault | None:
    match order.verb:
        case "slow-disk":
            return StorageFault(name, "slow", until, seconds=order.amount)
        case "disk-full":
            return StorageFault(name, "full", until)
        case "fsync-error":
            return StorageFault(name, "fsync-error", until)
        case "torn-write":
            return StorageFault(name, "torn-write", until, share=order.amount or 0.5)
        case "clock":
            return ClockFault(name, until, jump=order.amount, rate=order.rate)
        case "engine-restart":
            return EngineFault(name, until)
        case _:
            return None


def _link(order: Order, name: str, peers: tuple[str, ...], until: float) -> LinkFault:
    fault = LinkFault(name, peers, until, jitter=order.jitter)
    match order.verb:
        case "partition":
            return msgspec.structs.replace(fault, cut=True)
        case "delay":
            return msgspec.structs.replace(fault, delay=order.amount)
        case "loss":
            return msgspec.structs.replace(fault, loss=order.amount)
        case "duplicate":
            return msgspec.structs.replace(fault, duplicate=order.amount)
        case "reorder":
            return msgspec.structs.replace(fault, reorder=order.amount)
        case _:
            return msgspec.structs.replace(fault, bandwidth=int(order.amount))


def senders(faults: dict[str, Fault]) -> list[tuple[str, str]]:
    """Each (from, to) that link faults act on."""
    return [
        (sender, peer)
        for sender, fault in faults.items()
        if isinstance(fault, LinkFault)
        for peer in fault.peers
    ]
