"""What admission takes, under kube-apiserver's names.

Job: durations of the two steps, of the plugins in them, and of webhooks; and why webhooks refuse.
Must not know: any plugin. Source: docs "Kubernetes Metrics Reference" (apiserver_admission_*).
"""

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric, UnknownMetricFamily

from actors.kit.histogram import Histogram

PREFIX = "apiserver_admission_"
# Seconds, as kube-apiserver has them.
PLUGIN_BOUNDS = (0.005, 0.025, 0.1, 0.5, 1.0, 2.5)
WEBHOOK_BOUNDS = (*PLUGIN_BOUNDS, 10.0, 25.0)
# (of what is asked, operation, type of the step)
Place = tuple[str, str, str]
Outcome = Literal["no_error", "calling_webhook_error", "apiserver_internal_error"]
# A webhook may refuse with any code: more than this are one.
_CODE_MAX = 600


class AdmissionMetrics:
    """Of one server."""

    def __init__(self) -> None:
        self._plugins: dict[tuple[Place, bool], Histogram] = {}
        self._webhooks: dict[tuple[Place, bool], Histogram] = {}
        self._asked: Counter[tuple[Place, bool, int]] = Counter()
        self._rejections: Counter[tuple[Place, Outcome, int]] = Counter()

    def plugin(self, place: Place, rejected: bool, seconds: float) -> None:
        """A plugin has seen a request; of a whole step the name is ''."""
        key = (place, rejected)
        found = self._plugins.get(key)
        if found is None:
            found = self._plugins[key] = Histogram(PLUGIN_BOUNDS)
        found.observe(seconds)

    def webhook(self, place: Place, code: int, seconds: float) -> None:
        """A webhook was asked. ``code``: 200 if it lets the request pass, else what it says; 0 if
        it gave no answer that counts."""
        code = min(code, _CODE_MAX)
        key = (place, code != 200)
        if key not in self._webhooks:
            self._webhooks[key] = Histogram(WEBHOOK_BOUNDS)
        self._webhooks[key].observe(seconds)
        self._asked[place, code != 200, code] += 1
        if code != 200:
            outcome: Outcome = "no_error" if code else "calling_webhook_error"
            self._rejections[place, outcome, code] += 1

    def families(self) -> Iterator[Metric]:
        """As they are now; may be asked in a thread, while the counting goes on."""
        labels = ["operation", "rejected", "type"]
        steps = HistogramMetricFamily(
            f"{PREFIX}step_admission_duration_seconds",
            "What a step of admission took",
            labels=labels,
        )
        plugins = HistogramMetricFamily(
            f"{PREFIX}controller_admission_duration_seconds",
            "What an admission plugin took",
            labels=["name", *labels],
        )
        for ((name, operation, kind), rejected), found in list(self._plugins.items()):
            told = [operation, str(rejected).lower(), kind]
            family, values = (plugins, [name, *told]) if name else (steps, told)
            family.add_metric(values, found.buckets(), found.sum)
        yield steps
        yield plugins
        yield from self._of_webhooks(["name", *labels])

    def _of_webhooks(self, labels: list[str]) -> Iterator[Metric]:
        durations = HistogramMetricFamily(
            f"{PREFIX}webhook_admission_duration_seconds", "What a webhook took", labels=labels
        )
        for ((name, operation, kind), rejected), found in list(self._webhooks.items()):
            values = [name, operation, str(rejected).lower(), kind]
            durations.add_metric(values, found.buckets(), found.sum)
        yield durations
        asked = CounterMetricFamily(
            f"{PREFIX}webhook_request", "Requests to webhooks", labels=["code", *labels]
        )
        for ((name, operation, kind), rejected, code), count in list(self._asked.items()):
            asked.add_metric([str(code), name, operation, str(rejected).lower(), kind], count)
        yield asked
        # (A counter, whose name does not end as those of counters do.)
        rejections = UnknownMetricFamily(
            f"{PREFIX}webhook_rejection_count",
            "What webhooks refused, or did not answer",
            labels=["error_type", "name", "operation", "rejection_code", "type"],
        )
        for ((name, operation, kind), outcome, code), count in list(self._rejections.items()):
            rejections.add_metric([outcome, name, operation, str(code), kind], count)
        yield rejections
