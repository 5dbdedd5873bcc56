"""What the audit log counts."""

from pathlib import Path

import pytest

from actors.apiserver import audit_file
from actors.apiserver.audit_file import AuditFile
from actors.apiserver.audit_metrics import AuditCounts
from cluster.api.audit_policy import parse
from tests.support.control_plane import control_plane
from tests.unit.actors.apiserver.test_http_server import session, url
from tests.unit.actors.apiserver.test_server_metrics import parsed

POLICY = parse(b"""
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, resources: [{group: "", resources: [configmaps]}]}
- {level: None}
""")


async def test_events_and_levels(tmp_path: Path) -> None:
    plane_of = control_plane(tmp_path, http=True, audit=POLICY)
    async with plane_of as plane, session(plane) as http:
        for number in range(3):
            await plane.create("configmaps", {"metadata": {"name": f"c{number}"}}, "default")
        async with http.get(url(plane, "/metrics")) as answer:
            text = await answer.text()
    [events] = parsed(text, "apiserver_audit_event_total").values()
    levels = parsed(text, "apiserver_audit_level_total", "level")
    assert events == levels["Metadata",] >= 3 and levels["None",] >= 1
    assert parsed(text, "apiserver_audit_error_total", "plugin") == {("log",): 0}


async def test_what_the_disk_cannot_take_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_file, "WAITING_LINES_MAX", 2)
    counts = AuditCounts()
    log = AuditFile(tmp_path, counts)
    log._writing = True  # nothing leaves
    for _ in range(5):
        log.put(b"{}\n")
    log._writing = False
    await log.close()
    assert counts.lost == 3
