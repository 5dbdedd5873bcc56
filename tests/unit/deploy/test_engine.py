"""The engine of ours: what is left of it when it ends."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import engine


@pytest.fixture
def shim(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """One that its engine has forgotten, as far as anybody can tell."""
    address = os.path.join(tmp_path, "docker-exec", "containerd", "containerd.sock")
    code = "import time; print('runs', flush=True); time.sleep(60)"
    process = subprocess.Popen(
        ["containerd-shim-runc-v2", "-c", code, "-address", address],
        executable=sys.executable, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    # Its words are to be seen a moment after it was started.
    assert process.stdout.readline() == b"runs\n"
    yield process
    process.stdout.close()
    process.kill()
    process.wait()


def test_helpers_that_the_engine_forgot_end_with_it(
    tmp_path: Path, shim: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(engine, "own", lambda _: 77)
    monkeypatch.setattr(engine, "end", ended.append)
    monkeypatch.setattr(engine, "containers", lambda *_: ["theirs"])
    monkeypatch.setattr(engine, "answers", lambda _: True)
    assert engine.shims(str(tmp_path / "another")) == []
    assert engine.shims(str(tmp_path)) == [shim.pid]
    assert engine.stop("socket", str(tmp_path)) == "goes on: 1 other containers are in it"
    # Who does not answer may hold containers of others.
    monkeypatch.setattr(engine, "answers", lambda _: False)
    engine.stop("socket", str(tmp_path))
    assert shim.poll() is None
    monkeypatch.setattr(engine, "answers", lambda _: True)
    monkeypatch.setattr(engine, "containers", lambda *_: [])
    assert engine.stop("socket", str(tmp_path)) == "ended"
    assert shim.wait(10) == -9
    assert ended == [77, 77]
