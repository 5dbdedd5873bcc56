"""`steersman up`: bring the cluster up and run the demo in it."""

import shlex
import sys
from typing import Annotated, Any

import typer

from cluster.settings import ClusterSettings
from deploy import demo, kubeconfig, launch, lock, preflight, processes, state, store_choice
from deploy import replicas as replicas_module
from deploy.options import DataDir, Name, again, command, folder
from deploy.progress import Progress
from deploy.replica_hands import MachineHands
from deploy.topology import Topology, parse_topology

MILESTONES = ("API answering", "first node ready", "DNS service", "app running", "DNS answering")

Rtt = Annotated[
    list[str] | None,
    typer.Option(metavar="A-B=TIME", help="Round trip between two zones, as a-b=40ms; repeatable."),
]
Otlp = Annotated[
    str | None,
    typer.Option(metavar="URL", help="OpenTelemetry collector for live spans ('': none)."),
]


def up(
    config: Annotated[
        str, typer.Option("--config", metavar="FILE", help="Topology file (TOML).")
    ] = "",
    replicas: Annotated[
        int | None, typer.Option(metavar="N", help="Control-plane replicas: 1, 3 or 5.")
    ] = None,
    zones: Annotated[
        str | None, typer.Option(metavar="A,B,C", help="Zones, separated by commas.")
    ] = None,
    nodes: Annotated[int | None, typer.Option(metavar="N", help="Worker nodes.")] = None,
    runtime: Annotated[
        str | None, typer.Option(metavar="NAME", help="docker, or memory (simulated containers).")
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="PORT", help="HTTPS port on 127.0.0.1.")
    ] = None,
    peer_port: Annotated[
        int | None, typer.Option(metavar="PORT", help="Port of messages between processes.")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(metavar="STORE", help="raft (built in), etcd=URL[,URL], or raftos."),
    ] = None,
    rtt: Rtt = None,
    otlp: Otlp = None,
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
        "peer_port": peer_port, "zones": None if zones is None else zones.split(","),
        "name": name or None, "rtt": None if rtt is None else parse_rtt(rtt),
        "store": None if store is None else store_choice.parse_store(store),
        "tracing": None if otlp is None else {"otlp": otlp},
    }  # fmt: skip
    topology = choose(config, {key: value for key, value in flags.items() if value is not None},
                      data_dir)  # fmt: skip
    preflight.check_root(topology.runtime)
    place = folder(topology.name, data_dir)
    with lock.held(place):
        settings = launch.settle(topology, place)
        try:
            launch.up(settings, progress)
            for begun in replicas_module.settle(MachineHands(place)):
                progress.say(
                    f"{begun} has no vote yet: steersman replica add{again(settings)} completes "
                    "what was begun"
                )
            url = "" if no_demo else demo.run(settings, progress)
        except KeyboardInterrupt:
            options = again(settings)
            print(
                f"interrupted: steersman up{options} goes on from here, "
                f"steersman down{options} takes away what is there",
                file=sys.stderr,
            )
            raise
    report(settings, progress, url, progress.since())


def parse_rtt(given: list[str]) -> dict[str, str]:
    """``["a-b=40ms"]`` → ``{"a-b": "40ms"}``. Raises ValueError."""
    pairs = [one.partition("=") for one in given]
    wrong = next((zones for zones, equals, _ in pairs if not equals), None)
    if wrong is not None:
        raise ValueError(f"--rtt {wrong}: write two zones and a time, as --rtt a-b=40ms")
    return {zones: told for zones, _, told in pairs}


def choose(config: str, flags: dict[str, Any], data_dir: str) -> Topology:
    """Flags win over the file, the file over the cluster that is there, that over defaults."""
    base: dict[str, Any] = state.read_toml(config) if config else {}
    if "store" in flags:
        flags = {**flags, "store": {**base.get("store", {}), **flags["store"]}}
    chosen = parse_topology({**base, **flags})
    if config:
        return chosen
    present = state.load_topology(folder(chosen.name, data_dir))
    if present is None:
        return chosen
    kept = {field: getattr(present, field) for field in present.__struct_fields__}
    if "store" in flags:
        flags = {**flags, "store": {**present.store, **flags["store"]}}
    return parse_topology({**kept, **flags})


def report(settings: ClusterSettings, progress: Progress, url: str, total: float) -> None:
    """What runs, how long each step took since the start, and what to try next."""
    rows = []
    for item in settings.processes():
        facts = processes.describe(settings, item.name)
        rows.append([item.name, item.zone, facts["state"], facts["memory"]])
    progress.say()
    progress.table(
        f"Cluster {settings.name}: {settings.runtime} runtime",
        ["process", "zone", "state", "memory"],
        rows,
    )
    milestones = {title: seconds for title, seconds in progress.times if title in MILESTONES}
    times = [[title, f"{milestones[title]:6.2f} s"] for title in MILESTONES if title in milestones]
    progress.say()
    progress.table("Since the start", ["", ""], [*times, ["total", f"{total:6.2f} s"]])
    progress.say(closing(settings, url))


def closing(settings: ClusterSettings, url: str) -> str:
    """What to try next."""
    path, options, call = kubeconfig.path(settings), again(settings), command()
    lines = ["", f"kubeconfig: {path}"]
    if url:
        lines.append(f"the demo answers at {url}")
    lines += [
        "",
        "try:",
        f"  export KUBECONFIG={shlex.quote(path)}",
        "  kubectl get nodes,pods -o wide",
    ]
    commands = {
        f"{call} replica kill {settings.replicas[0].name}{options}": "kubectl still answers",
        f"{call} trace deployment/web{options}": "why everything happened",
        f"{call} status{options}": "what runs",
        f"{call} down{options}": "take it all away",
    }
    if len(settings.replicas) == 1:
        commands.pop(next(iter(commands)))
    width = max(len(command) for command in commands)
    lines += [f"  {command:<{width}}  # {why}" for command, why in commands.items()]
    return "\n".join(lines)
