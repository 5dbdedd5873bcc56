"""`steersman node add|remove|list|kill|start`: the worker nodes."""

import os
import shutil
from typing import Annotated

import msgspec
import typer

from actors.kubelet import cgroups
from cluster.settings import ClusterSettings, NodeSettings
from deploy import administrator, demo, launch, lock, network, pki, processes, state, topology
from deploy.client import ApiError
from deploy.commands.replica import kill_process, start_process
from deploy.distances import keepers
from deploy.options import DEFAULT_NAME, DataDir, Name, again, find
from deploy.progress import Progress

app = typer.Typer(
    help="Worker nodes.\n\nExample: [bold]steersman node add --zone b[/]", no_args_is_help=True
)
Node = Annotated[str, typer.Argument(metavar="NODE", help="Name, as node-1.")]


@app.command("list")
def list_nodes(name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """List the nodes and their processes.

    Example: [bold]steersman node list[/]
    """
    settings = find(name, data_dir)
    items = administrator.client(settings).call("GET", "/api/v1/nodes")["items"]
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
    zone: Annotated[
        str, typer.Option(metavar="ZONE", help="Zone; default: the next in turn.")
    ] = "",
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Add a node to a running cluster.

    Example: [bold]steersman node add --zone b[/]
    """
    with lock.held(find(name, data_dir).data_dir):
        settings = find(name, data_dir)
        added = next_node(settings, zone)
        settings = msgspec.structs.replace(settings, nodes=(*settings.nodes, added))
        _save(settings)
        pki.ensure(settings)
        if settings.runtime == "docker":
            network.node_up(settings, added)
            keepers.tell(settings)
        launch.start(settings, added.name)
    print(f"{added.name} added in zone {added.zone}")


def next_node(settings: ClusterSettings, zone: str) -> NodeSettings:
    """The node to add. Raises ValueError for an unknown zone, or if there is no number left."""
    chosen = state.load_topology(settings.data_dir)
    assert chosen is not None, "cluster.json without topology.json"
    if zone and zone not in chosen.zones:
        raise ValueError(f"zone {zone!r} is not one of: {', '.join(chosen.zones)}")
    taken = {node.name for node in settings.nodes}
    for number in range(1, topology.NODES_MAX + 1):
        if f"node-{number}" not in taken:
            return topology.node(chosen, settings.network, number, zone)
    raise ValueError(f"a cluster has at most {topology.NODES_MAX} nodes")


@app.command("remove")
def remove(node: Node, name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """Remove a node: its process, containers, network and Node object.

    Example: [bold]steersman node remove node-3[/]
    """
    with lock.held(find(name, data_dir).data_dir):
        settings = find(name, data_dir)
        gone = settings.node(node)
        delete_object(settings, node)
        processes.end(settings, [node])
        # A kubelet that was registering itself just then would have brought it back.
        delete_object(settings, node)
        if settings.runtime == "docker":
            launch.remove_containers(settings, node)
            launch.remove_cgroups(cgroups.node_root(settings.name, node))
            network.node_down(settings, gone)
        launch.unmount_all(os.path.join(settings.data_dir, "nodes", node))
        for folder in ("nodes", "processes"):
            shutil.rmtree(os.path.join(settings.data_dir, folder, node), ignore_errors=True)
        pki.forget(settings, node)
        left = tuple(item for item in settings.nodes if item.name != node)
        _save(msgspec.structs.replace(settings, nodes=left))
        keepers.tell(settings)
    print(f"{node} removed")


def delete_object(settings: ClusterSettings, node: str) -> None:
    """Delete the Node object; none of that name is fine. Raises Unreachable, ApiError."""
    try:
        administrator.client(settings).call("DELETE", f"/api/v1/nodes/{node}")
    except ApiError as error:
        if error.code != 404:
            raise


@app.command("kill")
def kill(node: Node, name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """Kill a node's process with SIGKILL (its containers go on; the cluster replaces its pods).

    Example: [bold]steersman node kill node-2[/]
    """
    settings = find(name, data_dir)
    settings.node(node)
    kill_process(settings, node, f"steersman node start {node}{again(settings)}")


@app.command("start")
def start(node: Node, name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """Start a node's process again.

    Example: [bold]steersman node start node-2[/]
    """
    settings = find(name, data_dir)
    settings.node(node)
    start_process(settings, node)
    print(f"{node} is ready")


def _save(settings: ClusterSettings) -> None:
    chosen = state.load_topology(settings.data_dir)
    assert chosen is not None, "cluster.json without topology.json"
    state.save(settings, chosen)
