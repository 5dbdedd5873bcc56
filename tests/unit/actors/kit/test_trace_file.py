"""The thread that writes trace files."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from actors.kit.testing import actor_system
from actors.kit.trace_file import FileTracer, RotatingFile
from tests.unit.actors.kit.messages import REGISTRY, Add, Counter


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_clean_close_writes_everything(tmp_path: Path) -> None:
    tracer = FileTracer(tmp_path / "trace")
    for number in range(1000):
        tracer.record({"ts": 1.0, "id": number}, routine=number % 2 == 1)
    tracer.close()
    work, routine = _lines(tmp_path / "trace/trace.jsonl"), _lines(tmp_path / "trace/routine.jsonl")
    assert [record["id"] for record in work] == list(range(0, 1000, 2))
    assert [record["id"] for record in routine] == list(range(1, 1000, 2))
    assert tracer.dropped == 0


def test_files_rotate_by_size_and_the_oldest_go(tmp_path: Path) -> None:
    for number in range(10):
        tracer = FileTracer(tmp_path, bytes_max=100, files_max=3)
        tracer.record({"id": number, "text": "x" * 80})
        tracer.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["routine.jsonl", "trace.1.jsonl", "trace.2.jsonl", "trace.jsonl"]
    assert _lines(tmp_path / "trace.jsonl")[0]["id"] == 9
    assert _lines(tmp_path / "trace.2.jsonl")[0]["id"] == 7


def test_a_full_buffer_drops_and_reports(tmp_path: Path) -> None:
    tracer = FileTracer(tmp_path, buffered_max=5)
    for number in range(8):
        tracer.record({"ts": 3.0, "id": number})
    tracer.close()
    lines = _lines(tmp_path / "trace.jsonl")
    assert [line.get("id") for line in lines[:5]] == [0, 1, 2, 3, 4]
    assert lines[5] == {"ts": 3.0, "event": "missed", "count": 3}


def test_what_json_cannot_hold_does_not_stop_the_thread(tmp_path: Path) -> None:
    tracer = FileTracer(tmp_path)
    tracer.record({"text": "\ud800"})
    tracer.record({"object": object, 1: 2})
    tracer.close()
    lines = _lines(tmp_path / "trace.jsonl")
    assert lines[0]["event"] == "unwritable"
    assert lines[1]["1"] == 2


async def test_a_sink_that_blocks_delays_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, go_on = threading.Event(), threading.Event()

    def block(self: RotatingFile, data: bytes) -> None:
        writing.set()
        go_on.wait()

    monkeypatch.setattr(RotatingFile, "write", block)
    monkeypatch.setattr("actors.kit.trace_file.GATHER_SECONDS", 0.0)
    monkeypatch.setattr("actors.kit.trace_file.CLOSE_SECONDS_MAX", 0.05)
    tracer = FileTracer(tmp_path, buffered_max=1000)
    try:
        async with actor_system(tracer=tracer, registry=REGISTRY) as system:
            ref = await system.spawn("counter", Counter)
            await ref.ask(Add(1), 5.0)
            assert await asyncio.to_thread(writing.wait, 10.0)
            # From here on the sink stands still, and the actors go on.
            for _ in range(1000):
                await ref.ask(Add(1), 5.0)
            assert tracer.dropped > 3000, "what finds no room is counted"
        tracer.close()
        assert not go_on.is_set()
    finally:
        go_on.set()
        tracer._thread.join()
        tracer.close()
