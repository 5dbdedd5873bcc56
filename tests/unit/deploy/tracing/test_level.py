"""steersman trace level: what is asked of which process, and how the answers are shown."""

from typing import Any

import pytest

from cluster.settings import ClusterSettings
from deploy import processes
from deploy.chaos import door
from deploy.commands import trace_level

ROW = {"actor": "", "level": "messages", "sample": 1.0}


class Settings:
    """Two processes."""

    def processes(self) -> list[Any]:
        return [type("P", (), {"name": name}) for name in ("replica-1", "node-1")]


@pytest.fixture
def doors(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    told: list[tuple[str, dict[str, Any]]] = []
    looks: list[str] = []

    def ask(
        settings: ClusterSettings, process: str, op: str, fields: dict[str, Any]
    ) -> dict[str, Any]:
        assert op == "trace-level"
        if not fields:
            looks.append(process)
            return {"levels": [ROW], "actors": ["kubelet", "lost", "store"]}
        told.append((process, fields))
        if process == "node-1" and fields.get("actor") == "lost":
            raise door.DoorShut("node-1 does not answer")
        return {"levels": [ROW]}

    monkeypatch.setattr(trace_level, "find", lambda name, data_dir: Settings())
    monkeypatch.setattr(processes, "find_all", lambda settings: {"replica-1": [], "node-1": []})
    monkeypatch.setattr(door, "ask", ask)
    return told


def test_all_processes_are_asked_and_told_as_one(
    doors: list[tuple[str, dict[str, Any]]], capsys: pytest.CaptureFixture[str]
) -> None:
    trace_level.level()
    assert doors == []
    assert capsys.readouterr().out.splitlines() == [
        "ACTOR  LEVEL     SAMPLE  PROCESSES",
        "all    messages  1       replica-1, node-1",
    ]


@pytest.mark.parametrize(
    ("words", "asked", "fields"),
    [
        (("notes", "", None), 2, {"actor": "", "level": "notes"}),
        (("all", "off", None), 2, {"actor": "", "level": "off"}),
        (("store", "routine", 0.5), 2, {"actor": "store", "level": "routine", "sample": 0.5}),
        (("store@node-1", "off", None), 1, {"actor": "store", "level": "off"}),
        (("@node-1", "", 0.1), 1, {"actor": "", "sample": 0.1}),
    ],
)
def test_what_is_set(
    doors: list[tuple[str, dict[str, Any]]],
    words: tuple[str, str, float | None],
    asked: int,
    fields: dict[str, Any],
) -> None:
    trace_level.level(*words)
    assert [told for _, told in doors] == [fields] * asked


def test_what_cannot_be_done_is_said(doors: list[tuple[str, dict[str, Any]]]) -> None:
    with pytest.raises(ValueError, match="no process is called"):
        trace_level.level("store@nowhere", "off")
    with pytest.raises(ValueError, match="say which level"):
        trace_level.level("store")
    for unknown in ("sotre", "sotre/x", "sotre@node-1"):
        with pytest.raises(ValueError, match=r"no actor is called 'sotre.*kubelet, lost, store"):
            trace_level.level(unknown, "off")
    assert doors == []
    with pytest.raises(ValueError, match="does not answer"):
        trace_level.level("lost", "off")
    assert len(doors) == 2
