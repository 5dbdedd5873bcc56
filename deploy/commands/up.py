"""`steersman up`: bring the cluster up and run the demo in it."""

import os
from typing import Annotated, Any

import typer

from deploy import demo, kubeconfig, launch, processes, state
from deploy.options import DataDir, Name
from deploy.progress import Progress
from deploy.topology import Topology, parse_topology


def up(
    config: Annotated[str, typer.Option("--config", help="Topology file (TOML).")] = "",
    replicas: Annotated[int | None, typer.Option(help="Control-plane replicas: 1, 3 or 5.")] = None,
    zones: Annotated[str | None, typer.Option(help="Zones, separated by commas.")] = None,
    nodes: Annotated[int | None, typer.Option(help="Worker nodes.")] = None,
    runtime: Annotated[str | None, typer.Option(help="docker, or memory (simulated).")] = None,
    port: Annotated[int | None, typer.Option(help="HTTPS port on 127.0.0.1.")] = None,
    peer_port: Annotated[
        int | None, typer.Option(help="Port of messages between processes.")
    ] = None,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Do not apply the demo.")] = False,
    name: Name = "",
    data_dir: DataDir = "",
) -> None:
    """Bring a cluster up: replicas, nodes, network, demo. Run again, it repairs what is missing.

    Example: [bold]steersman up --replicas 5 --nodes 3[/]
    """
    progress = Progress()
    flags = {
        "replicas": replicas, "nodes": nodes, "runtime": runtime, "port": port,
        "peer_port": peer_port, "zones": zones.split(",") if zones else None, "name": name or None,
    }  # fmt: skip
    topology = choose(config, {key: value for key, value in flags.items() if value is not None},
                      data_dir)  # fmt: skip
    folder = os.path.abspath(data_dir or state.default_data_dir(topology.name))
    settings = launch.settle(topology, folder)
    launch.up(settings, progress)
    url = "" if no_demo else demo.run(settings, progress)
    total = progress.since()
    progress.table(
        f"\nCluster {settings.name}: {settings.runtime} runtime",
        ["process", "zone", "state", "memory"],
        [
            [item.name, item.zone, *(processes.describe(settings, item.name)[key]
                                     for key in ("state", "memory"))]
            for item in settings.processes()
        ],
    )  # fmt: skip
    milestones = {title: seconds for title, seconds in progress.times if title in MILESTONES}
    rows = [[title, f"{milestones[title]:.2f} s"] for title in MILESTONES if title in milestones]
    progress.table("\nSince the start", ["", ""], [*rows, ["total", f"{total:.2f} s"]])
    progress.console.print(closing(kubeconfig.path(settings), url))


MILESTONES = ("API answering", "first node ready", "DNS service", "app running", "DNS answering")


def choose(config: str, flags: dict[str, Any], data_dir: str) -> Topology:
    """Flags win over the file, the file over the cluster that is there, that over defaults."""
    base: dict[str, Any] = state.read_toml(config) if config else {}
    chosen = parse_topology({**base, **flags})
    if config:
        return chosen
    present = state.load_topology(os.path.abspath(data_dir or state.default_data_dir(chosen.name)))
    if present is None:
        return chosen
    kept = {field: getattr(present, field) for field in present.__struct_fields__}
    return parse_topology({**kept, **flags})


def closing(path: str, url: str) -> str:
    """What to try next."""
    lines = ["", f"kubeconfig: [bold]{path}[/]"]
    if url:
        lines.append(f"the demo answers at [bold]{url}[/]")
    lines += [
        "",
        "try:",
        f"  export KUBECONFIG={path}",
        "  kubectl get nodes,pods,services -o wide",
        "  steersman replica kill replica-1 && kubectl get pods   # nothing breaks",
        "  steersman trace deployment/web                         # why everything happened",
        "  steersman status",
    ]
    return "\n".join(lines)
