"""What priority and fairness counts, under kube-apiserver's names.

Must not know: how seats are given. Source: docs "API Priority and Fairness", Metrics.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from actors.kit.histogram import Histogram
from cluster.api.flow_schemas import Flow, Level
from cluster.api.work_estimates import Work

# Seconds, seats and watchers, as kube-apiserver has them.
WAIT_BOUNDS = (0.0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0)
SEAT_BOUNDS = (1.0, 2.0, 4.0, 10.0)
WATCHER_BOUNDS = (0.0, 1.0, 10.0, 100.0, 1000.0, 10000.0)
PREFIX = "apiserver_flowcontrol_"
BOTH = ["flow_schema", "priority_level"]
# (flow schema, priority level)
Names = tuple[str, str]


class FlowCounts:
    """Of the flows of one schema at one level. ``seats``: in use; ``rejected``: by reason;
    ``waits``: by whether it came to a seat; ``served_in``: by kind of request; ``widths`` only of
    levels that have a limit."""

    __slots__ = ("dispatched", "executing", "rejected", "seats", "served_in", "waiting", "waits",
                 "watchers", "widths")  # fmt: skip

    def __init__(self) -> None:
        self.dispatched = 0
        self.executing = 0
        self.seats = 0
        self.waiting = 0
        self.rejected: Counter[str] = Counter()
        self.waits: dict[bool, Histogram] = {}
        self.served_in: dict[str, Histogram] = {}
        self.widths = Histogram(SEAT_BOUNDS)
        self.watchers = Histogram(WATCHER_BOUNDS)

    def waited(self, executed: bool, seconds: float) -> None:
        """A request has a seat, or gave up."""
        if executed not in self.waits:
            self.waits[executed] = Histogram(WAIT_BOUNDS)
        self.waits[executed].observe(seconds)

    def begun(self, work: Work) -> None:
        """A request has its seats."""
        width = work.width
        self.dispatched += 1
        self.executing += 1
        self.seats += width
        self.widths.observe(width)

    def served(self, kind: str, seconds: float) -> None:
        """A request is answered."""
        if kind not in self.served_in:
            self.served_in[kind] = Histogram(WAIT_BOUNDS)
        self.served_in[kind].observe(seconds)

    def ended(self, width: int) -> None:
        """A request gave the last of its seats back."""
        self.executing -= 1
        self.seats -= width


class FlowMetrics:
    """Of one server."""

    def __init__(self) -> None:
        self._counts: dict[Names, FlowCounts] = {}

    def of(self, flow: Flow) -> FlowCounts:
        """What a flow is counted with."""
        names = (flow.schema, flow.level.name)
        found = self._counts.get(names)
        if found is None:
            found = self._counts[names] = FlowCounts()
        return found

    def families(self, levels: Iterable[Level]) -> Iterator[Metric]:
        """As they are now; may be asked in a thread, while the counting goes on."""
        counts = list(self._counts.items())
        yield from _numbers(counts)
        seats = GaugeMetricFamily(
            f"{PREFIX}nominal_limit_seats", "Seats of a priority level", labels=BOTH[1:]
        )
        for level in levels:
            seats.add_metric([level.name], level.seats)
        yield seats
        yield from _distributions(counts)


def _numbers(counts: list[tuple[Names, FlowCounts]]) -> Iterator[Metric]:
    dispatched = CounterMetricFamily(
        f"{PREFIX}dispatched_requests", "Requests that were let in", labels=BOTH
    )
    rejected = CounterMetricFamily(
        f"{PREFIX}rejected_requests", "Requests that were refused", labels=[*BOTH, "reason"]
    )
    for names, one in counts:
        dispatched.add_metric(names, one.dispatched)
        for reason, count in list(one.rejected.items()):
            rejected.add_metric([*names, reason], count)
    yield dispatched
    yield rejected
    for name, text in (
        ("executing", "current_executing_requests: Requests that have their seats"),
        ("seats", "current_executing_seats: Seats that are taken"),
        ("waiting", "current_inqueue_requests: Requests that wait for seats"),
    ):
        told, _, meaning = text.partition(": ")
        gauge = GaugeMetricFamily(PREFIX + told, meaning, labels=BOTH)
        for names, one in counts:
            gauge.add_metric(names, getattr(one, name))
        yield gauge


def _distributions(counts: list[tuple[Names, FlowCounts]]) -> Iterator[Metric]:
    waits = HistogramMetricFamily(
        f"{PREFIX}request_wait_duration_seconds",
        "Time that requests waited for seats",
        labels=["execute", *BOTH],
    )
    served = HistogramMetricFamily(
        f"{PREFIX}request_execution_seconds",
        "Time that requests had their seats until they were answered, or a watch had begun",
        labels=[*BOTH, "type"],
    )
    widths = HistogramMetricFamily(
        f"{PREFIX}work_estimated_seats", "Seats that requests took at most", labels=BOTH
    )
    watchers = HistogramMetricFamily(
        f"{PREFIX}watch_count_samples", "Who watched what was written", labels=BOTH
    )
    for names, one in counts:
        for executed, found in list(one.waits.items()):
            waits.add_metric([str(executed).lower(), *names], found.buckets(), found.sum)
        for kind, found in list(one.served_in.items()):
            served.add_metric([*names, kind], found.buckets(), found.sum)
        widths.add_metric(names, one.widths.buckets(), one.widths.sum)
        watchers.add_metric(names, one.watchers.buckets(), one.watchers.sum)
    yield waits
    yield served
    yield widths
    yield watchers
