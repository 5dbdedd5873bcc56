"""What admission takes, told at /metrics."""

from pathlib import Path

import pytest

from actors.apiserver.admission import chain
from actors.apiserver.admission.plugin import Plugin
from actors.apiserver.admission_metrics import AdmissionMetrics
from cluster.errors import StatusError
from tests.support.control_plane import control_plane
from tests.unit.actors.apiserver.test_http_server import session, url
from tests.unit.actors.apiserver.test_server_metrics import parsed

STEP = "apiserver_admission_step_admission_duration_seconds_count"
PLUGIN = "apiserver_admission_controller_admission_duration_seconds_count"


async def test_steps_and_plugins(tmp_path: Path) -> None:
    async with control_plane(tmp_path, http=True) as plane, session(plane) as http:

        async def told(name: str, *labels: str) -> dict[tuple[str, ...], float]:
            async with http.get(url(plane, "/metrics")) as answer:
                return parsed(await answer.text(), name, *labels)

        labels = {"pod-security.kubernetes.io/enforce": "baseline"}
        await plane.create("namespaces", {"metadata": {"name": "strict", "labels": labels}})
        before = await told(STEP, "operation", "rejected", "type")
        spec = {"hostPID": True, "containers": [{"name": "c", "image": "i"}]}
        with pytest.raises(StatusError):
            await plane.create("pods", {"metadata": {"name": "p"}, "spec": spec}, "strict")
        await plane.create("configmaps", {"metadata": {"name": "c"}}, "strict")
        await plane.delete("configmaps", "c", "strict")
        after = await told(STEP, "operation", "rejected", "type")
        grown = {key: after[key] - before.get(key, 0) for key in after}
        assert grown["CREATE", "true", "validate"] == 1
        assert grown["CREATE", "false", "admit"] >= 2
        assert grown["DELETE", "false", "validate"] >= 1
        plugins = await told(PLUGIN, "name", "operation", "rejected", "type")
        assert plugins["PodSecurity", "CREATE", "true", "validate"] == 1
        assert plugins["NamespaceLifecycle", "CREATE", "false", "admit"] > 1
        assert plugins["LimitRanger", "CREATE", "false", "validate"] > 1
        assert plugins["ResourceQuota", "CREATE", "false", "validate"] > 1


def test_webhooks() -> None:
    metrics = AdmissionMetrics()
    place = ("hook.example.com", "CREATE", "validating")
    metrics.webhook(place, 200, 0.01)
    metrics.webhook(place, 422, 0.02)
    metrics.webhook(place, 0, 9.0)
    found = {
        (sample.name.removeprefix("apiserver_admission_webhook_"), *sample.labels.values()):
            sample.value
        for family in metrics.families()
        for sample in family.samples
        if not sample.name.endswith(("_bucket", "_sum"))
    }  # fmt: skip
    name = "hook.example.com"
    assert found == {
        ("admission_duration_seconds_count", name, "CREATE", "false", "validating"): 1,
        ("admission_duration_seconds_count", name, "CREATE", "true", "validating"): 2,
        ("request_total", "200", name, "CREATE", "false", "validating"): 1,
        ("request_total", "422", name, "CREATE", "true", "validating"): 1,
        ("request_total", "0", name, "CREATE", "true", "validating"): 1,
        ("rejection_count", "no_error", name, "CREATE", "422", "validating"): 1,
        ("rejection_count", "calling_webhook_error", name, "CREATE", "0", "validating"): 1,
    }


def test_names_are_of_what_is_asked() -> None:
    ours: set[Plugin] = {*chain.PLUGINS, *chain.JUDGES}
    last = {"ResourceQuota", "ValidatingAdmissionPolicy", "ValidatingAdmissionWebhook"}
    assert {name for plugin, name in chain.NAMES.items() if plugin not in ours} == last
