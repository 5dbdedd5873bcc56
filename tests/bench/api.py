"""The API server under load: HTTPS with a client certificate, three replicas, real fsync.

    python -m tests.bench.api [PART ...] [--kubernetes PROGRAM] [--ceiling] [--seconds S]
                              [--rounds N] [--folder DIR]

Parts: create get get0 list update patch apply delete watch big kill idle (all by default). The
replicas are what `steersman up --runtime memory` starts, each round anew; the client is a process
in Go (built with ``go build``) with a connection per caller, spread over the API servers.
``--kubernetes``: a kube-apiserver, measured by turns in the same run before three members of etcd
(Debian's etcd-server; docs/benchmarks.md says how one is built). ``--ceiling``: three processes of
aiohttp whose answers are ready, by turns too: no server on it does more. Without a kube-apiserver
what ratios are printed against is what was recorded on a machine of this kind. Everything that was
started ends with it.
"""

import argparse
import json
import os
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
from deploy import pki
from tests.bench.api_ceiling import Ceiling
from tests.bench.api_contestants import ApiContestant, Kubernetes, Steersman
from tests.bench.store_contestants import Failed, check_disk
from tests.support import children

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
    parser.add_argument("--kubernetes", type=Path, help="a kube-apiserver to measure beside")
    parser.add_argument("--ceiling", action="store_true", help="and aiohttp with ready answers")
    parser.add_argument("--folder", type=Path, default=Path.cwd(), help="where data is written")
    return parser.parse_args()


class Loads:
    """The load program, built."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = folder / "api_load"
        words = ["go", "build", "-o", str(self._program), "."]
        built = subprocess.run(words, cwd=GO_MODULE, capture_output=True, text=True, check=False)
        if built.returncode:
            raise Failed(f"go build: {built.stderr}")
        (folder / "pod.json").write_text(json.dumps(POD))

    def begin(
        self, settings: ClusterSettings, servers: list[str], part: Part, seconds: float
    ) -> "subprocess.Popen[bytes]":
        """Begin a load on those servers, as the administrator."""
        given = {
            "servers": ",".join(f"https://{server}" for server in servers),
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


class Sample(msgspec.Struct):
    """One measurement. ``cost``: of all that serves the API, in microseconds of processor time per
    operation, its start not counted; 0 where something was prepared."""

    figures: Figures
    cost: float = 0.0


def sample(one: ApiContestant, loads: Loads, part: Part, seconds: float) -> Sample:
    """On a contestant without data."""
    one.start()
    try:
        pids = one.pids()
        before = processor(pids)
        figures = result(loads.begin(one.settings, one.servers(), part, seconds))
        if part.objects or not figures.operations:
            return Sample(figures)
        return Sample(figures, (processor(pids) - before) / figures.operations * 1e6)
    finally:
        one.stop()


def columns(part: Part, found: list[Sample]) -> list[str]:
    """Medians of one contestant's samples."""

    def median(pick: Callable[[Figures], float]) -> float:
        return statistics.median(pick(each.figures) for each in found)

    rate = median(lambda figures: figures.rate)
    said = f"{rate:,.0f}" if rate >= 10 else f"{rate:.2f}"
    if part.watchers:
        said += f"; {median(lambda f: f.deliveries / f.seconds):,.0f} deliveries/s"
    if part.op == "list":
        said += f"; {median(lambda f: f.bytes / f.seconds) / 1e6:.0f} MB/s"
    if errors := sum(each.figures.errors for each in found):
        said += f"; {errors} errors"
    cost = statistics.median(each.cost for each in found)
    return [
        said,
        f"{median(lambda f: f.p50_ms):.2f} / {median(lambda f: f.p99_ms):.2f}",
        f"{cost:.0f}" if cost else "",
    ]


def ratios(contestants: list[ApiContestant], part: Part, found: list[list[Sample]]) -> list[str]:
    """Of each that is no kube-apiserver to that beside it, or to what was recorded of one."""
    rivals = [at for at, one in enumerate(contestants) if isinstance(one, Kubernetes)]

    def theirs(one_round: list[Sample]) -> float:
        return one_round[rivals[0]].figures.rate if rivals else part.kubernetes

    return [
        f"{statistics.median(each[at].figures.rate / theirs(each) for each in found):.1f}"
        if theirs(found[0])
        else ""
        for at in range(len(contestants))
        if at not in rivals
    ]


def measure(
    contestants: list[ApiContestant], loads: Loads, part: Part, seconds: float, rounds: int
) -> None:
    """One line of the table: each in its turn, round by round."""
    found = [[sample(one, loads, part, seconds) for one in contestants] for _ in range(rounds)]
    cells = [f"{part.title}, {part.clients} at once"]
    for position in range(len(contestants)):
        cells += columns(part, [each[position] for each in found])
    cells += ratios(contestants, part, found)
    print(f"| {' | '.join(cells)} |", flush=True)


def kill(one: ApiContestant, loads: Loads, seconds: float, rounds: int) -> None:
    """The store's leader killed while 8 callers create."""
    gaps, errors = [], 0
    for _ in range(rounds):
        one.start()
        try:
            servers = one.others()
            timer = threading.Timer(seconds / 2, one.kill_leader)
            timer.start()
            figures = result(loads.begin(one.settings, servers, Part("", "create", 8), seconds))
            timer.join()
            gaps.append(figures.gap_ms)
            errors += figures.errors
        finally:
            one.stop()
    print(
        f"{one.title}: the store's leader killed {rounds} times: longest gap in creates at the API "
        f"servers that live, median {statistics.median(gaps):.0f} ms, most {max(gaps):.0f} ms; "
        f"{errors} errors",
        flush=True,
    )


def idle(one: ApiContestant, seconds: float) -> None:
    """What it costs when nothing happens."""
    one.start()
    try:
        time.sleep(8.0)
        pids = one.pids()
        memory = {name: children.resident(pid) for name, pid in pids.items()}
        nodes = one.processes("node") if isinstance(one, Steersman) else {}
        before, more = processor(pids), processor(nodes)
        took = max(seconds, 15.0)
        time.sleep(took)
        used, used_by_nodes = processor(pids) - before, processor(nodes) - more
        listed = ", ".join(f"{name} {size:.0f} MB" for name, size in memory.items())
        node = f"; a node beside them {used_by_nodes / took:.2%}" if nodes else ""
        print(f"{one.title}, idle: {used / took:.2%} of a core in all{node}; {listed}", flush=True)
    finally:
        one.stop()


def run(options: argparse.Namespace, folder: Path) -> None:
    """The parts asked for."""
    loads = Loads(folder)
    contestants: list[ApiContestant] = [Steersman(folder)]
    if options.kubernetes:
        contestants.append(Kubernetes(folder, options.kubernetes))
    if options.ceiling:
        contestants.append(Ceiling(folder, POD))
    wanted = options.parts or [*PARTS, *OTHERS]
    each = [f"{one.title} /s | p50 / p99 ms | CPU per operation, us" for one in contestants]
    ratio = "ratio" if options.kubernetes else "to recorded Kubernetes 1.20"
    measured = [one for one in contestants if not isinstance(one, Kubernetes)]
    heads = [*each, *(f"{one.title}: {ratio}" for one in measured)]
    print(
        f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {os.cpu_count()} processors, "
        f"{check_disk(folder)}, load average {os.getloadavg()[0]:.1f} at the start\n\n"
        f"| operation | {' | '.join(heads)} |\n|{'---|' * (3 * len(each) + len(measured) + 1)}",
        flush=True,
    )
    for name in [name for name in PARTS if name in wanted]:
        for part in PARTS[name]:
            measure(contestants, loads, part, options.seconds, options.rounds)
    print()
    for one in contestants:
        if isinstance(one, Ceiling):
            continue
        if "kill" in wanted:
            kill(one, loads, options.seconds, options.rounds)
        if "idle" in wanted:
            idle(one, options.seconds)


def main() -> None:
    """Entry point."""
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="api-bench-", dir=options.folder) as name:
        run(options, Path(name))


if __name__ == "__main__":
    main()
