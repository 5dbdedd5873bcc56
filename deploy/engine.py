"""Find the machine's Docker Engine, or start one of our own; load images into it.

An engine we start serves the usual socket, makes no bridge and no iptables rules (pods bring their
own network), lets containers survive its own restarts (--live-restore), serves all clusters of the
machine and is ended by ``stop`` after the last. An engine we find is left as it is.
Must not know: the cluster.
"""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
from contextlib import suppress
from typing import Any, cast

from deploy import tools

PACKAGES = "docker.io iptables nftables iproute2 conntrack"
# What an engine of ours keeps while it runs. It belongs to no cluster: several may use it.
ENGINE_DIR = "/run/steersman"
MOUNTED = "mounted-cgroups"
EXEC = "docker-exec"
SHIM = "containerd-shim"
START_SECONDS = 30.0
STOP_SECONDS = 15.0


class EngineError(Exception):
    """There is no usable engine; the text says what to do."""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the engine's unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def call(
    path: str,
    method: str,
    url: str,
    body: Any = None,
    timeout: float = 60.0,
    content: str = "application/x-tar",
) -> tuple[int, bytes]:
    """One request to the engine: (status, body). ``content``: the body's media type.

    Raises OSError if it does not answer.
    """
    connection = UnixConnection(path, timeout)
    try:
        headers = {"Content-Type": content} if body is not None else {}
        connection.request(method, url, body=body, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def answers(path: str) -> bool:
    """Whether an engine listens on the socket."""
    try:
        return call(path, "GET", "/_ping", timeout=5)[0] == 200
    except OSError:
        return False


def ensure(path: str, run_dir: str = ENGINE_DIR) -> str:
    """Make sure an engine answers; return how: found, started. Raises EngineError."""
    if answers(path):
        return "found"
    if tools.which("dockerd") is None:
        raise EngineError(
            "Docker Engine is not installed. As root: apt-get install -y --no-install-recommends "
            f"{PACKAGES}\nor run without containers: steersman up --runtime memory"
        )
    if os.geteuid() != 0:
        raise EngineError(
            f"No Docker Engine answers at {path}. Start it (sudo systemctl start docker), or run "
            "as root, or run without containers: steersman up --runtime memory"
        )
    mount_cgroups(run_dir)
    start(path, run_dir)
    return "started"


def mount_cgroups(run_dir: str) -> None:
    """Without a cgroup mount dockerd refuses to start."""
    if os.path.ismount("/sys/fs/cgroup"):
        return
    if tools.which("cgroupfs-mount") is None:
        raise EngineError("/sys/fs/cgroup is not mounted: apt-get install cgroupfs-mount")
    os.makedirs(run_dir, exist_ok=True)
    with open(os.path.join(run_dir, MOUNTED), "wb"):
        subprocess.run(["cgroupfs-mount"], check=True, env=tools.environment())


def start(path: str, run_dir: str) -> None:
    """Start our own dockerd and wait until it answers. Raises EngineError with its last lines."""
    os.makedirs(run_dir, exist_ok=True)
    log = os.path.join(run_dir, "dockerd.log")
    pidfile = os.path.join(run_dir, "dockerd.pid")
    if os.path.exists(pidfile):
        os.unlink(pidfile)
    command = [
        "dockerd", "--host", f"unix://{path}", "--pidfile", pidfile,
        "--exec-root", os.path.join(run_dir, EXEC), "--group", "root",
        "--live-restore", "--bridge=none", "--iptables=false", "--ip-forward=false",
    ]  # fmt: skip
    with open(log, "ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, env=tools.environment(),
        )  # fmt: skip
    deadline = time.monotonic() + START_SECONDS
    while not answers(path):
        if process.poll() is not None or time.monotonic() > deadline:
            with open(log, encoding="utf-8", errors="replace") as file:
                tail = "".join(file.readlines()[-5:])
            raise EngineError(f"dockerd did not start; its log {log} ends:\n{tail}")
        time.sleep(0.05)
    # It outlives this process, which will not wait for it (and is not to be warned of that).
    process.returncode = 0


def stop(path: str, run_dir: str = ENGINE_DIR) -> str:
    """End the engine that ``start`` started, unless others have containers in it; return what
    was done, as a note."""
    pid = own(run_dir)
    if pid is None:
        return "not ours: left as it is" if answers(path) else "none runs"
    answered = answers(path)
    if answered and (left := len(containers(path, []))):
        return f"goes on: {left} other containers are in it"
    end(pid)
    # Of one that did not answer others may have containers.
    for shim in shims(run_dir) if answered else []:
        with suppress(ProcessLookupError):
            os.kill(shim, signal.SIGKILL)
    if os.path.exists(os.path.join(run_dir, MOUNTED)) and tools.which("cgroupfs-umount"):
        subprocess.run(
            ["cgroupfs-umount"], check=False, capture_output=True, env=tools.environment()
        )
    shutil.rmtree(run_dir, ignore_errors=True)
    return "ended"


def end(pid: int) -> bool:
    """SIGTERM the engine with this pid and wait; whether it has ended. Its containers go on."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and _alive(pid):
        time.sleep(0.05)
    return not _alive(pid)


def shims(run_dir: str) -> list[int]:
    """Pids of containerd's helpers of our engine, one for each container. An engine that is ended
    while it starts one may forget it: nobody would end that one."""
    address = os.path.join(run_dir, EXEC, "containerd", "containerd.sock")
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/cmdline", encoding="utf-8", errors="replace") as file:
                words = file.read().split("\0")
        except OSError:
            continue
        if os.path.basename(words[0]).startswith(SHIM) and address in words:
            found.append(int(entry))
    return found


def own(run_dir: str = ENGINE_DIR) -> int | None:
    """Pid of the engine of ours that runs."""
    try:
        with open(os.path.join(run_dir, "dockerd.pid"), encoding="ascii") as file:
            pid = int(file.read())
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            return pid if file.read().strip() == "dockerd" else None
    except (OSError, ValueError):
        return None


def _alive(pid: int) -> bool:
    """A zombie waiting for its parent to reap it has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def image_labels(path: str, tag: str) -> dict[str, str]:
    """The labels of an image, {} if the engine does not hold it."""
    status, body = call(path, "GET", f"/images/{tag}/json")
    if status != 200:
        return {}
    return cast(dict[str, str], json.loads(body)["Config"].get("Labels") or {})


def untag(path: str, tag: str) -> None:
    """Take an image's name away, and the image if it has no other and nothing runs from it.

    Raises EngineError.
    """
    status, body = call(path, "DELETE", f"/images/{tag}?force=1")
    if status not in (200, 404):
        raise EngineError(f"{tag}: not removed: {body.decode(errors='replace').strip()}")


def load(path: str, archive: str) -> list[str]:
    """``docker load``: the names loaded. Raises EngineError if it is no image archive."""
    try:
        with open(archive, "rb") as file:
            status, body = call(path, "POST", "/images/load?quiet=1", file, timeout=300)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise EngineError(f"{archive}: {error.strerror}") from error
    lines = [json.loads(line) for line in body.splitlines() if line.strip()]
    problem = next((line["error"] for line in lines if "error" in line), "")
    if status != 200 or problem:
        text = problem or body.decode(errors="replace")
        raise EngineError(f"{archive}: not loaded: {text.strip()}")
    said = "".join(line.get("stream", "") for line in lines)
    return [line.partition(": ")[2] for line in said.splitlines() if line.startswith("Loaded")]


def containers(path: str, labels: list[str]) -> list[str]:
    """Ids of all containers, running or not, with all the labels ``key=value``."""
    return [cast(str, item["Id"]) for item in listed(path, labels, ended=True)]


def running(path: str, labels: list[str]) -> list[str]:
    """Ids of the running containers with all the labels ``key=value``."""
    return [cast(str, item["Id"]) for item in listed(path, labels)]


def listed(path: str, labels: list[str], ended: bool = False) -> list[dict[str, Any]]:
    """The running containers (with ``ended``: all) with these labels, as the engine lists them.

    Raises EngineError, OSError.
    """
    filters = urllib.parse.quote(json.dumps({"label": labels}))
    status, body = call(path, "GET", f"/containers/json?all={int(ended)}&filters={filters}")
    if status != 200:
        raise EngineError(body.decode(errors="replace"))
    return cast(list[dict[str, Any]], json.loads(body))


def kill(path: str, container: str) -> None:
    """SIGKILL, behind everybody's back; one that has ended is fine."""
    call(path, "POST", f"/containers/{container}/kill")


def remove(path: str, container: str) -> None:
    """Kill and remove a container; none of that name is fine."""
    call(path, "DELETE", f"/containers/{container}?force=1&v=1")
