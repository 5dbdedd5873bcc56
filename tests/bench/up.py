"""How quick and how quiet a whole cluster is.

    python -m tests.bench.up [ROUNDS]        as root, with Docker, on an otherwise idle machine

Each round brings a cluster of three replicas and three nodes up and takes it down; beside it, in
the same round, starts the demo's containers with bare Docker: the part that no cluster can avoid.
Prints medians, the median of the rounds' ratios, and what an idle cluster costs.
"""

import os
import re
import statistics
import sys
import tempfile
import time

from deploy import engine, processes
from deploy.images import demo
from tests.support import docker
from tests.support.real_cluster import RealCluster

ROUNDS = 5
IDLE_SECONDS = 30.0
MILESTONE = re.compile(r"^\s*([A-Za-z][A-Za-z ]+?)\s+(\d+\.\d+) s\s*$", re.MULTILINE)


def bare_containers() -> float:
    """Seconds to create and start what the demo runs (four sandboxes, four containers)."""
    made = []
    began = time.monotonic()
    for tag in (demo.REDIS_TAG, demo.WEB_TAGS[0], demo.WEB_TAGS[0], demo.WEB_TAGS[0]):
        for image in (demo.BUSYBOX_TAG, tag):
            made.append(docker.create_and_start(image))
    took = time.monotonic() - began
    for container in made:
        engine.remove(docker.SOCKET, container)
    return took


def processor_seconds(cluster: RealCluster) -> dict[str, float]:
    """Processor time that each of the cluster's processes has used."""
    ticks = os.sysconf("SC_CLK_TCK")
    used = {}
    for item in cluster.settings.processes():
        process = processes.find(cluster.settings, item.name)
        assert process is not None, f"{item.name} does not run"
        with open(f"/proc/{process.pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        used[item.name] = (int(fields[11]) + int(fields[12])) / ticks
    return used


def idle(cluster: RealCluster) -> dict[str, float]:
    """Per cent of one core that each process uses once the cluster has settled."""
    time.sleep(5)
    before = processor_seconds(cluster)
    time.sleep(IDLE_SECONDS)
    after = processor_seconds(cluster)
    return {name: (after[name] - before[name]) / IDLE_SECONDS * 100 for name in before}


def main() -> None:
    """Run the rounds and print the figures."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    cluster = RealCluster(tempfile.mkdtemp(prefix="steersman-bench-"), "bench", number=3)
    milestones: dict[str, list[float]] = {}
    ratios = []
    quiet: dict[str, float] = {}
    cluster.up()
    cluster.down()
    for number in range(rounds):
        floor = bare_containers()
        try:
            printed = cluster.up()
            if number == 0:
                quiet = idle(cluster)
        finally:
            cluster.down()
        found = {name: float(seconds) for name, seconds in MILESTONE.findall(printed)}
        for name, seconds in found.items():
            milestones.setdefault(name, []).append(seconds)
        ratios.append(found["total"] / floor)
        print(f"round {number + 1}: {found['total']:.2f} s, bare containers {floor:.2f} s")
    for name, values in milestones.items():
        print(f"{name:<20} {statistics.median(values):6.2f} s (median of {rounds})")
    print(f"{'up / bare Docker':<20} {statistics.median(ratios):6.2f} (median of ratios)")
    print("idle: " + ", ".join(f"{name} {share:.2f} %" for name, share in quiet.items()))
    print(f"{'idle, all processes':<20} {sum(quiet.values()):6.2f} % of one core")


if __name__ == "__main__":
    main()
