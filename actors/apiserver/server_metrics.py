"""All that this API server tells of itself at /metrics, beside its process and its store.

Job: gather requests, flows, admission, audit, asks of the store and how many objects there are of
each kind. Must not know: doors. Source: docs "Kubernetes Metrics Reference"
(apiserver_resource_objects and its elder apiserver_storage_objects, etcd_request_duration_seconds,
kubernetes_build_info).
"""

import asyncio
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from actors.apiserver.audit_metrics import AuditCounts
from actors.apiserver.documents import version
from actors.apiserver.environment import Environment
from actors.apiserver.flow_control import FlowControl
from actors.apiserver.impersonation_metrics import ImpersonationMetrics
from actors.apiserver.request_metrics import RequestMetrics
from actors.apiserver.store_client import prefix_end
from cluster.api.kinds import Kind, storage_prefix
from cluster.errors import StatusError
from cluster.messages.store import Range

# Objects are counted no oftener than this (kube-apiserver: once a minute).
COUNT_SECONDS = 30.0
_BUILD = {
    "build_date": "buildDate", "compiler": "compiler", "git_commit": "gitCommit",
    "git_tree_state": "gitTreeState", "git_version": "gitVersion", "go_version": "goVersion",
    "major": "major", "minor": "minor", "platform": "platform",
}  # fmt: skip


class ServerMetrics(Collector):
    """One per API server."""

    def __init__(
        self,
        environment: Environment,
        requests: RequestMetrics,
        flows: FlowControl,
        acting: ImpersonationMetrics,
        audit: AuditCounts,
    ) -> None:
        self._environment = environment
        self._requests = requests
        self._flows = flows
        self._acting = acting
        self._audit = audit
        self._objects: dict[tuple[str, str], int] = {}
        self._counted = -COUNT_SECONDS
        self._registry = CollectorRegistry()
        self._registry.register(self)

    async def render(self) -> bytes:
        """Prometheus' text format, version 0.0.4."""
        now = self._environment.clock.monotonic()
        if now - self._counted >= COUNT_SECONDS:
            self._counted = now
            await self._count()
        # A megabyte of text: the event loop has other turns to give meanwhile.
        return await asyncio.to_thread(generate_latest, self._registry)

    async def _count(self) -> None:
        """Each stored kind once, as this replica has it; -1: it could not be counted."""
        kinds: dict[tuple[str, str], Kind] = {}
        for kind in self._environment.kinds.table.served:
            if "list" in kind.verbs:
                kinds.setdefault((kind.group, kind.plural), kind)
        self._objects = {key: await self._number(kind) for key, kind in kinds.items()}

    async def _number(self, kind: Kind) -> int:
        prefix = storage_prefix(kind)
        question = Range(prefix, prefix_end(prefix), linearizable=False, count_only=True)
        try:
            return (await self._environment.objects.store.range_stored(question)).count
        except StatusError:
            return -1

    def describe(self) -> list[Metric]:
        """Nothing: so that registering asks for nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families, as they are now; in a thread: nothing here waits or changes anything."""
        told = version()
        build = GaugeMetricFamily(
            "kubernetes_build_info", "The version of this server; always 1", labels=list(_BUILD)
        )
        build.add_metric([told[name] for name in _BUILD.values()], 1)
        yield build
        yield from self._requests.families()
        yield from self._flows.metrics.families(self._flows.levels())
        yield from self._acting.families()
        yield from self._environment.admission.families()
        yield from self._audit.families()
        objects = GaugeMetricFamily(
            "apiserver_resource_objects",
            "Stored objects by kind, -1 if they could not be counted",
            labels=["group", "resource"],
        )
        elder = GaugeMetricFamily(
            "apiserver_storage_objects",
            "The same, under the name that it had before 1.34",
            labels=["resource"],
        )
        for (group, plural), count in self._objects.items():
            objects.add_metric([group, plural], count)
            elder.add_metric([f"{plural}.{group}" if group else plural], count)
        yield objects
        yield elder
        asks = HistogramMetricFamily(
            "etcd_request_duration_seconds",
            "What the store (of any engine) took to answer this server",
            labels=["operation", "group", "resource"],
        )
        for labels, found in list(self._environment.objects.store.times.items()):
            asks.add_metric(labels, found.buckets(), found.sum)
        yield asks
