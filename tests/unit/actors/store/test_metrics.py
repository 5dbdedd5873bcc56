"""Metrics: what Prometheus reads is what was observed, and observing costs next to nothing."""

import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from actors.store import metrics as module
from actors.store.metrics import COUNTERS, GAUGES, Gauges, Observations, StoreMetrics


def samples(metrics: StoreMetrics) -> dict[tuple[str, str], float]:
    """(name, label value) → value, read by Prometheus' own parser."""
    found = {}
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            label = next(iter(sample.labels.values()), "")
            found[sample.name.removeprefix(module.PREFIX), label] = sample.value
    return found


def test_gauges_are_read_at_each_rendering() -> None:
    now = Gauges(term=3, is_leader=True, revision=17, queues={"log": 4, "apply": 2})
    metrics = StoreMetrics(lambda: now)
    first = samples(metrics)
    assert first["term", ""] == 3
    assert first["is_leader", ""] == 1
    assert first["has_leader", ""] == 0
    assert first["queue_depth", "log"] == 4
    assert first["queue_depth", "apply"] == 2
    now.revision = 18
    assert samples(metrics)["revision", ""] == 18


def test_every_name_of_the_tables_is_rendered_with_its_help() -> None:
    metrics = StoreMetrics(Gauges)
    found = samples(metrics)
    text = metrics.render().decode()
    for name in GAUGES:
        assert found[name, ""] == 0
    for name, help_text in COUNTERS.items():
        assert found[f"{name}_total", ""] == 0
        assert help_text in text


def test_counters_count() -> None:
    metrics = StoreMetrics(Gauges)
    metrics.elections += 1
    metrics.proposals_committed += 64
    found = samples(metrics)
    assert found["elections_total", ""] == 1
    assert found["proposals_committed_total", ""] == 64
    assert found["proposals_failed_total", ""] == 0


def test_a_histogram_is_cumulative_and_a_bound_counts_as_under_it() -> None:
    metrics = StoreMetrics(Gauges)
    for seconds in (0.00005, 0.0001, 0.0002, 7.0):
        metrics.fsync.observe(seconds)
    found = samples(metrics)
    assert found["wal_fsync_seconds_bucket", "0.0001"] == 2
    assert found["wal_fsync_seconds_bucket", "0.00025"] == 3
    assert found["wal_fsync_seconds_bucket", "1.0"] == 3
    assert found["wal_fsync_seconds_bucket", "+Inf"] == 4
    assert found["wal_fsync_seconds_count", ""] == 4
    assert found["wal_fsync_seconds_sum", ""] == pytest.approx(7.00035)


def test_no_gauges_are_asked_for_before_they_are_rendered() -> None:
    def too_early() -> Gauges:
        raise AssertionError("there is no engine yet")

    StoreMetrics(too_early)


def test_observing_costs_less_than_a_microsecond() -> None:
    """The best of many rounds: a busy machine makes some slower, none quicker."""
    observations = Observations(module.FSYNC_BOUNDS)

    def round_seconds() -> float:
        began = time.perf_counter()
        for _ in range(1000):
            observations.observe(0.0003)
        return (time.perf_counter() - began) / 1000

    assert min(round_seconds() for _ in range(50)) < 1e-6
