"""What a pod takes on its node."""

from typing import Any

from actors.scheduler.requests import amounts, pod_requests


def container(cpu: str = "", restart: str = "", **more: Any) -> dict[str, Any]:
    requests = {"cpu": cpu} if cpu else {}
    made: dict[str, Any] = {"resources": {"requests": {**requests, **more}}}
    if restart:
        made["restartPolicy"] = restart
    return made


def test_containers_add_up_and_init_containers_peak() -> None:
    spec = {
        "containers": [container("500m"), container("250m", memory="64Mi")],
        "initContainers": [container("2"), container("100m")],
    }
    found = pod_requests(spec).amounts
    assert found == {"cpu": 2000, "memory": 64 << 20}
    spec["initContainers"] = [container("100m")]
    assert pod_requests(spec).amounts["cpu"] == 750


def test_sidecars_run_on_beside_later_init_containers_and_the_rest() -> None:
    spec = {
        "containers": [container("1")],
        "initContainers": [container("500m", "Always"), container("2")],
    }
    assert pod_requests(spec).amounts["cpu"] == 2500
    spec["initContainers"] = [container("2"), container("500m", "Always")]
    assert pod_requests(spec).amounts["cpu"] == 2000
    spec["initContainers"] = [container("500m", "Always")]
    assert pod_requests(spec).amounts["cpu"] == 1500


def test_overhead_and_pod_level_requests() -> None:
    spec: dict[str, Any] = {"containers": [container("1")], "overhead": {"cpu": "100m"}}
    assert pod_requests(spec).amounts["cpu"] == 1100
    spec["resources"] = {"requests": {"cpu": "3"}}
    assert pod_requests(spec).amounts["cpu"] == 3100


def test_who_asks_for_nothing_still_counts_when_scored() -> None:
    found = pod_requests({"containers": [container()]})
    assert not any(found.amounts.values())
    assert (found.scored_cpu, found.scored_memory) == (100, 200 << 20)


def test_malformed_quantities_are_nothing() -> None:
    assert amounts({"cpu": "x", "memory": "1Ki"}) == {"cpu": 0, "memory": 1024}
    assert amounts(None) == {}
