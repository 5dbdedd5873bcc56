"""`steersman node add|remove|list|kill|start`: the worker nodes."""

import os
import shutil
from typing import Annotated

import msgspec
import typer

from cluster.settings import ClusterSettings
from deploy import demo, launch, network, pki, processes, state, topology
from deploy.client import ApiError
from deploy.commands.replica import start_process
from deploy.options import DataDir, Name, find
from deploy.progress import Progress

app = typer.Typer(help="Worker nodes.", no_args_is_help=True)
Node = Annotated[str, typer.Argument(help="Name, as node-1.")]


@app.command("list")
def list_nodes(name: Name = "steersman", data_dir: DataDir = "") -> None:
    """List the nodes and their processes.

    Example: [bold]steersman node list[/]
    """
    settings = find(name, data_dir)
    items = demo.client(settings).call("GET", "/api/v1/nodes")["items"]
    known = {item["metadata"]["name"]: item for item in items}
    rows = []
    for node in settings.nodes:
        facts = processes.describe(settings, node.name)
        ready = node.name in known and demo.condition(known[node.name], "Ready")
        rows.append([node.name, node.zone, facts["state"], facts["pid"],
                     "Ready" if ready else "NotReady", node.address, node.pod_cidr])  # fmt: skip
    columns = ["node", "zone", "process", "pid", "status", "address", "pods"]
    Progress().table(f"Nodes of {settings.name}", columns, rows)


@app.command("add")
def add(
    zone: Annotated[str, typer.Option(help="Zone; default: the next in turn.")] = "",
    name: Name = "steersman",
    data_dir: DataDir = "",
) -> None:
    """Add a node to a running cluster.

    Example: [bold]steersman node add --zone b[/]
    """
    settings = find(name, data_dir)
    chosen = state.load_topology(settings.data_dir)
    assert chosen is not None, "cluster.json without topology.json"
    numbers = [int(node.name.rpartition("-")[2]) for node in settings.nodes]
    added = topology.node(chosen, settings.network, max(numbers, default=0) + 1, zone)
    settings = msgspec.structs.replace(settings, nodes=(*settings.nodes, added))
    _save(settings, len(settings.nodes))
    pki.ensure(settings)
    if settings.runtime == "docker":
        network.node_up(settings, added)
    start_process(settings, added.name)
    print(f"{added.name} added in zone {added.zone}")


@app.command("remove")
def remove(node: Node, name: Name = "steersman", data_dir: DataDir = "") -> None:
    """Remove a node: its process, containers, network and Node object.

    Example: [bold]steersman node remove node-3[/]
    """
    settings = find(name, data_dir)
    gone = settings.node(node)
    processes.end(settings, [node])
    try:
        demo.client(settings).call("DELETE", f"/api/v1/nodes/{node}")
    except ApiError as error:
        if error.code != 404:
            raise
    if settings.runtime == "docker":
        launch.remove_containers(settings, node)
        network.node_down(settings, gone)
    folder = os.path.join(settings.data_dir, "nodes", node)
    launch.unmount_all(folder)
    shutil.rmtree(folder, ignore_errors=True)
    left = tuple(item for item in settings.nodes if item.name != node)
    _save(msgspec.structs.replace(settings, nodes=left), len(left))
    print(f"{node} removed")


@app.command("kill")
def kill(node: Node, name: Name = "steersman", data_dir: DataDir = "") -> None:
    """Kill a node's process with SIGKILL (its containers go on; the cluster replaces its pods).

    Example: [bold]steersman node kill node-2[/]
    """
    settings = find(name, data_dir)
    settings.node(node)
    if processes.kill(settings, node) is None:
        raise ValueError(f"{node} does not run: `steersman node start {node}`")
    print(f"{node} killed; bring it back with: steersman node start {node}")


@app.command("start")
def start(node: Node, name: Name = "steersman", data_dir: DataDir = "") -> None:
    """Start a node's process again.

    Example: [bold]steersman node start node-2[/]
    """
    settings = find(name, data_dir)
    settings.node(node)
    start_process(settings, node)
    print(f"{node} is ready")


def _save(settings: ClusterSettings, nodes: int) -> None:
    chosen = state.load_topology(settings.data_dir)
    assert chosen is not None, "cluster.json without topology.json"
    state.save(settings, msgspec.structs.replace(chosen, nodes=nodes))
