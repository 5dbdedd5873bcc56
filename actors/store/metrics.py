"""What one replica's store counts and measures, as Prometheus text.

Job: cheap counters and histograms that the engine adds to (plain attributes; a batch costs well
under a microsecond), and their rendering with the gauges of the moment. Must not know: the engine,
who asks. Names and units: https://prometheus.io/docs/practices/naming/.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from actors.kit.histogram import Histogram

PREFIX = "steersman_store_"
# Seconds. A good disk syncs in 0.2 ms, a bad one in 100 ms; commits add a round trip; a snapshot
# writes the whole state.
FSYNC_BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
COMMIT_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
SNAPSHOT_BOUNDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

GAUGES = {
    "term": "Raft term of this replica",
    "is_leader": "1 if this replica leads",
    "is_learner": "1 if this replica has no vote (yet)",
    "has_leader": "1 if this replica knows a leader",
    "commit_index": "Highest log entry known to be committed",
    "applied_index": "Highest log entry applied to the state",
    "last_index": "Last entry of the log",
    "snapshot_index": "Log entry that the latest snapshot stands at",
    "revision": "Revision of the state",
    "compacted_revision": "Oldest revision whose history is kept",
    "keys": "Keys in the state",
    "leases": "Leases in the state",
    "database_bytes": "Bytes of the log and the snapshots on disk",
    "pending_proposals": "Proposals of this replica that wait for a quorum",
    "watchers": "Open watches",
    "alarms": "Alarms raised in the cluster",
}
COUNTERS = {
    "leader_changes": "Changes of the leader that this replica has seen",
    "elections": "Elections that this replica stood in",
    "proposals_committed": "Proposals of this replica that were committed",
    "proposals_failed": "Proposals of this replica that failed or whose outcome it never learnt",
    "snapshots": "Snapshots that this replica made of its state",
    "snapshots_installed": "Snapshots that this replica took from a leader",
    "slow_watchers_dropped": "Watchers that were dropped because they fell too far behind",
}


class Observations(Histogram):
    """Of seconds, without labels."""

    __slots__ = ()

    def family(self, name: str, text: str) -> HistogramMetricFamily:
        """For the registry."""
        return HistogramMetricFamily(name, text, buckets=self.buckets(), sum_value=self.sum)


@dataclass(slots=True)
class Gauges:
    """A replica at one moment; what each number says stands in ``GAUGES``. ``queues``: the depth
    of each queue by its name."""

    term: int = 0
    is_leader: bool = False
    is_learner: bool = False
    has_leader: bool = False
    commit_index: int = 0
    applied_index: int = 0
    last_index: int = 0
    snapshot_index: int = 0
    revision: int = 0
    compacted_revision: int = 0
    keys: int = 0
    leases: int = 0
    database_bytes: int = 0
    pending_proposals: int = 0
    watchers: int = 0
    alarms: int = 0
    queues: Mapping[str, int] = field(default_factory=dict)


class StoreMetrics(Collector):
    """One per store. The engine adds to the counters (``metrics.elections += 1``) and observes
    (``metrics.fsync.observe(seconds)``), once per batch; ``gauges`` is asked at each rendering.

    ``fsync``: one write of the log made durable. ``commit``: from a proposal to its being applied
    here. ``snapshot``: a snapshot made and durable.
    """

    def __init__(self, gauges: Callable[[], Gauges]) -> None:
        self.leader_changes = 0
        self.elections = 0
        self.proposals_committed = 0
        self.proposals_failed = 0
        self.snapshots = 0
        self.snapshots_installed = 0
        self.slow_watchers_dropped = 0
        self.fsync = Observations(FSYNC_BOUNDS)
        self.commit = Observations(COMMIT_BOUNDS)
        self.snapshot = Observations(SNAPSHOT_BOUNDS)
        self._gauges = gauges
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def describe(self) -> list[Metric]:
        """Nothing: so that registering does not ask for gauges before there is an engine."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All families, as they are now."""
        gauges = self._gauges()
        for name, text in GAUGES.items():
            yield GaugeMetricFamily(PREFIX + name, text, float(getattr(gauges, name)))
        depth = GaugeMetricFamily(PREFIX + "queue_depth", "Waiting in a queue", labels=["queue"])
        for queue, waiting in gauges.queues.items():
            depth.add_metric([queue], float(waiting))
        yield depth
        for name, text in COUNTERS.items():
            yield CounterMetricFamily(PREFIX + name, text, float(getattr(self, name)))
        yield self.fsync.family(PREFIX + "wal_fsync_seconds", "Making the log durable")
        yield self.commit.family(PREFIX + "commit_seconds", "From a proposal to its being applied")
        yield self.snapshot.family(PREFIX + "snapshot_seconds", "Making a snapshot of the state")

    def render(self) -> bytes:
        """Prometheus' text format, version 0.0.4."""
        return generate_latest(self._registry)
