"""deploy.processes: records, strays, readiness (with processes that only sleep)."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cluster.settings import ClusterSettings
from deploy import processes
from deploy.topology import Topology, build_settings

SLEEP = "import time; print(flush=True); time.sleep(60)"


@pytest.fixture
def settings(tmp_path: Path) -> ClusterSettings:
    return build_settings(Topology(runtime="memory", nodes=1, replicas=1), str(tmp_path / "c"))


@pytest.fixture
def sleeper(settings: ClusterSettings) -> Iterator["subprocess.Popen[bytes]"]:
    """A process whose command line ends as a cluster's process does."""
    words = ["actors.process", f"{settings.data_dir}/cluster.json", "node-1"]
    process = subprocess.Popen([sys.executable, "-c", SLEEP, *words], stdout=subprocess.PIPE)
    assert process.stdout is not None
    # Its command line is not there the moment that it has been started.
    process.stdout.readline()
    yield process
    process.kill()
    process.stdout.close()
    process.wait()


def record(settings: ClusterSettings, process: processes.Running) -> None:
    os.makedirs(processes.run_dir(settings), exist_ok=True)
    path = Path(processes.run_dir(settings)) / f"{process.name}.json"
    path.write_bytes(msgspec.json.encode(process))


def test_a_record_counts_only_for_the_very_process(
    settings: ClusterSettings, sleeper: "subprocess.Popen[bytes]"
) -> None:
    started = processes.started_at(sleeper.pid)
    assert started is not None
    record(settings, processes.Running("node-1", sleeper.pid, started - 1))
    assert processes.find(settings, "node-1") is None
    record(settings, processes.Running("node-1", sleeper.pid, started, ready=True))
    found = processes.find(settings, "node-1")
    assert found is not None
    assert found.ready
    assert processes.find_all(settings) == {"node-1": [found]}


def test_a_process_without_a_record_is_found_and_ended(
    settings: ClusterSettings, sleeper: "subprocess.Popen[bytes]"
) -> None:
    [stray] = processes.find_all(settings)["node-1"]
    assert (stray.pid, stray.ready) == (sleeper.pid, False)
    assert processes.end(settings, ["replica-1", "node-1"]) == ["node-1"]
    assert processes.find_all(settings) == {}


def test_a_damaged_record_is_no_record(settings: ClusterSettings) -> None:
    os.makedirs(processes.run_dir(settings))
    (Path(processes.run_dir(settings)) / "node-1.json").write_bytes(b"{")
    assert processes.find(settings, "node-1") is None
    assert processes.describe(settings, "node-1")["state"] == "down"


def test_a_process_that_was_stopped_is_told_from_one_that_runs(
    settings: ClusterSettings, sleeper: "subprocess.Popen[bytes]"
) -> None:
    process = processes.Running("node-1", sleeper.pid, processes.started_at(sleeper.pid) or 0)
    record(settings, process)
    assert processes.describe(settings, "node-1")["state"] == "up"
    sleeper.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, sleeper.pid, os.WSTOPPED | os.WNOWAIT)
    assert processes.describe(settings, "node-1")["state"] == "stopped"
    sleeper.send_signal(signal.SIGCONT)


def test_ready_is_remembered(settings: ClusterSettings, sleeper: "subprocess.Popen[bytes]") -> None:
    process = processes.Running("node-1", sleeper.pid, processes.started_at(sleeper.pid) or 0)
    record(settings, process)
    ready = processes.ReadySocket(settings)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"READY=1\nSTATUS=node-1\n", ready.path)
        assert ready.wait([process], 5) == []
    finally:
        ready.close()
    found = processes.find(settings, "node-1")
    assert found is not None
    assert found.ready


def test_who_died_is_told_first(
    settings: ClusterSettings, sleeper: "subprocess.Popen[bytes]"
) -> None:
    alive = processes.Running("node-1", sleeper.pid, processes.started_at(sleeper.pid) or 0)
    dead = processes.Running("replica-1", 2**22, 1)
    ready = processes.ReadySocket(settings)
    try:
        assert ready.wait([alive, dead], 5) == [dead, alive]
    finally:
        ready.close()


def test_a_deep_folder_has_its_socket_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    ready = processes.ReadySocket(build_settings(Topology(runtime="memory"), str(deep)))
    assert len(ready.path) <= processes.SOCKET_PATH_MAX
    ready.close()
    assert not os.path.exists(ready.path)


HANDLER = """
import signal, sys, time
signal.signal(signal.SIGHUP, lambda *_: open(sys.argv[1], "w").close())
time.sleep(60)
"""


def catches_hangups(pid: int) -> bool:
    """Source: proc_pid_status(5)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) & 1 << (signal.SIGHUP - 1))
    return False


def test_only_who_is_ready_for_it_is_told_to_read_the_settings_again(
    settings: ClusterSettings, sleeper: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    """``sleeper`` does not catch SIGHUP: it would be ended by it."""
    told = tmp_path / "told"
    words = ["actors.process", f"{settings.data_dir}/cluster.json", "replica-1"]
    handler = subprocess.Popen([sys.executable, "-c", HANDLER, str(told), *words])
    try:
        ready = time.monotonic() + 30
        while not catches_hangups(handler.pid):
            assert time.monotonic() < ready
            time.sleep(0.01)
        processes.reload(settings, seconds=1.0)
        deadline = time.monotonic() + 5
        while not told.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert sleeper.poll() is None
        assert handler.poll() is None
    finally:
        handler.kill()
        handler.wait()
