"""What was seen of a cluster while it was used and broken: records for the checkers. Pure.

Times are seconds of one clock, that of the loop the run lives on (monotonic, or virtual).
Must not know: what is right (``checkers``), or how it was seen.
"""

import math
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec


class Violation(msgspec.Struct, frozen=True):
    """Something that must not be. ``invariant``: which one, as its checker is called.
    ``subject``: KIND/NAME in the namespace of the run, '' if it is of no one object.
    ``evidence``: the observations that show it, oldest first; while it goes on, the first stays
    the same (it tells two violations apart)."""

    invariant: str
    at: float
    text: str
    subject: str = ""
    evidence: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.invariant}: {self.text}"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """One write that the cluster said it did. ``begin``: when it was first asked for (an earlier
    try whose answer was lost may be the one that did it). ``value`` None: deleted; ``revision`` 0
    then (a delete's answer does not tell it). ``tried``: when the try that was answered began."""

    name: str
    value: str | None
    revision: int
    begin: float
    end: float
    tried: float = field(default=0.0, compare=False)

    def __str__(self) -> str:
        did = f"wrote {self.value} to {self.name}" if self.value else f"deleted {self.name}"
        revision = f", revision {self.revision}" if self.revision else ""
        return f"{_span(self.begin, self.end)} {did}{revision}"


@dataclass(frozen=True, slots=True)
class Read:
    """One answered read: value None if there was no such object."""

    name: str
    value: str | None
    revision: int
    begin: float
    end: float

    def __str__(self) -> str:
        found = f"{self.value} at revision {self.revision}" if self.value else "nothing"
        return f"{_span(self.begin, self.end)} read {self.name}: {found}"


@dataclass(frozen=True, slots=True)
class Increment:
    """One acknowledged compare-and-swap of the counter: it took it to ``value``."""

    value: int
    revision: int
    at: float = field(default=0.0, compare=False)

    @property
    def end(self) -> float:
        """When it was acknowledged."""
        return self.at

    def __str__(self) -> str:
        return f"{self.at:.3f} s counted to {self.value}, revision {self.revision}"


@dataclass(frozen=True, slots=True)
class Seen:
    """One watch event. ``value``: what the watcher picked of the object."""

    kind: str
    name: str
    value: object
    revision: int
    at: float = field(default=0.0, compare=False)

    def __str__(self) -> str:
        what = f" ({self.value})" if isinstance(self.value, str) else ""
        return f"{self.at:.3f} s {self.kind} {self.name}{what}, revision {self.revision}"


@dataclass
class Segment:
    """An unbroken watch: everything after the list at ``start`` up to ``position``, if all is
    well, is in ``events``. ``listed``: the picked values by name in that list, seen at ``at``."""

    start: int
    position: int
    listed: dict[str, object]
    events: list[Seen] = field(default_factory=list)
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class ContainerEvent:
    """``kind``: started, died or destroyed. ``pod``: its pod's uid; ``part``: its name in the pod
    (a sandbox has one too); ``name``: as the engine calls it."""

    time: float
    machine: str
    kind: str
    identity: str
    name: str
    pod: str
    part: str


@dataclass(frozen=True, slots=True)
class Led:
    """A replica said that it leads in a term."""

    term: int
    replica: str
    at: float = 0.0

    def __str__(self) -> str:
        return f"{self.at:.3f} s {self.replica} leads in term {self.term}"


@dataclass(frozen=True, slots=True)
class PodSeen:
    """What is kept of a pod. ``owner``: name of its controller, of ``kind``. ``ending``: to be
    deleted, or finished. ``terminating``: to be deleted."""

    name: str
    uid: str
    owner: str
    kind: str
    node: str
    restarts: int
    ending: bool
    ready: bool
    address: str
    app: str
    terminating: bool = False
    image: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A ready address of a Service's slices. ``pod``: uid of the pod it is of."""

    service: str
    address: str
    pod: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class EndpointSeen:
    """One endpoint of a slice and its conditions: ``serving``, its pod is ready; ``terminating``,
    it is to be deleted; ``ready``: it serves and does not terminate. ``pod``: uid."""

    service: str
    pod: str
    name: str
    ready: bool
    serving: bool
    terminating: bool

    def __str__(self) -> str:
        if self.ready:
            return "ready"
        how = "serving" if self.serving else "not ready"
        return f"terminating, {how}" if self.terminating else how


@dataclass(frozen=True, slots=True)
class Survey:
    """Lists of pods and slices, read linearizably one after the other, slices first. ``ends``:
    when the last was answered."""

    at: float
    pods: tuple[PodSeen, ...]
    endpoints: tuple[Endpoint, ...]
    ends: float = 0.0


@dataclass(frozen=True, slots=True)
class Container:
    """A container on a node as its engine has it. ``name``: its pod's, ``part``: its own in the
    pod, '' if it is the sandbox."""

    node: str
    identity: str
    pod: str
    namespace: str
    name: str
    part: str
    running: bool


@dataclass(frozen=True, slots=True)
class Forwarded:
    """Where a node's packet filter sends what goes to an address and port of a Service."""

    node: str
    service: str
    backends: tuple[str, ...]


@dataclass
class Life:
    """A pod whose container was seen running on a node, from ``begin`` to ``end`` at least."""

    namespace: str
    name: str
    pod: str
    node: str
    begin: float
    end: float

    def __str__(self) -> str:
        return f"{_span(self.begin, self.end)} {self.name} ({self.pod}) lives on {self.node}"


@dataclass(frozen=True, slots=True)
class Eviction:
    """One that was granted. ``budget``: pods of ``app`` that must stay healthy."""

    at: float
    app: str
    name: str
    uid: str
    budget: int

    def __str__(self) -> str:
        return f"{self.at:.3f} s {self.name} evicted; {self.budget} of {self.app} must stay"


@dataclass(frozen=True, slots=True)
class Visit:
    """One HTTP request to a Service. ``problem``: '' if it was answered with 2xx. ``node``: where
    it was made; ``to``: the address that the packet filter there sent it to ('': not known);
    ``pod``: uid of the pod that answered, as it says itself ('': nobody did, or did not say)."""

    service: str
    begin: float
    end: float
    problem: str = ""
    via: str = ""
    node: str = ""
    to: str = ""
    pod: str = ""

    def __str__(self) -> str:
        said = f"{self.problem or 'ok'}, said pod {self.pod}" if self.pod else self.problem or "ok"
        return f"{_span(self.begin, self.end)} {self.service} by {self.via}: {said}"


class Suffering(NamedTuple):
    """A fault held a process from ``begin`` to ``end`` (infinite: it still does)."""

    process: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class StoreSeen:
    """What a replica says of its store."""

    replica: str
    role: Literal["leader", "follower", "candidate", "learner", ""]
    term: int
    applied: int
    revision: int
    digest: str


def _span(begin: float, end: float) -> str:
    """When something was asked for and answered."""
    return f"{begin:.3f} to {end:.3f} s" if end < math.inf else f"{begin:.3f} s, no answer yet:"
