"""Probe timing and thresholds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kubelet import probes
from actors.kubelet.probes import ProbeSpec, ProbeState


def run(spec: ProbeSpec, results: list[bool]) -> list[bool | None]:
    state, verdicts = ProbeState(), []
    for tick, result in enumerate(results):
        state = probes.record(spec, state, result, float(tick + 1))
        verdicts.append(state.healthy)
    return verdicts


def test_thresholds_count_equal_results_in_a_row() -> None:
    spec = ProbeSpec("readiness", {}, success_threshold=2, failure_threshold=3)
    results = [True, False, True, True, False, False, True, False, False, False]
    verdicts = run(spec, results)
    assert verdicts == [None, None, None, True, True, True, True, True, True, False]


def test_due_times() -> None:
    spec = ProbeSpec("liveness", {}, initial_delay=5, period=3)
    assert probes.next_due(spec, ProbeState(), 100) == 105
    assert probes.next_due(spec, ProbeState(tried_at=107), 100) == 110


def test_defaults() -> None:
    spec = probes.parse_probe("liveness", {"exec": {}, "periodSeconds": 0})
    assert (spec.period, spec.timeout, spec.success_threshold, spec.failure_threshold) == (
        10,
        1,
        1,
        3,
    )
    assert spec.grace is None and spec.handler == {"exec": {}}
    found = probes.probe_specs({"livenessProbe": {}, "startupProbe": {"tcpSocket": {}}})
    assert [spec.kind for spec in found] == ["startup", "liveness"]


def test_verdicts_that_end_a_probe() -> None:
    startup, bad, good = ProbeSpec("startup", {}), ProbeState(False), ProbeState(True)
    liveness, readiness = ProbeSpec("liveness", {}), ProbeSpec("readiness", {})
    assert probes.is_over(startup, good) and not probes.is_condemned(startup, good)
    assert probes.is_condemned(startup, bad) and probes.is_condemned(liveness, bad)
    assert not probes.is_over(liveness, good) and not probes.is_over(readiness, bad)


def test_ports_and_urls() -> None:
    container = {"name": "web", "ports": [{"name": "http", "containerPort": 8080}]}
    assert probes.resolve_port("http", container) == 8080
    assert probes.resolve_port("81", container) == 81
    with pytest.raises(ValueError, match="no port named"):
        probes.resolve_port("none", container)
    url = probes.http_url({"path": "x", "port": "http"}, container, "10.0.0.1")
    assert url == "http://10.0.0.1:8080/x"
    https = probes.http_url({"scheme": "HTTPS", "port": 1, "host": "h"}, container, "")
    assert https == "https://h:1/"


def test_headers() -> None:
    given_headers = [{"name": "user-agent", "value": "mine"}, {"name": "Accept", "value": ""}]
    headers = probes.http_headers({"httpHeaders": given_headers}, "probe")
    assert headers == {"user-agent": "mine"}
    assert probes.http_headers({}, "probe")["User-Agent"] == "kube-probe/1.37"


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 4), st.integers(1, 4))
def test_a_verdict_is_always_backed_by_its_threshold(
    results: list[bool], success: int, failure: int
) -> None:
    spec = ProbeSpec("readiness", {}, success_threshold=success, failure_threshold=failure)
    for tick, verdict in enumerate(run(spec, results)):
        if verdict is None:
            continue
        need = success if verdict else failure
        seen = results[: tick + 1]
        runs = [seen[i : i + need] for i in range(len(seen) - need + 1)]
        assert [verdict] * need in runs
