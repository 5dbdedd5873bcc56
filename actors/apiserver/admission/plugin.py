"""The shape of an admission plugin. Must not know: any plugin."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from actors.apiserver.call import Call, DeleteOptions
from actors.apiserver.environment import Environment
from cluster.api.kinds import Subresource
from cluster.api.types import Object


@dataclass(frozen=True)
class Review:
    """What a plugin judges. ``obj``: the object to be stored (plugins may change it), None for a
    delete. ``old``: the live one, None for a create. ``fresh``: reads must be linearizable, because
    an earlier decision on this replica's own state turned out to be stale. ``connect``: it is a
    request for a stream; ``obj`` holds its options, as PodExecOptions. ``part``: ``obj`` is the
    body of that subresource, as a Binding. ``options``: of a delete."""

    environment: Environment
    call: Call
    obj: Object | None
    old: Object | None
    fresh: bool = False
    connect: bool = False
    part: Subresource | None = None
    options: DeleteOptions | None = None

    @property
    def operation(self) -> str:
        """CREATE, UPDATE, DELETE or CONNECT."""
        if self.connect:
            return "CONNECT"
        if self.obj is None:
            return "DELETE"
        return "CREATE" if self.old is None else "UPDATE"


# Changes ``obj`` in place, or raises StatusError.
Plugin = Callable[[Review], Awaitable[None]]
