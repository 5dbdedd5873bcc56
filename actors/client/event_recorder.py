"""The event recorder: core/v1 Events, by which components tell people what they did and why.

Job: never block and never fail the caller: what is said is queued (bounded, the overflow dropped)
and written by one task. Must not know: which component speaks, beyond its name.
"""

import asyncio
from typing import NamedTuple

from actors.client.api_client import MERGE_PATCH, ApiClient
from actors.client.event_aggregation import EventCorrelator, Record, Said
from actors.kit.tracing import current_trace, resume_trace
from cluster.api.resources import EVENTS
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object
from cluster.errors import StatusError, SteersmanError
from cluster.names import NAMESPACE_DEFAULT

QUEUE_MAX = 1000
MESSAGE_CHARS_MAX = 1024
EVENT_NAMES_MAX = 4096


class Pending(NamedTuple):
    """What waits to be written, and the trace it was said in."""

    involved: Object
    record: Record
    trace: str


class EventRecorder:
    """Says things about objects in the name of ``component`` (on ``host``, a node's name)."""

    def __init__(self, client: ApiClient, component: str, host: str = "") -> None:
        self._client = client
        self._component = component
        self._host = host
        self._correlator = EventCorrelator()
        self._pending: asyncio.Queue[Pending] = asyncio.Queue(QUEUE_MAX)
        self._names: dict[Said, str] = {}
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def event(self, obj: Object, type: str, reason: str, message: str, part: str = "") -> None:
        """``type`` is Normal or Warning, ``reason`` one CamelCase word, ``message`` for people.

        ``part``: which part of the object, as ``spec.containers{web}``.
        """
        if self._task is None:
            self._task = self._client.ctx.task(self._write_all(), "event recorder")
        involved = object_reference(obj)
        about = involved.get("uid") or "/".join(
            str(involved.get(part, "")) for part in ("kind", "namespace", "name")
        )
        if part:
            involved["fieldPath"] = part
        said = Said(about, type, reason, message[:MESSAGE_CHARS_MAX], part)
        record = self._correlator.observe(said, self._client.ctx.world.clock.now())
        if record is None:
            self.dropped += 1
            return
        try:
            self._pending.put_nowait(Pending(involved, record, current_trace()))
        except asyncio.QueueFull:
            self.dropped += 1

    async def _write_all(self) -> None:
        while True:
            pending = await self._pending.get()
            try:
                with resume_trace(pending.trace):
                    await self._write(pending)
            except SteersmanError as error:
                # Events are told at best effort; the work they tell of is done.
                self.dropped += 1
                self._client.ctx.log.debug("event.dropped", error=str(error))

    async def _write(self, pending: Pending) -> None:
        record = pending.record
        namespace = pending.involved.get("namespace") or NAMESPACE_DEFAULT
        name = self._names.get(record.key)
        if record.times > 1 and name is not None:
            patch = {
                "count": record.times,
                "lastTimestamp": rfc3339(record.last),
                "message": record.message,
            }
            try:
                await self._client.patch(EVENTS, namespace, name, patch, MERGE_PATCH)
                return
            except StatusError as error:
                if error.code != 404:
                    raise
        name = self._new_name(str(pending.involved.get("name", "")))
        self._names[record.key] = name
        while len(self._names) > EVENT_NAMES_MAX:
            self._names.pop(next(iter(self._names)))
        source = {"component": self._component}
        if self._host:
            source["host"] = self._host
        body = make_event(pending.involved, record, source, namespace, name)
        await self._client.create(EVENTS, body, namespace)

    def _new_name(self, name: str) -> str:
        """Sorts by time, as clients list events; unique though many speak at once."""
        world = self._client.ctx.world
        return f"{name}.{int(world.clock.now() * 1e6):013x}{world.entropy.hex(2)}"


def object_reference(obj: Object) -> Object:
    """The ObjectReference to ``obj``, without empty fields."""
    meta = obj.get("metadata") or {}
    reference = {
        "apiVersion": obj.get("apiVersion"),
        "kind": obj.get("kind"),
        "namespace": meta.get("namespace"),
        "name": meta.get("name"),
        "uid": meta.get("uid"),
        "resourceVersion": meta.get("resourceVersion"),
    }
    return {field: value for field, value in reference.items() if value}


def make_event(
    involved: Object, record: Record, source: dict[str, str], namespace: str, name: str
) -> Object:
    """A core/v1 Event."""
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": involved,
        "type": record.key.type,
        "reason": record.key.reason,
        "message": record.message,
        "source": source,
        "reportingComponent": source["component"],
        "reportingInstance": source.get("host", ""),
        "count": record.times,
        "firstTimestamp": rfc3339(record.first),
        "lastTimestamp": rfc3339(record.last),
        "eventTime": None,
    }
