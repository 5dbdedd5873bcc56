"""The two that are measured, behind one face: our store and etcd, each as three real processes.

Must not know: what is measured. Data lies below a folder that must be on a real disk.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from actors.kit.system import ActorSystem
from cluster import names
from cluster.errors import SteersmanError
from cluster.messages.store import HandOver, Range, RangeResult
from tests.bench.store_load import Figures
from tests.support import children, store_cluster

T = TypeVar("T")
READY_SECONDS = 30.0
LOAD_SECONDS = 120.0
GO_MODULE = Path(__file__).parent / "etcd_load"


class Failed(Exception):
    """A measurement could not be made."""


def check_disk(folder: Path) -> str:
    """The file system's type. Raises Failed if it is memory: a sync would cost nothing there."""
    words = ["stat", "--file-system", "--format=%T", str(folder)]
    kind = subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    if kind in ("tmpfs", "ramfs", "overlayfs"):
        raise Failed(f"{folder} is on {kind}: give --folder on a real disk")
    return kind


def until(seconds: float, check: Callable[[], T | None], what: str) -> T:
    """The first result that is not None. Raises Failed."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        found = check()
        if found is not None:
            return found
        time.sleep(0.005)
    raise Failed(f"not within {seconds} s: {what}")


class Load:
    """A load process under way. What it says of errors goes to ``log``."""

    def __init__(self, words: list[str], log: Path) -> None:
        self._log = log
        with log.open("ab") as file:
            self._process = children.spawn(words, file, pipe=True)

    def result(self) -> Figures:
        """Wait for it. Raises Failed."""
        try:
            out, _ = self._process.communicate(timeout=LOAD_SECONDS + 1200)
        except BaseException:
            children.end([self._process], 0.5)
            raise
        if self._process.returncode:
            said = self._log.read_text(errors="replace")[-2000:]
            raise Failed(f"the load ended with {self._process.returncode}: {said}")
        return msgspec.json.decode(out, type=Figures)


class Contestant(Protocol):
    """``folder`` is emptied by ``stop``. ``title``: for the tables."""

    title: str

    def start(self) -> None:
        """Three new members, without data; returns once they serve."""

    def stop(self) -> None:
        """End them and remove their data."""

    def members(self) -> list[str]:
        """Their names."""

    def leader(self) -> str:
        """Who leads."""

    def term(self) -> int:
        """The term of who leads."""

    def revision(self, name: str) -> int:
        """What a member has applied; -1 if it does not answer."""

    def load(self, op: str, clients: int, seconds: float, **options: object) -> Load:
        """Begin a load: see ``store_load``."""

    def kill(self, name: str) -> None:
        """SIGKILL."""

    def revive(self, name: str) -> None:
        """Start a killed member; does not wait."""

    def signal(self, name: str, number: signal.Signals) -> None:
        """Any other signal."""

    def transfer(self) -> None:
        """Make another member leader, as planned work would."""

    def resident(self, name: str) -> float:
        """Its memory in MB."""


def words_of(op: str, clients: int, seconds: float, options: dict[str, object]) -> list[str]:
    """A load's command line; both loads take the same."""
    listed = {"op": op, "clients": clients, "seconds": seconds, **options}
    return [f"--{name}={value}" for name, value in listed.items()]


class Ours:
    """Members of the store with mutual TLS and traces, as in production."""

    title = "steersman"

    def __init__(self, folder: Path, sample: bool = False) -> None:
        self._folder = folder / "steersman"
        self._sample = sample
        self._cluster: store_cluster.StoreCluster | None = None

    @property
    def cluster(self) -> store_cluster.StoreCluster:
        """Once started."""
        assert self._cluster is not None, "not started"
        return self._cluster

    def start(self) -> None:
        """See ``Contestant``."""
        settings = store_cluster.make_settings(self._folder)
        words = ["--sample", str(self._folder / "stalls-{name}.json")] if self._sample else []
        self._cluster = store_cluster.StoreCluster(settings, words)
        self._settings = store_cluster.write_settings(settings, self._folder / "cluster.json")
        store_cluster.certify(settings, "driver")
        self._cluster.start_all()
        self.leader()

    def stop(self) -> None:
        """See ``Contestant``."""
        if self._cluster is not None:
            self._cluster.stop()
            self._cluster = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def members(self) -> list[str]:
        """See ``Contestant``."""
        return [replica.name for replica in self.cluster.settings.replicas]

    def _asked(self, work: Callable[[ActorSystem], Coroutine[Any, Any, T]]) -> T:
        async def run() -> T:
            system = store_cluster.client_system(self.cluster.settings, "driver")
            await system.start()
            try:
                return await work(system)
            finally:
                await system.stop()

        return asyncio.run(run())

    def leader(self) -> str:
        """See ``Contestant``."""
        settings = self.cluster.settings
        return self._asked(lambda system: store_cluster.leader(system, settings, READY_SECONDS))

    def term(self) -> int:
        """See ``Contestant``."""
        name = self.leader()
        found = self._asked(lambda system: store_cluster.status(system, name))
        return found.term if found is not None else -1

    def revision(self, name: str) -> int:
        """See ``Contestant``."""

        async def read(system: ActorSystem) -> int:
            ref = system.ref(names.address(names.STORE, name))
            try:
                found = await ref.ask(Range("x", linearizable=False), 1.0)
            except SteersmanError:
                return -1
            assert isinstance(found, RangeResult)
            return found.revision

        return self._asked(read)

    def load(self, op: str, clients: int, seconds: float, **options: object) -> Load:
        """See ``Contestant``."""
        module = "tests.bench.store_load"
        words = words_of(op, clients, seconds, options)
        command = [sys.executable, "-m", module, self._settings, *words]
        return Load(command, self._folder / "load.log")

    def kill(self, name: str) -> None:
        """See ``Contestant``."""
        self.cluster.kill(name)

    def revive(self, name: str) -> None:
        """See ``Contestant``."""
        self.cluster.start(name)

    def signal(self, name: str, number: signal.Signals) -> None:
        """See ``Contestant``."""
        self.cluster.signal(name, number)

    def transfer(self) -> None:
        """See ``Contestant``."""
        name = self.leader()

        async def ask(system: ActorSystem) -> None:
            await system.ref(names.address(names.STORE, name)).ask(HandOver(), 5.0)

        self._asked(ask)

    def resident(self, name: str) -> float:
        """See ``Contestant``."""
        return children.resident(self.cluster.running[name].pid)

    def stalls(self, name: str) -> dict[str, float]:
        """How late the member's loop was since the last look (``sample``)."""
        file = self._folder / f"stalls-{name}.json"
        file.unlink(missing_ok=True)
        self.signal(name, signal.SIGUSR1)
        found: dict[str, float] = until(
            5.0, lambda: json.loads(file.read_bytes()) if file.exists() else None, str(file)
        )
        return found


class Etcd:
    """Debian's etcd-server, its own defaults, without TLS (in its favour)."""

    title = "etcd"

    def __init__(self, folder: Path, load: Path) -> None:
        self._folder = folder / "etcd"
        self._load = load
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._clients: dict[str, int] = {}
        self._peers: dict[str, int] = {}

    def start(self) -> None:
        """See ``Contestant``."""
        self._folder.mkdir(parents=True, exist_ok=True)
        ports = store_cluster.free_ports(6)
        listed = [f"etcd-{number}" for number in (1, 2, 3)]
        self._clients = dict(zip(listed, ports[:3], strict=True))
        self._peers = dict(zip(listed, ports[3:], strict=True))
        self._log = (self._folder / "members.log").open("ab")
        for name in listed:
            self.revive(name)
        self.leader()

    def revive(self, name: str) -> None:
        """See ``Contestant``."""
        client, peer = (f"http://127.0.0.1:{of[name]}" for of in (self._clients, self._peers))
        cluster = ",".join(f"{one}=http://127.0.0.1:{port}" for one, port in self._peers.items())
        words = [
            "etcd", "--name", name, "--data-dir", str(self._folder / name),
            "--listen-client-urls", client, "--advertise-client-urls", client,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", cluster, "--quota-backend-bytes", str(8 << 30),
        ]  # fmt: skip
        environment = {"ETCD_UNSUPPORTED_ARCH": ""}
        self._running[name] = children.spawn(words, self._log, environment)

    def stop(self) -> None:
        """See ``Contestant``."""
        children.end(list(self._running.values()), 2.0)
        self._running.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def members(self) -> list[str]:
        """See ``Contestant``."""
        return list(self._clients)

    def endpoints(self) -> list[str]:
        """The URLs for clients."""
        return [f"http://127.0.0.1:{port}" for port in self._clients.values()]

    def pids(self) -> dict[str, int]:
        """Of the members that run."""
        return {name: process.pid for name, process in self._running.items()}

    def _ask(self, name: str, path: str, body: dict[str, object]) -> dict[str, Any] | None:
        url = f"http://127.0.0.1:{self._clients[name]}/v3/{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=2.0) as response:
                found: dict[str, Any] = json.load(response)
                return found
        except (urllib.error.URLError, OSError):
            return None

    def _leading(self) -> tuple[str, int] | None:
        found: list[tuple[int, str]] = []
        for name in self._running:
            status = self._ask(name, "maintenance/status", {})
            if status and status.get("leader") == status["header"]["member_id"]:
                found.append((int(status["raftTerm"]), name))
        return (max(found)[1], max(found)[0]) if found else None

    def leader(self) -> str:
        """See ``Contestant``."""
        return until(READY_SECONDS, self._leading, "a leader of etcd")[0]

    def term(self) -> int:
        """See ``Contestant``."""
        return until(READY_SECONDS, self._leading, "a leader of etcd")[1]

    def revision(self, name: str) -> int:
        """See ``Contestant``."""
        found = self._ask(name, "kv/range", {"key": "eA==", "serializable": True})
        return int(found["header"]["revision"]) if found else -1

    def load(self, op: str, clients: int, seconds: float, **options: object) -> Load:
        """See ``Contestant``. To the leader, as ours finds it too; to all if that may change
        (``timeout`` given)."""
        to = list(self._clients) if "timeout" in options else [self.leader()]
        endpoints = ",".join(f"127.0.0.1:{self._clients[name]}" for name in to)
        words = words_of(op, clients, seconds, options)
        command = [str(self._load), f"--endpoints={endpoints}", *words]
        return Load(command, self._folder / "load.log")

    def kill(self, name: str) -> None:
        """See ``Contestant``."""
        process = self._running.pop(name)
        process.kill()
        process.wait()

    def signal(self, name: str, number: signal.Signals) -> None:
        """See ``Contestant``."""
        os.kill(self._running[name].pid, number)

    def transfer(self) -> None:
        """See ``Contestant``."""
        name = self.leader()
        other = next(one for one in self._running if one != name)
        status = self._ask(other, "maintenance/status", {})
        if status is None:
            raise Failed(f"{other} does not answer")
        target = status["header"]["member_id"]
        self._ask(name, "maintenance/transfer-leadership", {"targetID": target})

    def resident(self, name: str) -> float:
        """See ``Contestant``."""
        return children.resident(self._running[name].pid)


def build_load(folder: Path) -> Path:
    """The Go client, built below ``folder``. Raises Failed."""
    target = folder / "etcd_load"
    words = ["go", "build", "-o", str(target), "."]
    built = subprocess.run(words, cwd=GO_MODULE, capture_output=True, text=True, check=False)
    if built.returncode:
        raise Failed(f"go build: {built.stderr}")
    return target
