"""The sandbox image made from nothing."""

import io
import json
import os
import subprocess
import tarfile
import time
from pathlib import Path

from actors.kubelet import pause_image


def test_archive_is_the_same_every_time() -> None:
    archive = pause_image.pause_archive()
    assert archive == pause_image.pause_archive()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        manifest_file = tar.extractfile("manifest.json")
        assert manifest_file is not None
        manifest = json.load(manifest_file)[0]
        names = tar.getnames()
    assert manifest["RepoTags"] == [pause_image.pause_reference()]
    assert set(names) == {"manifest.json", manifest["Config"], *manifest["Layers"]}


def test_program_runs_and_waits(tmp_path: Path) -> None:
    program = tmp_path / "pause"
    program.write_bytes(pause_image.pause_program())
    program.chmod(0o755)
    process = subprocess.Popen([program])
    try:
        until = time.monotonic() + 5
        while state_of(process.pid) != "S" and time.monotonic() < until:
            os.sched_yield()
        assert state_of(process.pid) == "S" and process.poll() is None
        status = Path(f"/proc/{process.pid}/status").read_text()
        ignored = next(line for line in status.splitlines() if line.startswith("SigIgn"))
        assert int(ignored.split()[1], 16) >> 16 & 1, "SIGCHLD is ignored"
    finally:
        process.kill()
        process.wait()


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
