"""The API server under load: HTTPS with a client certificate, three replicas, real fsync.

    python -m tests.bench.api [PART ...] [--seconds S] [--rounds N] [--folder DIR]

Parts: create get get0 list update patch apply delete watch big kill idle (all by default). The
replicas are what `steersman up --runtime memory` starts, each round anew; the client is a process
in Go (built with ``go build``) with a connection per caller, spread over the replicas. Everything
that was started ends with it.

Nothing else can be measured in the same run: a kube-apiserver is not to be had from a package. What
ratios are printed against was measured on a machine of this kind with Debian's
Kubernetes 1.20 and three members of etcd 3.4 (see docs/benchmarks.md).
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from cluster.settings import ClusterSettings
from deploy import pki, processes
from tests.bench.store_contestants import Failed, check_disk
from tests.support import children
from tests.support.real_cluster import RealCluster

GO_MODULE = Path(__file__).parent / "api_load"
# A pod of two kilobytes that no scheduler takes.
POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "%s", "labels": {"app": "load"}, "annotations": {"note": "n" * 900}},
    "spec": {
        "schedulerName": "nobody",
        "containers": [
            {
                "name": f"c{number}",
                "image": "registry.example/load:1",
                "env": [{"name": f"E{each}", "value": "v" * 20} for each in range(6)],
                "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
            }
            for number in (1, 2)
        ],
    },
}


class Figures(msgspec.Struct):
    """As ``api_load`` prints them: times in milliseconds, ``cpu`` of the client in cores."""

    operations: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    gap_ms: float
    deliveries: int
    cpu: float
    bytes: int

    @property
    def rate(self) -> float:
        """Operations per second."""
        return self.operations / self.seconds


@dataclass(frozen=True)
class Part:
    """One line of the table. ``kubernetes``: operations per second there, 0 if not measured."""

    title: str
    op: str
    clients: int
    kubernetes: float = 0.0
    objects: int = 0
    limit: int = 500
    watchers: int = 0


PARTS: dict[str, list[Part]] = {
    "create": [
        Part("create a pod", "create", 1, 260),
        Part("create a pod", "create", 16, 573),
        Part("create a pod", "create", 64, 740),
        Part("create a pod", "create", 256, 956),
    ],
    "get": [
        Part("get a pod, linearizable", "get", 1, 716),
        Part("get a pod, linearizable", "get", 64, 3116),
    ],
    "get0": [
        Part("get a pod, resourceVersion=0", "get0", 1, 4503),
        Part("get a pod, resourceVersion=0", "get0", 64, 6114),
    ],
    "list": [
        Part("list 500 pods", "list", 8, 23, objects=1000),
        Part("list 5,000 pods", "list", 4, objects=5000, limit=5000),
    ],
    "update": [Part("update a pod", "update", 64)],
    "patch": [Part("merge patch of a pod", "patch", 64)],
    "apply": [Part("server-side apply to a pod", "apply", 64)],
    "delete": [Part("delete a pod", "delete", 64, objects=8000)],
    "watch": [
        Part("create, 10 watchers", "watch", 16, watchers=10),
        Part("create, 100 watchers", "watch", 16, 459, watchers=100),
        Part("create, 1,000 watchers", "watch", 16, watchers=1000),
    ],
    "big": [Part("list all of 30,000 pods", "list", 1, 0.4, objects=30_000, limit=0)],
}
OTHERS = ("kill", "idle")


def arguments() -> argparse.Namespace:
    """The command line."""
    names = (*PARTS, *OTHERS)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *names], metavar="PART")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="of one measurement")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where data is written")
    return parser.parse_args()


class Bench:
    """A cluster and loads on it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = folder / "api_load"
        words = ["go", "build", "-o", str(self._program), "."]
        built = subprocess.run(words, cwd=GO_MODULE, capture_output=True, text=True, check=False)
        if built.returncode:
            raise Failed(f"go build: {built.stderr}")
        (folder / "pod.json").write_text(json.dumps(POD))
        self.cluster = RealCluster(str(folder), "apibench", 7, nodes=1, runtime="memory")

    def start(self) -> None:
        """Three replicas without data."""
        self.cluster.up("--no-demo")

    def stop(self) -> None:
        """End them; their data goes too."""
        self.cluster.down()

    def pids(self) -> dict[str, int]:
        """Of the replicas."""
        return pids_of(self.cluster.settings, "replica")

    def load(self, part: Part, seconds: float) -> "subprocess.Popen[bytes]":
        """Begin a load on all replicas."""
        return self.load_on(self.cluster.settings, part, seconds)

    def load_on(
        self, settings: ClusterSettings, part: Part, seconds: float
    ) -> "subprocess.Popen[bytes]":
        """Begin a load on the replicas of ``settings``."""
        servers = [f"https://{replica.api_addresses[0]}" for replica in settings.replicas]
        given = {
            "servers": ",".join(servers),
            "ca": pki.path(settings, "ca.crt"),
            "cert": pki.path(settings, "admin.crt"),
            "key": pki.path(settings, "admin.key"),
            "pod": str(self._folder / "pod.json"),
            "op": part.op,
            "clients": part.clients,
            "seconds": seconds,
            "objects": part.objects,
            "limit": part.limit,
            "watchers": part.watchers,
        }
        words = [str(self._program), *(f"-{name}={value}" for name, value in given.items())]
        return children.spawn(words, pipe=True)


def pids_of(settings: ClusterSettings, kind: str) -> dict[str, int]:
    """Of the processes whose names begin so."""
    running = processes.find_all(settings).items()
    return {name: found[0].pid for name, found in running if name.startswith(kind)}


def result(load: "subprocess.Popen[bytes]") -> Figures:
    """Wait for a load."""
    out, _ = load.communicate(timeout=600)
    if load.returncode:
        raise Failed(f"the load ended with {load.returncode}")
    return msgspec.json.decode(out, type=Figures)


def processor(pids: dict[str, int]) -> float:
    """Seconds of processor time that they have used. Source: proc(5)."""
    ticks = 0
    for pid in pids.values():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(bench: Bench, part: Part, seconds: float, rounds: int) -> None:
    """One line of the table."""
    found: list[Figures] = []
    costs: list[float] = []
    for _ in range(rounds):
        bench.start()
        try:
            pids = bench.pids()
            before = processor(pids) if not part.objects else 0.0
            figures = result(bench.load(part, seconds))
            if not part.objects and figures.operations:
                costs.append((processor(pids) - before) / figures.operations * 1e6)
            found.append(figures)
        finally:
            bench.stop()

    def median(pick: Callable[[Figures], float]) -> float:
        return statistics.median(pick(figures) for figures in found)

    rate = median(lambda figures: figures.rate)
    columns = [
        f"{part.title}, {part.clients} at once",
        f"{rate:,.0f}" if rate >= 10 else f"{rate:.2f}",
        f"{median(lambda f: f.p50_ms):.2f} / {median(lambda f: f.p99_ms):.2f}",
        f"{statistics.median(costs):.0f}" if costs else "",
        f"{rate / part.kubernetes:.1f}" if part.kubernetes else "",
    ]
    if part.watchers:
        columns.append(f"{median(lambda f: f.deliveries / f.seconds):,.0f} deliveries/s")
    if part.op == "list":
        columns.append(f"{median(lambda f: f.bytes / f.seconds) / 1e6:.0f} MB/s")
    if errors := sum(figures.errors for figures in found):
        columns.append(f"{errors} errors")
    print(f"| {' | '.join(columns)} |", flush=True)


def kill(bench: Bench, seconds: float, rounds: int) -> None:
    """The leader killed while 8 callers create at the two others."""
    gaps, errors = [], 0
    for _ in range(rounds):
        bench.start()
        try:
            leader = bench.cluster.leader()
            pid = bench.pids()[leader]
            threading.Timer(seconds / 2, os.kill, (pid, signal.SIGKILL)).start()
            settings = bench.cluster.settings
            others = [one for one in settings.replicas if one.name != leader]
            survivors = msgspec.structs.replace(settings, replicas=tuple(others))
            figures = result(bench.load_on(survivors, Part("", "create", 8), seconds))
            gaps.append(figures.gap_ms)
            errors += figures.errors
        finally:
            bench.stop()
    print(
        f"leader killed, {rounds} times: longest gap in creates at the others median "
        f"{statistics.median(gaps):.0f} ms, most {max(gaps):.0f} ms, {errors} errors"
    )


def idle(bench: Bench, seconds: float) -> None:
    """What three replicas and a node cost when nothing happens."""
    bench.start()
    try:
        time.sleep(8.0)
        pids, nodes = bench.pids(), pids_of(bench.cluster.settings, "node")
        memory = statistics.median(children.resident(pid) for pid in pids.values())
        before, more = processor(pids), processor(nodes)
        time.sleep(max(seconds, 15.0))
        took = max(seconds, 15.0)
        print(
            f"idle: three replicas {(processor(pids) - before) / took:.2%} of a core, a node "
            f"{(processor(nodes) - more) / took:.2%}; {memory:.0f} MB a replica"
        )
    finally:
        bench.stop()


def run(options: argparse.Namespace, folder: Path) -> None:
    """The parts asked for."""
    bench = Bench(folder)
    wanted = options.parts or [*PARTS, *OTHERS]
    print(
        f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {os.cpu_count()} processors, "
        f"{check_disk(folder)}, load average {os.getloadavg()[0]:.1f} at the start\n\n"
        "| operation | /s | p50 / p99 ms | replicas' µs per operation | to Kubernetes 1.20 |\n"
        "|---|---|---|---|---|",
        flush=True,
    )
    for name in [name for name in PARTS if name in wanted]:
        for part in PARTS[name]:
            measure(bench, part, options.seconds, options.rounds)
    print()
    if "kill" in wanted:
        kill(bench, options.seconds, options.rounds)
    if "idle" in wanted:
        idle(bench, options.seconds)


def main() -> None:
    """Entry point."""
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="api-bench-", dir=options.folder) as name:
        run(options, Path(name))


if __name__ == "__main__":
    main()
