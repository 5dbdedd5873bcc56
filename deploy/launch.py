"""The launcher: bring a whole cluster up on this machine, in visible steps, and take it down.

    python deploy/launch.py --replicas 3 --nodes 3     (the same as `steersman up`)

``up`` converges: what is already there is kept, what is missing is made. Must not know: how the
command line looks.
"""

import concurrent.futures
import os
import shutil
import time

from actors.kubelet import labels
from cluster.settings import ClusterSettings
from deploy import engine, kubeconfig, network, pki, processes, state
from deploy.images import demo as demo_images
from deploy.progress import Progress
from deploy.topology import Topology, build_settings

READY_SECONDS = 60.0


class LaunchError(Exception):
    """The cluster could not be brought up; the text says what to do next."""


def settle(topology: Topology, data_dir: str) -> ClusterSettings:
    """The settings to run with: those of the cluster that is there, else new ones, saved.

    Raises LaunchError if the cluster there was made from another topology.
    """
    present = state.load_topology(data_dir)
    if present is not None:
        if present != topology:
            raise LaunchError(
                f"the cluster in {data_dir} was made with other choices "
                f"({difference(present, topology)}). Keep them, use `steersman node "
                "add|remove`, or `steersman down` first"
            )
        return state.load(data_dir)
    settings = build_settings(topology, data_dir)
    state.save(settings, topology)
    return settings


def difference(one: Topology, other: Topology) -> str:
    """The fields in which two topologies differ, as text."""
    fields = [f for f in one.__struct_fields__ if getattr(one, f) != getattr(other, f)]
    return ", ".join(f"{f}: {getattr(one, f)} there, {getattr(other, f)} asked" for f in fields)


def up(settings: ClusterSettings, progress: Progress) -> None:
    """Engine, network, keys, processes, images. Raises LaunchError, EngineError, NetworkError."""
    run_dir = processes.run_dir(settings)
    if settings.runtime == "docker":
        if os.geteuid() != 0:
            raise LaunchError(
                "real containers need root (network namespaces): sudo ./deploy/up, or without "
                "containers: ./deploy/up --runtime memory"
            )
        with progress.step("Docker Engine") as notes:
            notes.append(engine.ensure(settings.docker_socket, run_dir))
        with progress.step("network pinned, node namespaces") as notes:
            network.up(settings)
            notes.append(f"{len(settings.nodes)} nodes on {settings.network.bridge}")
    with progress.step("certificates") as notes:
        notes.append(pki.ensure(settings))
        kubeconfig.write(settings)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        images = pool.submit(ensure_images, settings)
        start_all(settings, progress)
        if settings.runtime == "docker":
            with progress.step("demo images") as notes:
                notes.append(images.result())


def start_all(settings: ClusterSettings, progress: Progress) -> None:
    """Start every process that does not run, and wait until each says it is ready."""
    ready = processes.ReadySocket(settings)
    try:
        path = state.settings_path(settings.data_dir)
        started = [
            processes.start(settings, path, item.name, ready.path)
            for item in settings.processes()
            if processes.find(settings, item.name) is None
        ]
        replicas = {replica.name for replica in settings.replicas}
        with progress.step("control plane ready") as notes:
            control = [process for process in started if process.name in replicas]
            notes.append(f"{len(control)} started of {len(replicas)} replicas")
            check_ready(settings, ready.wait(control, READY_SECONDS))
        progress.mark("API answering")
        with progress.step("nodes started") as notes:
            rest = [process for process in started if process.name not in replicas]
            notes.append(f"{len(rest)} started of {len(settings.nodes)}")
            check_ready(settings, ready.wait(rest, READY_SECONDS))
    finally:
        ready.close()


def check_ready(settings: ClusterSettings, missing: list[processes.Running]) -> None:
    """Raises LaunchError with the end of the first failed process's output."""
    if missing:
        name = missing[0].name
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
    """Leave no process, container, network, rule or mount; nor the data unless kept."""
    with progress.step("processes ended") as notes:
        nodes = [node.name for node in settings.nodes]
        replicas = [replica.name for replica in settings.replicas]
        notes.append(str(len(processes.end(settings, nodes) + processes.end(settings, replicas))))
    if settings.runtime == "docker":
        with progress.step("containers removed") as notes:
            notes.append(str(remove_containers(settings)))
        with progress.step("network removed"):
            network.down(settings)
    unmount_all(settings.data_dir)
    with progress.step("engine"):
        engine.stop(processes.run_dir(settings))
    if keep_data:
        shutil.rmtree(os.path.join(settings.data_dir, "nodes"), ignore_errors=True)
    else:
        shutil.rmtree(settings.data_dir, ignore_errors=True)


def remove_containers(settings: ClusterSettings, node: str = "") -> int:
    """Remove every container of this cluster (of one node), many at a time; return how many."""
    if not engine.answers(settings.docker_socket):
        return 0
    wanted = [f"{labels.CLUSTER}={settings.name}", *([f"{labels.NODE}={node}"] if node else [])]
    found = engine.containers(settings.docker_socket, wanted)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: engine.remove(settings.docker_socket, one), found))
    return len(found)


def unmount_all(folder: str) -> None:
    """Unmount whatever is mounted below the folder, deepest first."""
    with open("/proc/self/mounts", encoding="utf-8") as file:
        points = [line.split()[1] for line in file]
    for point in sorted((p for p in points if p.startswith(folder + "/")), reverse=True):
        network.run("umount", "-l", point, check=False)


def wait_seconds(began: float, limit: float) -> float:
    """What is left of ``limit`` seconds since ``began`` (monotonic)."""
    return max(0.5, limit - (time.monotonic() - began))


def main() -> None:
    """Run as a script: `steersman up` with the same flags."""
    import sys

    from deploy.cli import main as command_line

    sys.argv = [sys.argv[0], "up", *sys.argv[1:]]
    command_line()


if __name__ == "__main__":
    main()
