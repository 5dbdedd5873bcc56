"""/metrics/slis: what the checks of /livez, /readyz and /healthz have found.

Source: docs "Kubernetes Component SLI Metrics". Must not know: what is checked. As in Kubernetes,
a check is told of once it has been made, and it is made when somebody asks.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class HealthMetrics(Collector):
    """Of one server."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], bool] = {}
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def checked(self, probe: str, found: Mapping[str, str]) -> None:
        """The checks of a probe were made. ``found``: '' for one that is well, else what is
        wrong."""
        for name, why in found.items():
            self._last[name, probe] = not why
            self._counts[name, "error" if why else "success", probe] += 1

    def render(self) -> bytes:
        """Prometheus' text format, version 0.0.4."""
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        """Nothing: so that registering asks for nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        """As they are now."""
        last = GaugeMetricFamily(
            "kubernetes_healthcheck",
            "Whether a check was well when it was last made",
            labels=["name", "type"],
        )
        for labels, well in self._last.items():
            last.add_metric(labels, well)
        yield last
        counts = CounterMetricFamily(
            "kubernetes_healthchecks",
            "Checks by what they found",
            labels=["name", "status", "type"],
        )
        for told, count in self._counts.items():
            counts.add_metric(told, count)
        yield counts
