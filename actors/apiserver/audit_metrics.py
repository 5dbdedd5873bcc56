"""What the audit log counts, under kube-apiserver's names.

Source: docs "Auditing", "Kubernetes Metrics Reference" (apiserver_audit_*). Must not know: events.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric

PREFIX = "apiserver_audit_"


@dataclass
class AuditCounts:
    """Of one server. ``events``: written, or to be written; ``lost``: those of them that the disk
    could not keep up with; ``levels``: of requests."""

    events: int = 0
    lost: int = 0
    levels: Counter[str] = field(default_factory=Counter)

    def families(self) -> Iterator[Metric]:
        """As they are now; may be asked in a thread, while the counting goes on."""
        events = CounterMetricFamily(f"{PREFIX}event", "Events of the audit log")
        events.add_metric([], self.events)
        yield events
        errors = CounterMetricFamily(
            f"{PREFIX}error", "Events that were not written", labels=["plugin"]
        )
        errors.add_metric(["log"], self.lost)
        yield errors
        levels = CounterMetricFamily(
            f"{PREFIX}level", "Requests by the level that the policy gives them", labels=["level"]
        )
        for level, count in list(self.levels.items()):
            levels.add_metric([level], count)
        yield levels
