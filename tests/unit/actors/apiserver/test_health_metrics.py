"""/metrics/slis."""

from pathlib import Path

from actors.apiserver.health_metrics import HealthMetrics
from tests.support.control_plane import control_plane
from tests.unit.actors.apiserver.test_http_server import session, url
from tests.unit.actors.apiserver.test_server_metrics import parsed


async def test_checks_are_told_of(tmp_path: Path) -> None:
    async with control_plane(tmp_path, http=True) as plane, session(plane) as http:

        async def get(path: str) -> str:
            async with http.get(url(plane, path)) as answer:
                return await answer.text()

        await plane.create("configmaps", {"metadata": {"name": "a"}}, "default")
        assert parsed(await get("/metrics/slis"), "kubernetes_healthcheck", "name", "type") == {}
        for path in ("/livez", "/readyz", "/readyz", "/livez/ping"):
            assert await get(path) == "ok"
        text = await get("/metrics/slis")
        last = parsed(text, "kubernetes_healthcheck", "name", "type")
        assert last["ping", "livez"] == last["ping", "readyz"] == 1
        counts = parsed(text, "kubernetes_healthchecks_total", "name", "status", "type")
        assert counts["ping", "success", "livez"] == counts["ping", "success", "readyz"] == 2


def test_what_is_not_well() -> None:
    metrics = HealthMetrics()
    metrics.checked("readyz", {"ping": "", "store": "failed: gone"})
    metrics.checked("readyz", {"ping": "", "store": ""})
    metrics.checked("readyz", {"ping": "", "store": "failed: gone"})
    text = metrics.render().decode()
    assert parsed(text, "kubernetes_healthcheck", "name")["store",] == 0
    counts = parsed(text, "kubernetes_healthchecks_total", "name", "status")
    assert (counts["store", "error"], counts["store", "success"]) == (2, 1)
