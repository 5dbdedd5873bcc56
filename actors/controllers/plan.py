"""The protocol between a controller's decision and the one loop that carries decisions out.

Job: a controller is ``plan(key, view, now) -> actions``: it looks at what informers know and says
what to do next, in order. It may be asked again at any time, with any of its actions done or not.
Must not know: the API client, the event loop. ``now`` is UNIX seconds.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from actors.client.cache import Cache, Entry
from cluster.api.resources import PODS, Resource
from cluster.api.types import Object

# What a controller works on, most often (namespace, name).
Key: TypeAlias = tuple[str, ...]
Objects: TypeAlias = list[Object]


@dataclass(frozen=True)
class Announcement:
    """An Event about ``about``; "{name}" in ``message`` is the name of the object acted on."""

    about: Object
    type: str
    reason: str
    message: str


@dataclass(frozen=True)
class Create:
    """Make an object. ``announce``: said when it was made, ``complain``: when it was refused.
    ``why``: for the trace, here and in the other actions; '' is not worth a word."""

    resource: Resource
    obj: Object
    announce: Announcement | None = None
    complain: Announcement | None = None
    # The object may be there already (made by an earlier try): that is as good.
    may_exist: bool = False
    why: str = field(default="", compare=False)


@dataclass(frozen=True)
class Update:
    """Replace an object, or with ``subresource`` its status; 409 if it changed meanwhile."""

    resource: Resource
    obj: Object
    subresource: str = ""
    why: str = field(default="", compare=False)


@dataclass(frozen=True)
class Patch:
    """Patch an object. ``may_miss``: if it is gone there is nothing to do."""

    resource: Resource
    namespace: str
    name: str
    patch: Any
    content_type: str = "application/merge-patch+json"
    subresource: str = ""
    may_miss: bool = False
    why: str = field(default="", compare=False)


@dataclass(frozen=True)
class Delete:
    """Delete the object of that uid; it may be gone already. ``version``: only as it was then
    (resourceVersion, '' for any)."""

    resource: Resource
    namespace: str
    name: str
    uid: str
    grace: int | None = None
    propagation: str = ""
    announce: Announcement | None = None
    version: str = ""
    why: str = field(default="", compare=False)


@dataclass(frozen=True)
class DeleteCollection:
    """Delete all objects of a resource in a namespace."""

    resource: Resource
    namespace: str


@dataclass(frozen=True)
class RequireAbsent:
    """Go on with the actions after this only if the API server itself says that the object is
    gone (``uid`` '': whatever had that name; else another may have it now); if it is there, a new
    plan is made later."""

    resource: Resource
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True)
class RequireLiving:
    """Go on only if the API server itself shows the object of that uid, and not on its way out."""

    resource: Resource
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True)
class RequireEmpty:
    """Go on only if the API server itself knows no object of the resource in the namespace."""

    resource: Resource
    namespace: str


@dataclass(frozen=True)
class RequireNone:
    """Go on only if the API server itself knows no object of the resource in the namespace of
    which ``matches`` is true."""

    resource: Resource
    namespace: str
    matches: Callable[[Object], bool]


@dataclass(frozen=True)
class Announce:
    """Say something about an object in an Event."""

    announcement: Announcement


@dataclass(frozen=True)
class RequeueAfter:
    """Plan for this key again in ``seconds``: something is due then that no event will tell.
    ``caused``: what is due is a consequence of what this plan was made for."""

    seconds: float
    caused: bool = field(default=False, compare=False)


Action: TypeAlias = (
    Create
    | Update
    | Patch
    | Delete
    | DeleteCollection
    | RequireAbsent
    | RequireLiving
    | RequireEmpty
    | RequireNone
    | Announce
    | RequeueAfter
)


@dataclass(frozen=True)
class Failure:
    """What the API said to the key's last plan. ``action``: what was refused."""

    action: Action
    code: int
    reason: str
    message: str


@dataclass(frozen=True)
class View:
    """What a plan may look at. Objects are shared with all readers and must not be changed.

    ``monotonic``: the loop's time. ``uptime``: seconds for which this controller has been running.
    ``custom``: the custom resources among the caches, for controllers of all kinds.
    """

    caches: Mapping[Resource, Cache]
    monotonic: float = 0.0
    uptime: float = 0.0
    failure: Failure | None = None
    custom: tuple[Resource, ...] = ()

    def get(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """The object, or None."""
        return self.caches[resource].get(namespace, name)

    def list(self, resource: Resource, namespace: str | None = None) -> Objects:
        """The objects of a namespace (None: of all)."""
        return self.caches[resource].list(namespace)

    def by_owner(self, resource: Resource, uid: str) -> Objects:
        """The objects of a resource with an owner reference to ``uid``."""
        return self.caches[resource].by_owner(uid)

    def by_node(self, node: str) -> Objects:
        """The pods bound to a node."""
        return self.caches[PODS].by_node(node)

    def entry(self, resource: Resource, namespace: str, name: str) -> Entry | None:
        """The object's entry: identity without decoding it."""
        return self.caches[resource].entry(namespace, name)

    def age(self, resource: Resource, namespace: str, name: str) -> float | None:
        """Seconds since this version of the object came in here; None if there is no object."""
        entry = self.entry(resource, namespace, name)
        return None if entry is None else self.monotonic - entry.seen


Plan: TypeAlias = Callable[[Key, View, float], list[Action]]


class KeysOf(Protocol):
    """Which keys a change concerns; ``old`` is None for a new object, ``new`` for a deleted one.
    The view tells no times."""

    def __call__(self, view: View, old: Object | None, new: Object | None) -> Iterable[Key]: ...


@dataclass(frozen=True)
class Watch:
    """Changes of ``resource`` that ask for a plan."""

    resource: Resource
    keys: KeysOf


@dataclass(frozen=True)
class Controller:
    """One controller: its name (as in Events), what wakes it, its decision.

    ``reads``: resources looked at that wake nothing. ``workers``: keys worked on in parallel.
    ``warm``: its informers run on every replica, so that a new leader starts at once. ``custom``:
    what wakes it of a custom resource; with it the controller is one of all kinds.
    """

    name: str
    watches: tuple[Watch, ...]
    plan: Plan
    reads: tuple[Resource, ...] = ()
    workers: int = 4
    warm: bool = True
    custom: Callable[[Resource], KeysOf] | None = None
    resources: tuple[Resource, ...] = field(init=False)

    def __post_init__(self) -> None:
        wanted = (*(watch.resource for watch in self.watches), *self.reads)
        object.__setattr__(self, "resources", tuple(dict.fromkeys(wanted)))


def own_key(view: View, old: Object | None, new: Object | None) -> Iterable[Key]:
    """The changed object's own (namespace, name)."""
    obj = new or old or {}
    meta = obj["metadata"]
    return ((meta.get("namespace") or "", meta["name"]),)
