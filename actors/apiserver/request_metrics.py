"""What an API server counts of its requests, under kube-apiserver's names.

Job: cheap counters, and their form for Prometheus. Only what the API serves is told apart by name:
callers must not fill the memory with names that they make up. Must not know: doors, the chain.
Source: docs "Kubernetes Metrics Reference" (apiserver_request_*, apiserver_*_requests).
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from actors.kit.histogram import Histogram
from cluster.api.kinds import Kind
from cluster.messages.apiserver import ApiRequest

# Seconds, as kube-apiserver has them.
DURATION_BOUNDS = (
    0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0,
    15.0, 20.0, 30.0, 45.0, 60.0,
)  # fmt: skip
# Of what is the server's own.
OWN_BOUNDS = (
    0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0,
    30.0, 45.0, 60.0,
)  # fmt: skip
# Bytes, likewise.
SIZE_BOUNDS = tuple(1000.0 * 10**power for power in range(7))
APPLY = "application/apply-patch"
READING = frozenset(("get", "list", "watch"))
CONNECTED = frozenset(("attach", "exec", "portforward", "proxy"))
_VERBS = {
    "get": "GET",
    "list": "LIST",
    "watch": "WATCH",
    "create": "POST",
    "update": "PUT",
    "patch": "PATCH",
    "delete": "DELETE",
    "deletecollection": "DELETECOLLECTION",
}
# Methods of HTTP; another one is told as this.
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_OTHER = "other"
# Of these the size of the answer is told.
_SIZED = frozenset(("GET", "LIST"))
COMPONENT = "apiserver"


class Labels(NamedTuple):
    """Of a request, in the order of the alphabet but for the code."""

    dry_run: str = ""
    group: str = ""
    resource: str = ""
    scope: str = ""
    subresource: str = ""
    verb: str = ""
    version: str = ""


class RequestMetrics:
    """``kind_of``: (group, version, plural) to what is served, None if nothing is."""

    def __init__(self, kind_of: Callable[[str, str, str], Kind | None]) -> None:
        self._kind_of = kind_of
        self._requests: Counter[tuple[Labels, int]] = Counter()
        self._durations: dict[Labels, Histogram] = {}
        self._own: dict[Labels, Histogram] = {}
        self._sizes: dict[Labels, Histogram] = {}
        self._deprecated: set[Labels] = set()
        self._lasting: Counter[Labels] = Counter()
        self._under_way = {"mutating": 0, "readOnly": 0}

    def observe(
        self,
        request: ApiRequest | None,
        method: str,
        code: int,
        seconds: float,
        size: int | None = None,
        waited: float = 0.0,
    ) -> None:
        """A request is done. ``request`` None: for no resource; ``method``: of HTTP; ``size``: of
        its answer in bytes, None where that is not known; ``waited``: seconds of it that were not
        the server's own."""
        labels = self.labels(request, method)
        self._requests[labels, code] += 1
        found = self._durations.get(labels)
        if found is None:
            found = self._durations[labels] = Histogram(DURATION_BOUNDS)
        found.observe(seconds)
        plain = _plain(labels)
        own = self._own.get(plain)
        if own is None:
            own = self._own[plain] = Histogram(OWN_BOUNDS)
        own.observe(max(0.0, seconds - waited))
        if size is not None and labels.verb in _SIZED:
            sizes = self._sizes.get(plain)
            if sizes is None:
                sizes = self._sizes[plain] = Histogram(SIZE_BOUNDS)
            sizes.observe(size)

    def under_way(self, request: ApiRequest) -> "UnderWay":
        """While a request that is not long is served."""
        return UnderWay(self._under_way, "readOnly" if request.verb in READING else "mutating")

    @contextmanager
    def lasting(self, request: ApiRequest) -> Iterator[None]:
        """While a long one goes on: a watch, a log, a stream."""
        labels = _plain(self.labels(request, ""))
        self._lasting[labels] += 1
        try:
            yield
        finally:
            self._lasting[labels] -= 1

    def labels(self, request: ApiRequest | None, method: str) -> Labels:
        """What a request is told apart by."""
        if request is None:
            return Labels(verb=method if method in _METHODS else _OTHER)
        verb = _VERBS[request.verb]
        if request.verb == "patch" and request.content_type.startswith(APPLY):
            verb = "APPLY"
        kind = self._kind_of(request.group, request.version, request.resource)
        if kind is None:
            return Labels(verb=verb)
        if kind.deprecated:
            self._deprecated.add(
                Labels(group=kind.group, resource=kind.plural, version=kind.version)
            )
        part = request.subresource if request.subresource in kind.subresources else ""
        if part in CONNECTED:
            verb = "CONNECT"
        scope = "namespace" if request.namespace else "cluster"
        if request.name or request.verb == "create":
            scope = "resource"
        dry = "All" if request.query.get("dryRun") else ""
        return Labels(dry, kind.group, kind.plural, scope, part, verb, kind.version)

    def families(self) -> Iterator[Metric]:
        """As they are now; may be asked in a thread, while the counting goes on."""
        names = [*Labels._fields, "component"]
        requests = CounterMetricFamily(
            "apiserver_request",
            "Requests by verb, dry run value, group, version, resource, scope, component and code",
            labels=[*names, "code"],
        )
        for (labels, code), count in list(self._requests.items()):
            requests.add_metric([*labels, COMPONENT, str(code)], count)
        yield requests
        durations = HistogramMetricFamily(
            "apiserver_request_duration_seconds", "Response latency of requests", labels=names
        )
        for labels, found in list(self._durations.items()):
            durations.add_metric([*labels, COMPONENT], found.buckets(), found.sum)
        yield durations
        own = HistogramMetricFamily(
            "apiserver_request_sli_duration_seconds",
            "Response latency of requests without what they waited for seats and webhooks",
            labels=names[1:],
        )
        for labels, found in list(self._own.items()):
            own.add_metric([*labels[1:], COMPONENT], found.buckets(), found.sum)
        yield own
        sizes = HistogramMetricFamily(
            "apiserver_response_sizes", "Bytes of answers to reads", labels=names[1:]
        )
        for labels, found in list(self._sizes.items()):
            sizes.add_metric([*labels[1:], COMPONENT], found.buckets(), found.sum)
        yield sizes
        deprecated = GaugeMetricFamily(
            "apiserver_requested_deprecated_apis",
            "Deprecated kinds that were asked for; always 1",
            labels=["group", "removed_release", "resource", "subresource", "version"],
        )
        for one in sorted(self._deprecated):
            deprecated.add_metric([one.group, "", one.resource, "", one.version], 1)
        yield deprecated
        under_way = GaugeMetricFamily(
            "apiserver_current_inflight_requests",
            "Requests that are served now, by kind; not those that last",
            labels=["request_kind"],
        )
        for kind, count in self._under_way.items():
            under_way.add_metric([kind], count)
        yield under_way
        lasting = GaugeMetricFamily(
            "apiserver_longrunning_requests",
            "Requests that last and go on now",
            labels=[name for name in names if name != "dry_run"],
        )
        for labels, count in list(self._lasting.items()):
            lasting.add_metric([*labels[1:], COMPONENT], count)
        yield lasting


def _plain(labels: Labels) -> Labels:
    """Where dry runs are not told apart."""
    return labels._replace(dry_run="") if labels.dry_run else labels


class UnderWay:
    """Counted among ``counts`` as of ``kind`` while inside."""

    __slots__ = ("_counts", "_kind")

    def __init__(self, counts: dict[str, int], kind: str) -> None:
        self._counts = counts
        self._kind = kind

    def __enter__(self) -> None:
        self._counts[self._kind] += 1

    def __exit__(self, *_: object) -> None:
        self._counts[self._kind] -= 1
