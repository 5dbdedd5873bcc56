"""What the API server is asked by other components. Receivers: ``apiserver@<replica>``.

The same request record comes out of the HTTPS door, so both doors open on one request chain.
"""

from typing import Literal

import msgspec

from cluster.messages.base import Message

Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]


class ApiRequest(Message, frozen=True):
    """One request on a resource. Ask; reply ApiResponse. Verb ``watch``: stream of WatchBatch.

    ``group`` '' is core. ``resource`` is the plural name. ``query`` holds the URL parameters by
    their Kubernetes names (labelSelector, fieldSelector, limit, continue, resourceVersion,
    resourceVersionMatch, allowWatchBookmarks, sendInitialEvents, timeoutSeconds, fieldManager,
    fieldValidation, force, dryRun, propagationPolicy, gracePeriodSeconds, ...). ``body`` is JSON
    (``content_type`` may be a patch type or application/apply-patch+yaml). ``fence``: the leader's
    term for writes of controllers (see ``messages.store.Txn``), 0 for none. ``traces``: a list is
    to say what caused the last write of each object.
    """

    verb: Verb
    resource: str
    group: str = ""
    version: str = "v1"
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    query: dict[str, str] = msgspec.field(default_factory=dict)
    body: bytes = b""
    content_type: str = "application/json"
    accept: str = "application/json"
    fence: int = 0
    traces: bool = False

    def subject(self) -> str:
        path = "/".join(p for p in (self.namespace, self.name, self.subresource) if p)
        group = f".{self.group}" if self.group else ""
        return f"{self.verb} {self.resource}{group} {path}".rstrip()


class ApiResponse(Message, frozen=True):
    """``code`` is the HTTP status (2xx only: failures travel as errors.StatusError), ``body`` JSON.

    ``warnings`` become Warning headers (RFC 9110 section 5.6 and KEP-1693). ``traces``: contexts
    of the writes, one for each item of a list ('' if not known), if they were asked for.
    """

    code: int
    body: bytes
    content_type: str = "application/json"
    warnings: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()


class WatchEvent(msgspec.Struct, frozen=True):
    """``object`` is JSON bytes of the whole object (shared by all watchers), of a Status for ERROR.

    ``trace``: context of the write that caused the event.
    """

    kind: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]
    object: bytes
    revision: int
    trace: str = ""


class WatchBatch(Message, frozen=True):
    """Watch events in revision order."""

    events: tuple[WatchEvent, ...]

    def subject(self) -> str:
        return f"{len(self.events)} events"


class SettingsChanged(Message, frozen=True):
    """Tell the API server of this process: replicas or nodes came, went or moved. It looks at the
    settings that it shares with its process."""


class PingServer(Message, frozen=True):
    """Ask another replica's API server; reply Done: it lives, and its place in the ``kubernetes``
    Service is right. The scheduler and the controller manager answer it too: they live."""
