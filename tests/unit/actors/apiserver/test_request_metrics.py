"""What is counted of requests, and under which labels."""

import contextlib
from typing import Any

import pytest

from actors.apiserver.request_metrics import Labels, RequestMetrics
from cluster.api.kinds import by_resource
from cluster.messages.apiserver import ApiRequest


def asked(verb: Any, resource: str = "pods", **more: Any) -> ApiRequest:
    return ApiRequest(verb, resource, **more)


def samples(metrics: RequestMetrics) -> dict[str, list[tuple[dict[str, str], float]]]:
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in metrics.families():
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


@pytest.mark.parametrize(
    ("request_", "labels"),
    [
        (asked("list"), Labels("", "", "pods", "cluster", "", "LIST", "v1")),
        (asked("list", namespace="a"), Labels("", "", "pods", "namespace", "", "LIST", "v1")),
        (
            asked("create", "deployments", group="apps", namespace="a", query={"dryRun": "All"}),
            Labels("All", "apps", "deployments", "resource", "", "POST", "v1"),
        ),
        (
            asked("patch", namespace="a", name="b", content_type="application/apply-patch+yaml"),
            Labels("", "", "pods", "resource", "", "APPLY", "v1"),
        ),
        (
            asked("get", namespace="a", name="b", subresource="exec"),
            Labels("", "", "pods", "resource", "exec", "CONNECT", "v1"),
        ),
        (
            asked("get", namespace="a", name="b", subresource="made-up"),
            Labels("", "", "pods", "resource", "", "GET", "v1"),
        ),
        (asked("get", "made-up", name="x"), Labels(verb="GET")),
    ],
)
def test_labels(request_: ApiRequest, labels: Labels) -> None:
    assert RequestMetrics(by_resource).labels(request_, "") == labels


def test_counts_and_durations() -> None:
    metrics = RequestMetrics(by_resource)
    metrics.observe(asked("list"), "GET", 200, 0.03)
    metrics.observe(asked("list"), "GET", 200, 0.3)
    metrics.observe(asked("list"), "GET", 403, 0.001)
    metrics.observe(None, "GET", 200, 0.001)
    metrics.observe(None, "BREW", 405, 0.001)
    found = samples(metrics)
    counts = {(one["verb"], one["code"]): value for one, value in found["apiserver_request_total"]}
    assert counts == {
        ("LIST", "200"): 2, ("LIST", "403"): 1, ("GET", "200"): 1, ("other", "405"): 1
    }  # fmt: skip
    buckets = {
        one["le"]: value
        for one, value in found["apiserver_request_duration_seconds_bucket"]
        if one["verb"] == "LIST"
    }
    assert (buckets["0.005"], buckets["0.05"], buckets["0.4"], buckets["+Inf"]) == (1, 2, 3, 3)
    assert all(one["component"] == "apiserver" for one, _ in found["apiserver_request_total"])


def test_what_goes_on_now() -> None:
    metrics = RequestMetrics(by_resource)

    def now() -> tuple[dict[str, float], list[float]]:
        found = samples(metrics)
        kinds = found["apiserver_current_inflight_requests"]
        lasting = found.get("apiserver_longrunning_requests", [])
        return {one["request_kind"]: value for one, value in kinds}, [value for _, value in lasting]

    with metrics.under_way(asked("get")), metrics.under_way(asked("create")):
        with pytest.raises(ValueError, match="broken"), metrics.lasting(asked("watch")):
            assert now() == ({"readOnly": 1, "mutating": 1}, [1])
            raise ValueError("broken")
        assert now() == ({"readOnly": 1, "mutating": 1}, [0])
    assert now() == ({"readOnly": 0, "mutating": 0}, [0])


def test_names_that_callers_make_up_take_no_memory() -> None:
    metrics = RequestMetrics(by_resource)
    for number in range(1000):
        metrics.observe(asked("get", f"r{number}", name=f"n{number}"), "GET", 404, 0.0)
        metrics.observe(asked("get", name=f"n{number}", subresource=f"s{number}"), "GET", 404, 0.0)
        metrics.observe(None, f"M{number}", 405, 0.0)
    assert len(samples(metrics)["apiserver_request_total"]) == 3


def test_sizes_of_what_is_read() -> None:
    metrics = RequestMetrics(by_resource)
    metrics.observe(asked("list"), "GET", 200, 0.03, 20_000)
    metrics.observe(asked("list"), "GET", 200, 0.03, 500)
    metrics.observe(asked("create"), "POST", 201, 0.03, 500)
    metrics.observe(asked("watch"), "GET", 200, 0.03, None)
    found = samples(metrics)
    [(labels, count)] = found["apiserver_response_sizes_count"]
    assert (labels["verb"], labels["resource"], labels["component"]) == (
        "LIST",
        "pods",
        "apiserver",
    )
    assert "dry_run" not in labels and count == 2
    buckets = {one["le"]: value for one, value in found["apiserver_response_sizes_bucket"]}
    assert (buckets["1000.0"], buckets["10000.0"], buckets["100000.0"]) == (1, 1, 2)


def test_what_is_deprecated_is_told_of_once() -> None:
    metrics = RequestMetrics(by_resource)
    for name in ("endpoints", "endpoints", "pods"):
        metrics.observe(asked("list", name), "GET", 200, 0.03)
    [(labels, value)] = samples(metrics)["apiserver_requested_deprecated_apis"]
    assert (labels["resource"], labels["version"], value) == ("endpoints", "v1", 1)


def test_what_is_the_servers_own() -> None:
    metrics = RequestMetrics(by_resource)
    metrics.observe(asked("create"), "POST", 201, 3.0, waited=2.93)
    metrics.observe(asked("create"), "POST", 201, 3.0, waited=9.0)
    found = samples(metrics)
    [(labels, count)] = found["apiserver_request_sli_duration_seconds_count"]
    assert (labels["verb"], count) == ("POST", 2)
    buckets = {
        one["le"]: value for one, value in found["apiserver_request_sli_duration_seconds_bucket"]
    }
    assert (buckets["0.05"], buckets["0.1"]) == (1, 2)


def test_no_series_is_there_twice() -> None:
    """Prometheus takes nothing of such an answer."""
    metrics = RequestMetrics(by_resource)
    with contextlib.ExitStack() as stack:
        for query in ({}, {"dryRun": "All"}):
            for verb in ("list", "get", "create", "watch"):
                one = asked(verb, query=query)
                metrics.observe(one, "", 200, 0.1, 100)
                stack.enter_context(metrics.lasting(one))
        for name, found in samples(metrics).items():
            series = [tuple(labels.items()) for labels, _ in found]
            assert len(series) == len(set(series)), name
