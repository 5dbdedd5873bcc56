"""What acting as others counts, under kube-apiserver's names.

Source: docs "User Impersonation", Metrics. Must not know: what a mode needs.
"""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from actors.apiserver.request_metrics import DURATION_BOUNDS
from actors.kit.histogram import Histogram

PREFIX = "apiserver_impersonation_"
# (decision, mode), in the order of the alphabet.
_LABELS = ["decision", "mode"]
_Times = dict[tuple[str, str], Histogram]


class ImpersonationMetrics:
    """Of one server."""

    def __init__(self) -> None:
        self._attempts: _Times = {}
        self._asks: _Times = {}

    def attempted(self, mode: str, seconds: float) -> None:
        """A request wanted to act as somebody. ``mode``: what let it, '' if nothing did."""
        _observe(self._attempts, mode, bool(mode), seconds)

    def asked(self, mode: str, allowed: bool, seconds: float) -> None:
        """The authorizer was asked for one thing that a mode needs."""
        _observe(self._asks, mode, allowed, seconds)

    def families(self) -> Iterator[Metric]:
        """As they are now; may be asked in a thread, while the counting goes on."""
        for name, text, times in (
            ("attempts", "Requests that would act as somebody else", self._attempts),
            ("authorization_attempts", "Questions of these to the authorizer", self._asks),
        ):
            counts = CounterMetricFamily(PREFIX + name, text, labels=_LABELS)
            durations = HistogramMetricFamily(
                f"{PREFIX}{name}_duration_seconds", f"{text}: how long they took", labels=_LABELS
            )
            for labels, histogram in list(times.items()):
                buckets = histogram.buckets()
                counts.add_metric(labels, buckets[-1][1])
                durations.add_metric(labels, buckets, histogram.sum)
            yield counts
            yield durations


def _observe(times: _Times, mode: str, allowed: bool, seconds: float) -> None:
    key = ("allowed" if allowed else "denied", mode)
    if key not in times:
        times[key] = Histogram(DURATION_BOUNDS)
    times[key].observe(seconds)
