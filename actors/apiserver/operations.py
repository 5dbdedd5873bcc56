"""The operator's paths: the store's members, leadership, snapshot and metrics.

Job: a plain path to a question for the store of this replica, and its errors to Statuses that say
what to do. Must not know: who may ask (``FrontDesk.plain``), sockets.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import msgspec
import orjson
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest

from actors.apiserver.documents import Document
from actors.apiserver.health_metrics import HealthMetrics
from actors.apiserver.server_metrics import ServerMetrics
from actors.apiserver.store_client import translate
from actors.kit.ref import Ref
from cluster import errors
from cluster.api import status
from cluster.errors import StatusError, SteersmanError
from cluster.messages.base import Message
from cluster.messages.store import (
    ChangeMembership,
    MembershipRequest,
    Metrics,
    MetricsRequest,
    SnapshotPiece,
    SnapshotRead,
    TransferLeadership,
)

MEMBERS = "/debug/store/members"
TRANSFER = "/debug/store/transfer"
SNAPSHOT = "/debug/store/snapshot"
METRICS = "/metrics"
SLIS = "/metrics/slis"
# path → methods it takes.
PATHS = {
    MEMBERS: ("GET", "POST"),
    TRANSFER: ("POST",),
    SNAPSHOT: ("GET",),
    METRICS: ("GET",),
    SLIS: ("GET",),
}
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
# A change waits for a quorum, twice if it is joint.
CHANGE_SECONDS = 20.0
# Prometheus gives up on a scrape after 10 s by default.
METRICS_SECONDS = 5.0
# Snapshot pieces under way between the store and this server: each may be some megabytes.
SNAPSHOT_CREDIT = 4

T = TypeVar("T", bound=msgspec.Struct)


class TransferBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /debug/store/transfer. ``to`` '': whoever holds most."""

    to: str = ""


class ChangeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """POST /debug/store/members: see ``ChangeMembership``."""

    action: str
    member: str = ""
    voters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operations:
    """``store``: of this replica; ``server``: what the API server counts;
    ``health``: what its checks found."""

    store: Ref
    server: ServerMetrics | None = None
    health: HealthMetrics = field(default_factory=HealthMetrics)

    async def answer(self, method: str, path: str, body: bytes) -> Document:
        """Everything but the snapshot. Raises StatusError."""
        if path == METRICS:
            return Document(await self._metrics(), PROMETHEUS)
        if path == SLIS:
            return Document(self.health.render(), PROMETHEUS)
        if path == TRANSFER:
            wanted = _decode(body, TransferBody)
            await self._ask(TransferLeadership(wanted.to), CHANGE_SECONDS)
            return _document({"kind": "Status", "apiVersion": "v1", "status": "Success"})
        question: Message = MembershipRequest()
        if method == "POST":
            asked = _decode(body, ChangeBody)
            try:
                question = msgspec.convert(msgspec.to_builtins(asked), ChangeMembership)
            except msgspec.ValidationError as error:
                raise status.bad_request(f"the body: {error}") from error
        return _document(msgspec.to_builtins(await self._ask(question, CHANGE_SECONDS)))

    async def snapshot(self) -> AsyncGenerator[bytes, None]:
        """The store's snapshot file in pieces. Raises StatusError."""
        try:
            async with self.store.stream(SnapshotRead(), credit=SNAPSHOT_CREDIT) as stream:
                async for piece in stream:
                    yield cast(SnapshotPiece, piece).data
        except SteersmanError as error:
            raise readable(error) from error

    async def _metrics(self) -> bytes:
        """Those of the process, and those of the store unless it cannot tell now."""
        own = generate_latest(process_registry())
        if self.server is not None:
            own += await self.server.render()
        try:
            told = cast(Metrics, await self.store.ask(MetricsRequest(), METRICS_SECONDS))
        except SteersmanError as error:
            return own + f"# the store does not answer: {type(error).__name__}\n".encode()
        return own + told.text

    async def _ask(self, question: Message, seconds: float) -> Message:
        try:
            return await self.store.ask(question, seconds)
        except SteersmanError as error:
            raise readable(error) from error


def readable(error: SteersmanError) -> StatusError:
    """The error as a Status. What the store refuses it says itself; a change that may or may not
    have happened is told as such."""
    if type(error) in (errors.StoreError, errors.SteersmanError):
        return status.status_error(409, "Conflict", str(error))
    if isinstance(error, errors.NotLeader):
        return status.service_unavailable(str(error))
    return translate(error)


def process_registry() -> CollectorRegistry:
    """Memory, processor time, descriptors and garbage collection of this process."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def _decode(body: bytes, record: type[T]) -> T:
    try:
        return msgspec.json.decode(body or b"{}", type=record)
    except msgspec.DecodeError as error:
        raise status.bad_request(f"the body: {error}") from error


def _document(value: Any) -> Document:
    return Document(orjson.dumps(value))
