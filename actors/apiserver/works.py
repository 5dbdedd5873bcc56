"""How much a request will take, before it is let in.

Job: what lies in the range of a list, who watches what is written. Must not know: levels' queues.
Only lists, watches that begin with what exists, and writes are looked at, and these only if they
are limited at all. What lies in a range is asked of this replica's own store and remembered for a
while, of a namespace only where the whole kind would be more than one seat.
"""

from collections.abc import Callable

from actors.apiserver.call import parse_bool
from actors.apiserver.environment import Environment
from actors.apiserver.flow_metrics import FlowMetrics
from actors.apiserver.store_client import prefix_end
from cluster.api.flow_schemas import Flow
from cluster.api.kinds import Kind, storage_key, storage_prefix
from cluster.api.work_estimates import ONE, Stored, Work, of_list, of_write
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from cluster.messages.store import Range

# kube-apiserver counts once a minute.
REMEMBERED_SECONDS = 30.0
REMEMBERED_MAX = 2048
# Their average stands for all.
SAMPLE = 16
WRITES = frozenset(("create", "update", "patch", "delete"))
ESTIMATED = WRITES | {"list", "watch"}
# Writes nothing, though many may watch ServiceAccounts.
TOKEN = ("serviceaccounts", "token")


class Works:
    """One per API server. ``monotonic``: seconds."""

    def __init__(
        self, environment: Environment, metrics: FlowMetrics, monotonic: Callable[[], float]
    ) -> None:
        self._environment = environment
        self._metrics = metrics
        self._monotonic = monotonic
        # By prefix: until when, and what.
        self._stored: dict[str, tuple[float, Stored]] = {}

    async def of(self, request: ApiRequest, flow: Flow) -> Work:
        """Of a request for a resource that is served here."""
        kind = self._environment.kinds.table.by_resource(
            request.group, request.version, request.resource
        )
        if kind is None:
            return ONE
        if request.verb in WRITES:
            return self._of_write(request, kind, flow)
        if request.verb == "list" or _from_the_start(request):
            return await self._of_list(request, kind, flow)
        return ONE

    def _of_write(self, request: ApiRequest, kind: Kind, flow: Flow) -> Work:
        watches = self._environment.objects.watches
        if watches is None or (request.resource, request.subresource) == TOKEN:
            return ONE
        everywhere = storage_prefix(kind)
        watchers = watches.watching(everywhere, prefix_end(everywhere))
        if kind.namespaced and request.namespace:
            here = storage_prefix(kind, request.namespace)
            watchers += watches.watching(here, prefix_end(here))
        if request.name:
            key = storage_key(kind, request.namespace, request.name)
            watchers += watches.watching(key, f"{key}\x00")
        self._metrics.of(flow).watchers.observe(watchers)
        return of_write(watchers, flow.level.seats)

    async def _of_list(self, request: ApiRequest, kind: Kind, flow: Flow) -> Work:
        query = request.query
        if request.name or query.get("fieldSelector", "").startswith("metadata.name="):
            return ONE
        limit = query.get("limit", "")
        page = int(limit) if limit.isascii() and limit.isdecimal() and len(limit) < 19 else 0
        selective = bool(query.get("labelSelector") or query.get("fieldSelector"))
        work = ONE
        for prefix in _prefixes(kind, request.namespace):
            stored = await self._in(prefix)
            work = of_list(stored, page, selective, flow.level.seats)
            if work.seats == 1:
                break
        return work

    async def _in(self, prefix: str) -> Stored:
        now = self._monotonic()
        until, stored = self._stored.get(prefix, (0.0, Stored(0, 0.0)))
        if until > now:
            return stored
        question = Range(prefix, prefix_end(prefix), limit=SAMPLE, linearizable=False)
        try:
            found = await self._environment.objects.store.range_stored(question)
        except StatusError:
            # The request itself will say what is wrong.
            return stored
        total = sum(len(item.value) for item in found.items)
        stored = Stored(found.count, total / max(1, len(found.items)))
        if len(self._stored) >= REMEMBERED_MAX:
            self._stored.clear()
        self._stored[prefix] = (now + REMEMBERED_SECONDS, stored)
        return stored


def _prefixes(kind: Kind, namespace: str) -> list[str]:
    """From what costs least to know to what is nearest."""
    if kind.namespaced and namespace:
        return [storage_prefix(kind), storage_prefix(kind, namespace)]
    return [storage_prefix(kind)]


def _from_the_start(request: ApiRequest) -> bool:
    """Whether a watch begins with all that exists."""
    query = request.query
    if "sendInitialEvents" in query:
        return parse_bool(query, "sendInitialEvents")
    return query.get("resourceVersion", "") in ("", "0")
