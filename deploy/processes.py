"""Start, find and end the cluster's processes on this machine.

A process is known by its pid and its start time (so a reused pid is never mistaken for it), kept in
``<data_dir>/run/<name>.json``. A process tells that it is ready with sd_notify(3)'s protocol, so
nothing polls. A launcher that was killed may have left processes without a record: they are known
by their command lines. Must not know: what the processes do.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable

import msgspec

from cluster.settings import ClusterSettings

MODULE = b"actors.process"
# The longest path a unix socket can have (sun_path of unix(7), less its end).
SOCKET_PATH_MAX = 107


class Running(msgspec.Struct, frozen=True):
    """A process that was started. ``started``: clock ticks since boot, from /proc. ``ready``: it
    told the launcher that started it so."""

    name: str
    pid: int
    started: int
    ready: bool = False


def run_dir(settings: ClusterSettings) -> str:
    """Folder of process records and sockets."""
    return os.path.join(settings.data_dir, "run")


def log_path(settings: ClusterSettings, name: str) -> str:
    """Where a process's own output goes."""
    return os.path.join(settings.data_dir, "logs", f"{name}.log")


def state(pid: int) -> str:
    """The letter of a process's state, '' if it is gone. Source: proc_pid_stat(5): T is stopped."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def started_at(pid: int) -> int | None:
    """Start time of a live process in clock ticks, None if it has ended (or is a zombie)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def find(settings: ClusterSettings, name: str) -> Running | None:
    """The live process of that name, if there is one with a record."""
    try:
        with open(_record_path(settings, name), "rb") as file:
            record = msgspec.json.decode(file.read(), type=Running)
    except (OSError, msgspec.DecodeError):
        return None
    return record if started_at(record.pid) == record.started else None


def find_all(settings: ClusterSettings) -> dict[str, list[Running]]:
    """All live processes of the cluster by name: those of a record, and those of none."""
    found: dict[str, list[Running]] = {}
    for item in settings.processes():
        record = find(settings, item.name)
        if record is not None:
            found[item.name] = [record]
    for process in unrecorded(settings, {one.pid for many in found.values() for one in many}):
        found.setdefault(process.name, []).append(process)
    return found


def unrecorded(settings: ClusterSettings, known: set[int]) -> list[Running]:
    """Live processes that run on this cluster's settings, by their command lines."""
    file = os.path.join(settings.data_dir, "cluster.json").encode()
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdecimal() or int(entry) in known:
            continue
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as line:
                words = line.read().split(b"\0")[:-1]
        except OSError:
            continue
        started = started_at(int(entry))
        if words[-3:-1] == [MODULE, file] and started is not None:
            found.append(Running(words[-1].decode(errors="replace"), int(entry), started))
    return found


def _record_path(settings: ClusterSettings, name: str) -> str:
    return os.path.join(run_dir(settings), f"{name}.json")


def _record(settings: ClusterSettings, process: Running) -> None:
    path = _record_path(settings, process.name)
    with open(path + ".tmp", "wb") as file:
        file.write(msgspec.json.encode(process))
    os.replace(path + ".tmp", path)


def start(settings: ClusterSettings, settings_path: str, name: str, notify: str = "") -> Running:
    """Start one replica or node process, in its network namespace if it has one."""
    netns = next((n.netns for n in settings.nodes if n.name == name), "")
    prefix = ["nsenter", f"--net=/run/netns/{netns}"] if netns else []
    command = [*prefix, sys.executable, "-m", "actors.process", settings_path, name]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    environment.pop("NOTIFY_SOCKET", None)
    # Compiling everything anew would triple the start.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # The cluster's authority is the only one its processes trust. (Reading the machine's hundred
    # and more authorities, as libraries do when imported, would also cost a tenth of a second.)
    authority = os.path.join(settings.data_dir, "pki", "ca.crt")
    environment.update(SSL_CERT_FILE=authority, SSL_CERT_DIR=os.path.dirname(authority))
    if notify:
        environment["NOTIFY_SOCKET"] = notify
    return _spawn(settings, name, command, environment)


def spawn(
    settings: ClusterSettings, name: str, command: list[str], more: dict[str, str]
) -> Running:
    """Start a process that serves the cluster and is no part of it. ``more``: environment."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **more}
    environment.pop("NOTIFY_SOCKET", None)
    return _spawn(settings, name, command, environment)


def _spawn(
    settings: ClusterSettings, name: str, command: list[str], environment: dict[str, str]
) -> Running:
    os.makedirs(run_dir(settings), exist_ok=True)
    os.makedirs(os.path.dirname(log_path(settings, name)), exist_ok=True)
    with open(log_path(settings, name), "ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, env=environment, cwd="/",
        )  # fmt: skip
    # It outlives this process, which will not wait for it (and is not to be warned of that).
    process.returncode = 0
    record = Running(name=name, pid=process.pid, started=started_at(process.pid) or 0)
    _record(settings, record)
    return record


def end(settings: ClusterSettings, names: Iterable[str], seconds: float = 10.0) -> list[str]:
    """SIGTERM all, wait, SIGKILL what is left. Returns the names that were running."""
    running = find_all(settings)
    found = [process for name in names for process in running.get(name, [])]
    end_these(settings, found, seconds)
    return sorted({process.name for process in found})


def end_these(settings: ClusterSettings, found: list[Running], seconds: float = 10.0) -> None:
    """SIGTERM all, wait, SIGKILL what is left; they are forgotten."""
    for process in found:
        _signal(process, signal.SIGTERM)
    for process in await_end(found, seconds):
        _signal(process, signal.SIGKILL)
    await_end(found, seconds)
    for process in found:
        if os.path.exists(_record_path(settings, process.name)):
            os.unlink(_record_path(settings, process.name))


def reload(settings: ClusterSettings, seconds: float = 5.0) -> None:
    """Tell all processes to read the settings again. One that has only just been started is given
    the time to be ready for that: before, the signal would end it."""
    left = [process for many in find_all(settings).values() for process in many]
    deadline = time.monotonic() + seconds
    while left:
        for process in [one for one in left if minds(one.pid, signal.SIGHUP)]:
            _signal(process, signal.SIGHUP)
            left.remove(process)
        left = [process for process in left if started_at(process.pid) == process.started]
        if time.monotonic() > deadline:
            break
        time.sleep(0.01)


def minds(pid: int, number: signal.Signals) -> bool:
    """Whether a process catches, blocks or ignores a signal. Source: proc(5), /proc/pid/status."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            lines = dict(line.split(":", 1) for line in file if line.startswith("Sig"))
    except OSError:
        return False
    masks = (int(lines[name], 16) for name in ("SigBlk", "SigCgt", "SigIgn") if name in lines)
    return any(mask >> (number - 1) & 1 for mask in masks)


def await_end(processes: Iterable[Running], seconds: float) -> list[Running]:
    """Wait until they have ended; return those that have not in time."""
    deadline = time.monotonic() + seconds
    left = list(processes)
    while left := [p for p in left if started_at(p.pid) == p.started]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    return left


def kill(settings: ClusterSettings, name: str) -> Running | None:
    """SIGKILL at once, as a power cut would; None if it does not run."""
    process = find(settings, name)
    if process is not None:
        _signal(process, signal.SIGKILL)
        while started_at(process.pid) == process.started:
            time.sleep(0.005)
    return process


def _signal(process: Running, number: signal.Signals) -> None:
    if started_at(process.pid) == process.started:
        try:
            os.kill(process.pid, number)
        except ProcessLookupError:
            return


class ReadySocket:
    """Receives the processes' READY=1 messages, with the name that each sends as its STATUS."""

    def __init__(self, settings: ClusterSettings) -> None:
        self.settings = settings
        os.makedirs(run_dir(settings), exist_ok=True)
        self.path = os.path.join(run_dir(settings), "notify.sock")
        self.folder = ""
        if len(os.fsencode(self.path)) > SOCKET_PATH_MAX:
            self.folder = tempfile.mkdtemp(prefix="steersman-")
            self.path = os.path.join(self.folder, "notify.sock")
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.ready: set[str] = set()

    def wait(self, processes: Iterable[Running], seconds: float) -> list[Running]:
        """Until all that live are ready. Returns those that are not: first what died, then what
        is late."""
        waiting = list(processes)
        deadline = time.monotonic() + seconds
        while left := [process for process in waiting if process.name not in self.ready]:
            seconds = deadline - time.monotonic()
            if seconds <= 0 or all(started_at(p.pid) != p.started for p in left):
                break
            self.socket.settimeout(min(seconds, 0.5))
            try:
                self._take(self.socket.recv(4096))
            except TimeoutError:
                continue
        for process in waiting:
            if process not in left:
                _record(self.settings, msgspec.structs.replace(process, ready=True))
        return sorted(left, key=lambda process: started_at(process.pid) == process.started)

    def _take(self, message: bytes) -> None:
        fields = dict(part.split(b"=", 1) for part in message.splitlines() if b"=" in part)
        if fields.get(b"READY") == b"1":
            self.ready.add(fields.get(b"STATUS", b"").decode())

    def close(self) -> None:
        """Remove the socket."""
        self.socket.close()
        os.unlink(self.path)
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def describe(settings: ClusterSettings, name: str) -> dict[str, str]:
    """State, pid, memory and processor time of a process, for tables."""
    process = find(settings, name)
    if process is None:
        return {"state": "down", "pid": "-", "memory": "-"}
    try:
        with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
    except OSError:
        return {"state": "down", "pid": "-", "memory": "-"}
    memory = f"{pages * os.sysconf('SC_PAGE_SIZE') >> 20} MiB"
    running = "stopped" if state(process.pid) == "T" else "up"
    return {"state": running, "pid": str(process.pid), "memory": memory}


def last_lines(settings: ClusterSettings, name: str, count: int = 15) -> str:
    """The end of a process's own output."""
    try:
        with open(log_path(settings, name), encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-count:])
    except OSError:
        return ""
