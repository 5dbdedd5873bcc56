"""What somebody wants broken: one order, whether typed, clicked or drawn by a scenario. Pure.

The words are those of ``steersman chaos``. Must not know: how it is carried out (``hands``: of a
real cluster in ``deploy.chaos``, of a simulated one in the tests).
"""

from typing import Annotated, Literal, get_args

import msgspec

Verb = Literal[
    "kill",  # SIGKILL; healed: started again
    "pause",  # SIGSTOP; healed: SIGCONT
    "restart",  # SIGTERM, then started again; healed by itself
    "partition",  # ``target`` from ``other`` ('' means the rest)
    "delay",  # ``amount`` seconds, both ways, between ``target`` and ``other``
    "loss",  # of ``amount`` (0 to 1) of the messages
    "duplicate",  # as loss
    "reorder",  # as loss
    "bandwidth",  # to ``amount`` bytes per second
    "slow-disk",  # each sync takes ``amount`` seconds more
    "disk-full",
    "fsync-error",  # the next sync fails once; the store begins anew from what is durable
    "torn-write",  # the next write is cut in the middle and the process dies
    "clock",  # the wall clock jumps by ``amount`` seconds, and runs at ``rate``
    "engine-restart",  # the container engine
    "container-kill",  # behind the kubelet's back; ``amount`` of them (default 1)
    "sandbox-kill",
    "image-remove",
    "zone-outage",  # everything in the zone loses power: processes and containers
]
VERBS: tuple[str, ...] = get_args(Verb)

Way = Literal["both", "out", "in", "bridge"]


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """``target``, ``other``: selectors (``targets``), as leader, followers, zone/b, node/node-2,
    replica/replica-1, replicas, nodes, random, random-replica, random-node, random-zone.

    ``way`` (of partition): both; out: what the target sends does not arrive; in: what is sent to
    it does not; bridge: two halves that both hear the target, and not each other. ``seconds``: how
    long, 0 until it is healed. ``amount``: see ``Verb``.
    """

    verb: Verb
    target: str = "random"
    other: str = ""
    amount: float = 0.0
    jitter: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0
    rate: Annotated[float, msgspec.Meta(gt=0.0, le=100.0)] = 1.0
    way: Way = "both"
    seconds: Annotated[float, msgspec.Meta(ge=0.0)] = 0.0


class View(msgspec.Struct, frozen=True):
    """What of a cluster an order is resolved against: zones by name of process, and the replica
    that leads ('' if none is known)."""

    replicas: dict[str, str]
    nodes: dict[str, str]
    leader: str = ""


class Active(msgspec.Struct, frozen=True):
    """A fault that was put in. ``name``: unique, as ``partition-3``. ``names``: the processes hit
    (with ``others``: between them). ``proof``: why it is known to have taken effect, in words;
    '' if it is not, and ``doubt`` then says what was seen instead. ``since``, ``until``: UNIX
    seconds. ``user``: who asked. ``details``: what was hit beside processes (ids of containers,
    names of images)."""

    name: str
    order: Order
    names: tuple[str, ...]
    others: tuple[str, ...] = ()
    since: float = 0.0
    until: float = 0.0
    proof: str = ""
    doubt: str = ""
    user: str = ""
    details: tuple[str, ...] = ()


class Healed(msgspec.Struct, frozen=True):
    """A fault that was taken out, and why it is known to be gone (or the doubt)."""

    active: Active
    at: float
    proof: str = ""
    doubt: str = ""
