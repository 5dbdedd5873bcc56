"""A scenario: what a cluster is used for, what is broken meanwhile, what must hold. Pure records,
as a YAML file has them.

The same file runs on a real cluster (``steersman chaos run``) and in the simulation. Times are
seconds. Must not know: how orders are carried out, or how what holds is checked.
"""

from typing import Annotated, Any, TypeAlias

import msgspec

from cluster.chaos.orders import Order

# A number, or the least and the most of what is drawn.
Span: TypeAlias = float | tuple[float, float]
Count = Annotated[int, msgspec.Meta(ge=0, le=1000)]


class DeploymentLoad(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A Deployment with a Service and a PodDisruptionBudget. ``roll``: between two rolling
    updates, ``scale``: between two changes of the number of replicas (drawn between 1 and twice
    ``replicas``); 0 for none. ``evict``: between two evictions of one of its pods, which its
    budget (``max_unavailable``) may refuse. ``requests``: a second, over HTTP to its Service."""

    name: str
    replicas: Count = 3
    roll: Span = 0.0
    scale: Span = 0.0
    evict: Span = 0.0
    requests: float = 0.0
    max_unavailable: Count = 1


class StatefulSetLoad(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A StatefulSet with a headless Service. ``scale``: between two changes of its size."""

    name: str
    replicas: Count = 3
    scale: Span = 0.0


class Workload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """``writers``: each writes registers (ConfigMaps) one request after the other; ``counters``:
    of them add one under optimistic concurrency; ``readers`` read them; ``watchers`` follow them,
    one pinned to each replica at least."""

    writers: Count = 4
    counters: Count = 1
    readers: Count = 2
    watchers: Count = 2
    deployments: tuple[DeploymentLoad, ...] = ()
    statefulsets: tuple[StatefulSetLoad, ...] = ()


class Repeated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Orders over time: one of ``any_of`` (drawn anew each time) every ``every`` seconds from
    ``first`` on, each for ``for_`` seconds (``for`` in the file); ``times``: at most so often, 0
    for no bound. ``in_turn``: not drawn, but one after the other. Without ``overlap`` it waits
    until its last one is healed."""

    any_of: tuple[Order, ...]
    every: Span
    for_: Span = msgspec.field(default=5.0, name="for")
    first: Span = 2.0
    times: Count = 0
    in_turn: bool = False
    overlap: bool = False


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What is a violation beside the invariants that always hold; 0 for no bound. ``write_gap``,
    ``read_gap``: longest time without an acknowledged write (a served read) by anyone.
    ``failed_requests``: share of HTTP requests to Services. ``settle``: after the last fault,
    until all is as desired. ``endpoints``: how long a Service may go on sending to a pod that is
    not ready (a node that is silent is given time to come back, before its pods count as lost).
    ``misdirected``: how long a node that suffers nothing may go on sending requests to what slices
    call no endpoint any more (a client leaves a server that is silent within eight seconds, and
    needs a moment to list at another one)."""

    write_gap: float = 0.0
    read_gap: float = 0.0
    failed_requests: float = 0.0
    settle: float = 90.0
    endpoints: float = 30.0
    misdirected: float = 10.0


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The least cluster that it makes sense on."""

    replicas: int = 3
    nodes: int = 3


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """``seconds``: of faults, after ``steady`` seconds without (in which the workload must do
    well, or the run says nothing)."""

    name: str
    about: str
    seconds: float = 60.0
    steady: float = 5.0
    cluster: Shape = Shape()
    workload: Workload = Workload()
    faults: tuple[Repeated, ...] = ()
    bounds: Bounds = Bounds()


def parse_scenario(raw: Any) -> Scenario:
    """From what YAML holds. Raises ValueError with the path of what is wrong."""
    try:
        return msgspec.convert(raw, Scenario)
    except msgspec.ValidationError as error:
        raise ValueError(f"scenario: {error}") from error
