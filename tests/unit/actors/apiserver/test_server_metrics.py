"""/metrics as dashboards read it, through the HTTPS door."""

from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from actors.apiserver.store_client import kind_of_key
from tests.support.control_plane import control_plane
from tests.unit.actors.apiserver.test_http_server import session, url

Samples = dict[tuple[str, ...], float]
PODS = "/api/v1/namespaces/default/pods"


def parsed(text: str, name: str, *labels: str) -> Samples:
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name:
                found[tuple(sample.labels[label] for label in labels)] = sample.value
    return found


async def test_names_and_numbers(tmp_path: Path) -> None:
    async with control_plane(tmp_path, http=True) as plane, session(plane) as http:

        async def get(path: str, code: int = 200) -> Any:
            async with http.get(url(plane, path)) as answer:
                assert answer.status == code
                return await answer.text()

        await plane.create("configmaps", {"metadata": {"name": "a"}}, "default")
        await get(PODS)
        await get(f"{PODS}/none", 404)
        await get("/version")
        text = await get("/metrics")
        requests = parsed(text, "apiserver_request_total", "verb", "resource", "scope", "code")
        assert requests["LIST", "pods", "namespace", "200"] == 1
        assert requests["GET", "pods", "resource", "404"] == 1
        assert requests["POST", "configmaps", "resource", "201"] == 1, "of the message door"
        assert requests["GET", "", "", "200"] == 1
        durations = parsed(text, "apiserver_request_duration_seconds_count", "verb", "resource")
        assert durations["LIST", "pods"] == 1
        assert parsed(text, "apiserver_current_inflight_requests", "request_kind") == {
            ("readOnly",): 0,
            ("mutating",): 0,
        }
        objects = parsed(text, "apiserver_storage_objects", "resource")
        assert objects["configmaps",] >= 1 and objects["pods",] == 0
        assert objects["flowschemas.flowcontrol.apiserver.k8s.io",] > 10
        assert parsed(text, "apiserver_resource_objects", "group", "resource")["", "pods"] == 0
        asks = parsed(text, "etcd_request_duration_seconds_count", "operation", "group", "resource")
        assert asks["list", "", "pods"] >= 1 and asks["update", "", "configmaps"] >= 1
        levels = parsed(text, "apiserver_flowcontrol_nominal_limit_seats", "priority_level")
        assert levels["workload-low",] > 0
        let_in = parsed(text, "apiserver_flowcontrol_dispatched_requests_total", "priority_level")
        assert let_in["exempt",] >= 2
        [build] = parsed(text, "kubernetes_build_info", "major", "minor")
        assert build == ("1", "37")
        assert "steersman_store_term" in text and "process_cpu_seconds_total" in text
        again = await get("/metrics")
        assert parsed(again, "apiserver_request_total", "verb", "code")["GET", "200"] >= 2


def test_kinds_of_keys() -> None:
    assert kind_of_key("/registry/core/pods/default/a") == ("", "pods")
    assert kind_of_key("/registry/apps/deployments/") == ("apps", "deployments")
    assert kind_of_key("/steersman/x") == ("", "")
