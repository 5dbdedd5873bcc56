"""What priority and fairness counts, under kube-apiserver's names.

Must not know: how seats are given. Source: docs "API Priority and Fairness", Metrics.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from actors.kit.histogram import Histogram
from cluster.api.flow_schemas import Flow, Level

# Seconds, as kube-apiserver has them.
WAIT_BOUNDS = (0.0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0)
PREFIX = "apiserver_flowcontrol_"
# (flow schema, priority level)
Names = tuple[str, str]


def names_of(flow: Flow) -> Names:
    """What a flow is told by."""
    return flow.schema, flow.level.name


@dataclass
class FlowMetrics:
    """Of one server. ``rejected``: with the reason, ``waits``: with whether it came to a seat."""

    dispatched: Counter[Names] = field(default_factory=Counter)
    rejected: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    executing: Counter[Names] = field(default_factory=Counter)
    waiting: Counter[Names] = field(default_factory=Counter)
    waits: dict[tuple[str, str, str], Histogram] = field(default_factory=dict)

    def waited(self, flow: Flow, executed: bool, seconds: float) -> None:
        """A request has a seat, or gave up."""
        key = (str(executed).lower(), *names_of(flow))
        if key not in self.waits:
            self.waits[key] = Histogram(WAIT_BOUNDS)
        self.waits[key].observe(seconds)

    def families(self, levels: Iterable[Level]) -> Iterator[Metric]:
        """As they are now; may be asked in a thread, while the counting goes on."""
        both = ["flow_schema", "priority_level"]
        dispatched = CounterMetricFamily(
            f"{PREFIX}dispatched_requests", "Requests that were let in", labels=both
        )
        for key, count in list(self.dispatched.items()):
            dispatched.add_metric(key, count)
        yield dispatched
        rejected = CounterMetricFamily(
            f"{PREFIX}rejected_requests", "Requests that were refused", labels=[*both, "reason"]
        )
        for refused, count in list(self.rejected.items()):
            rejected.add_metric(refused, count)
        yield rejected
        for name, text, found in (
            ("current_executing_requests", "Requests that have a seat", self.executing),
            ("current_executing_seats", "Seats that are taken", self.executing),
            ("current_inqueue_requests", "Requests that wait for a seat", self.waiting),
        ):
            gauge = GaugeMetricFamily(PREFIX + name, text, labels=both)
            for key, count in list(found.items()):
                gauge.add_metric(key, count)
            yield gauge
        seats = GaugeMetricFamily(
            f"{PREFIX}nominal_limit_seats", "Seats of a priority level", labels=both[1:]
        )
        for level in levels:
            seats.add_metric([level.name], level.seats)
        yield seats
        waits = HistogramMetricFamily(
            f"{PREFIX}request_wait_duration_seconds",
            "Time that requests waited for a seat",
            labels=["execute", *both],
        )
        for waited, histogram in list(self.waits.items()):
            waits.add_metric(waited, histogram.buckets(), histogram.sum)
        yield waits
