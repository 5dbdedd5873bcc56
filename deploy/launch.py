"""The launcher: bring a whole cluster up on this machine, in visible steps, and take it down.

    python deploy/launch.py --replicas 3 --nodes 3     (the same as `steersman up`)

``up`` converges: what is already there is kept, what is missing is made. Must not know: how the
command line looks.
"""

import concurrent.futures
import os
import re
import shutil
import time

import msgspec

from actors.kubelet import cgroups, labels
from cluster.settings import ClusterSettings
from deploy import (
    administrator,
    engine,
    kubeconfig,
    network,
    pki,
    preflight,
    processes,
    state,
    store_choice,
    topology,
)
from deploy.chaos import clearing
from deploy.chaos.ledger import standing
from deploy.client import ApiError, Unreachable
from deploy.distances import keepers
from deploy.images import demo as demo_images
from deploy.progress import Progress
from deploy.topology import Topology, build_settings
from deploy.tracing import exporter, exporter_process

READY_SECONDS = 60.0
# How long the kernel may take to let go of the cgroups of containers that are gone.
CGROUP_SECONDS = 3.0


class LaunchError(Exception):
    """The cluster could not be brought up; the text says what to do next."""


def settle(asked: Topology, data_dir: str) -> ClusterSettings:
    """The settings to run with: those of the cluster that is there, else new ones, saved.

    A cluster that is down may move to other ports. Raises LaunchError if the cluster there was made
    from another topology.
    """
    wanted = build_settings(asked, data_dir)
    present = state.load_topology(data_dir)
    if present is None:
        preflight.check(wanted, set())
        store_choice.check(wanted, new=True)
        state.save(wanted, asked)
        return wanted
    settings = state.load(data_dir)
    running = set(processes.find_all(settings))
    differing = difference(present, asked, settings)
    if differing.pop("tracing", ""):
        # Who looks on may change at any time.
        present = msgspec.structs.replace(present, tracing=asked.tracing)
        settings = msgspec.structs.replace(settings, tracing=wanted.tracing)
        state.save(settings, present)
    if differing and not running and set(differing) <= {"port", "peer_port"}:
        ports = {"port": asked.port, "peer_port": asked.peer_port}
        chosen = msgspec.structs.replace(present, **ports)
        settings = moved(settings, chosen)
        state.save(settings, chosen)
    elif differing:
        told = ", ".join(differing.values())
        raise LaunchError(
            f"the cluster in {data_dir} was made with other choices ({told}). Keep them, use "
            "`steersman node add|remove` and `steersman replica add|remove`, or `steersman down` "
            "first (ports may change after `steersman down --keep-data`)"
        )
    preflight.check(settings, running)
    store_choice.check(settings, new=False)
    return settings


def difference(present: Topology, asked: Topology, settings: ClusterSettings) -> dict[str, str]:
    """The fields in which what is asked differs from what is there, each as text. Asking for as
    many replicas and nodes as there are by now, or as there were at first, is no difference."""
    fields = [f for f in asked.__struct_fields__ if getattr(present, f) != getattr(asked, f)]
    now = {"nodes": len(settings.nodes), "replicas": len(settings.replicas)}
    return {
        field: f"{field}: {getattr(present, field)} there, {getattr(asked, field)} asked"
        for field in fields
        if getattr(asked, field) != now.get(field)
    }


def moved(settings: ClusterSettings, chosen: Topology) -> ClusterSettings:
    """The same cluster with the ports of ``chosen``: who is who is told by names and keys."""
    network = settings.network
    if "shared_api" not in chosen.network:
        network = msgspec.structs.replace(network, shared_api=f"127.0.0.1:{chosen.port}")
    replicas = []
    for old in settings.replicas:
        new = topology.replica(chosen, network, topology.number(old.name))
        addresses = {"peer_address": new.peer_address, "api_addresses": new.api_addresses}
        replicas.append(msgspec.structs.replace(old, **addresses))
    nodes = []
    for node in settings.nodes:
        made = topology.node(chosen, network, topology.number(node.name))
        nodes.append(msgspec.structs.replace(node, peer_address=made.peer_address))
    return msgspec.structs.replace(
        settings, network=network, replicas=tuple(replicas), nodes=tuple(nodes)
    )


def up(settings: ClusterSettings, progress: Progress) -> None:
    """Engine, network, keys, processes, images. Raises LaunchError, EngineError, NetworkError."""
    if broken := standing(settings.data_dir):
        progress.say(broken)
    if settings.runtime == "docker":
        with progress.step("Docker Engine") as notes:
            notes.append(engine.ensure(settings.docker_socket))
        with progress.step("network pinned, node namespaces") as notes:
            network.up(settings)
            notes.append(f"{len(settings.nodes)} nodes on {settings.network.bridge}")
        if keepers.needed(settings):
            with progress.step("round trips between zones") as notes:
                notes.append(keepers.ensure(settings))
    with progress.step("certificates") as notes:
        notes.append(pki.ensure(settings))
        kubeconfig.write(settings)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        images = pool.submit(ensure_images, settings)
        if settings.tracing.otlp or processes.find(settings, exporter.NAME):
            # Before all others, so that it sees their first messages.
            with progress.step("exporter of spans") as notes:
                notes.append(exporter_process.ensure(settings) or "ended")
        start_all(settings, progress)
        if settings.runtime == "docker":
            with progress.step("demo images") as notes:
                notes.append(images.result())


def start_all(settings: ClusterSettings, progress: Progress) -> None:
    """Start every process that does not run, and wait until each says it is ready."""
    running = processes.find_all(settings)
    # What never said that it is ready was started by a launcher that did not live to hear it.
    halves = [name for name, found in running.items() if len(found) > 1 or not found[0].ready]
    processes.end(settings, halves)
    ready = processes.ReadySocket(settings)
    try:
        path = state.settings_path(settings.data_dir)
        started = [
            processes.start(settings, path, item.name, ready.path)
            for item in settings.processes()
            if item.name not in running or item.name in halves
        ]
        replicas = {replica.name for replica in settings.replicas}
        with progress.step("control plane ready") as notes:
            control = [process for process in started if process.name in replicas]
            notes.append(f"{len(control)} started of {len(replicas)} replicas")
            missing = ready.wait(control, READY_SECONDS)
            if missing:
                # The others are to be known as ready all the same: they are not started again.
                ready.wait(started, READY_SECONDS)
            check_ready(settings, missing)
            await_api(settings)
        progress.mark("API answering")
        with progress.step("nodes started") as notes:
            rest = [process for process in started if process.name not in replicas]
            notes.append(f"{len(rest)} started of {len(settings.nodes)}")
            check_ready(settings, ready.wait(rest, READY_SECONDS))
    finally:
        ready.close()


def await_api(settings: ClusterSettings) -> None:
    """Wait until the cluster has been set up. Raises LaunchError."""
    try:
        administrator.await_ready(settings, READY_SECONDS)
    except (ApiError, Unreachable) as error:
        raise LaunchError(
            f"the replicas run, but the API server is not ready after {READY_SECONDS:g} s: "
            f"{error}; look at `steersman logs {settings.replicas[0].name}`"
        ) from error


def start(settings: ClusterSettings, name: str) -> None:
    """Start one process and wait until it is ready. Raises LaunchError."""
    ready = processes.ReadySocket(settings)
    try:
        path = state.settings_path(settings.data_dir)
        process = processes.start(settings, path, name, ready.path)
        check_ready(settings, ready.wait([process], READY_SECONDS))
    finally:
        ready.close()


def check_ready(settings: ClusterSettings, missing: list[processes.Running]) -> None:
    """Raises LaunchError with what the first failed process said, or the end of its output."""
    if not missing:
        return
    name = missing[0].name
    last = processes.last_lines(settings, name, 1).strip()
    if last.startswith("error: "):
        raise LaunchError(last.removeprefix("error: "))
    raise LaunchError(
        f"{name} did not become ready. Its log {processes.log_path(settings, name)} ends:\n"
        + processes.last_lines(settings, name)
    )


def ensure_images(settings: ClusterSettings) -> str:
    """Build and load the demo's images unless the engine has them; return a note."""
    if settings.runtime != "docker":
        return ""
    recipe = demo_images.recipe()
    loaded = []
    for name, tags in demo_images.names().items():
        labels_there = [engine.image_labels(settings.docker_socket, tag) for tag in tags]
        if any(found.get(demo_images.RECIPE_LABEL) != recipe for found in labels_there):
            archive = demo_images.build(name, state.cache_dir())
            loaded += engine.load(settings.docker_socket, archive)
    return "loaded " + ", ".join(loaded) if loaded else "there"


def down(settings: ClusterSettings, keep_data: bool, progress: Progress) -> None:
    """Leave no process, container, network, rule, mount or cgroup; nor the data unless kept."""
    with progress.step("processes ended") as notes:
        clearing.clear(settings)
        nodes = [node.name for node in settings.nodes]
        replicas = [replica.name for replica in settings.replicas]
        notes.append(str(len(processes.end(settings, nodes) + processes.end(settings, replicas))))
        exporter_process.end(settings)
        keepers.end(settings)
    if settings.runtime == "docker":
        with progress.step("containers removed") as notes:
            # Containers live on without an engine; only an engine can remove them.
            try:
                engine.ensure(settings.docker_socket)
                notes.append(str(remove_containers(settings)))
            except engine.EngineError as error:
                notes.append(f"not looked for: {str(error).splitlines()[0]}")
            remove_cgroups(cgroups.cluster_root(settings.name))
        with progress.step("network removed"):
            network.down(settings)
        unmount_all(settings.data_dir)
        with progress.step("Docker Engine") as notes:
            notes.append(engine.stop(settings.docker_socket))
    if keep_data:
        for name in ("nodes", "run"):
            shutil.rmtree(os.path.join(settings.data_dir, name), ignore_errors=True)
        where = settings.store.endpoints or settings.data_dir
        progress.say(f"the objects are kept in {where}")
    else:
        if settings.store.engine == "etcd":
            with progress.step("objects removed from etcd") as notes:
                notes.append(store_choice.remove(settings))
        shutil.rmtree(settings.data_dir, ignore_errors=True)


def remove_containers(settings: ClusterSettings, node: str = "") -> int:
    """Remove every container of this cluster (of one node), many at a time; return how many."""
    wanted = [f"{labels.CLUSTER}={settings.name}", *([f"{labels.NODE}={node}"] if node else [])]
    found = engine.containers(settings.docker_socket, wanted)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: engine.remove(settings.docker_socket, one), found))
    return len(found)


def remove_cgroups(parent: str) -> None:
    """Remove a cgroup with all below it; the kernel may need a moment after the last process."""
    deadline = time.monotonic() + CGROUP_SECONDS
    while True:
        cgroups.remove_tree(parent)
        if not cgroups.present(parent) or time.monotonic() > deadline:
            return
        time.sleep(0.05)


def unmount_all(folder: str) -> None:
    """Unmount whatever is mounted below the folder, deepest first."""
    folder = os.path.realpath(folder)
    for point in sorted(mount_points(), reverse=True):
        if point.startswith(folder + "/"):
            network.run("umount", "-l", point, check=False)


def mount_points() -> list[str]:
    """Where something is mounted. Source: proc(5), /proc/pid/mounts: blanks come in octal."""
    with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as file:
        raw = [line.split(" ")[1] for line in file]
    octal = re.compile(r"\\([0-7]{3})")
    return [octal.sub(lambda found: chr(int(found[1], 8)), point) for point in raw]


def main() -> None:
    """Run as a script: `steersman up` with the same flags."""
    import sys

    from deploy.cli import main as command_line

    sys.argv = [sys.argv[0], "up", *sys.argv[1:]]
    command_line()


if __name__ == "__main__":
    main()
