"""`steersman snapshot save|restore|inspect`: the whole state as one file."""

import http.client
import importlib.metadata
import itertools
import os
import time
from datetime import datetime
from typing import Annotated

import typer

from cluster.state.snapshot_pieces import SnapshotDamaged
from deploy import lock, restoring, snapshot_file
from deploy.client import Unreachable
from deploy.options import DEFAULT_NAME, PROGRAM, DataDir, Name, again, find, folder
from deploy.progress import Progress
from deploy.snapshot_file import REVISION_BUMP, Contents
from deploy.store_door import StoreDoor

app = typer.Typer(
    help="Snapshots of the whole state.\n\nExample: [bold]steersman snapshot save backup.snap[/]",
    no_args_is_help=True,
)
File = Annotated[str, typer.Argument(metavar="FILE", help="The snapshot file.")]


@app.command("save")
def save(file: File, name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """Save the state of a running cluster, as of now, into one file.

    The file holds all objects, Secrets encrypted. Keys and certificates are not in it: keep a copy
    of the folder pki of the data directory, without whose encryption.yaml Secrets cannot be read.

    Example: [bold]steersman snapshot save backup.snap[/]
    """
    settings = find(name, data_dir)
    label = snapshot_file.label_piece(settings, time.time(), importlib.metadata.version(PROGRAM))
    pieces = StoreDoor(settings).snapshot()
    try:
        found = snapshot_file.write(file, itertools.chain([label], pieces))
    except (http.client.HTTPException, SnapshotDamaged) as error:
        raise Unreachable(f"the snapshot broke off ({error}): try again") from error
    keys = len(found.machine.items)
    print(f"{file}: revision {found.machine.revision}, {keys} keys, {found.size} bytes")


@app.command("inspect")
def inspect(file: File) -> None:
    """Tell what is in a snapshot file, and whether it is whole.

    Example: [bold]steersman snapshot inspect backup.snap[/]
    """
    found = read(file)
    machine, label = found.machine, found.label
    rows = [["whole", f"yes, {found.size} bytes"]]
    if label is not None:
        at = datetime.fromtimestamp(label.time).astimezone().isoformat(" ", "seconds")
        rows += [["cluster", label.cluster], ["saved", f"{at} by {PROGRAM} {label.version}"]]
    rows += [
        ["revision", f"{machine.revision}, history from {machine.compacted}"],
        ["log entry", f"{machine.applied} of term {machine.applied_term}"],
        ["keys", str(len(machine.items))],
        ["leases", str(len(machine.leases))],
        ["hash", found.hash],
    ]
    progress = Progress()
    progress.table(file, ["", ""], rows)
    progress.say()
    kinds = [[kind, str(keys), str(size)] for kind, (keys, size) in found.kinds.items()]
    progress.table("", ["kind of key", "keys", "bytes"], kinds)


@app.command("restore")
def restore(
    file: File,
    replicas: Annotated[
        int | None, typer.Option(metavar="N", help="Control-plane replicas: 1, 3 or 5.")
    ] = None,
    nodes: Annotated[int | None, typer.Option(metavar="N", help="Worker nodes.")] = None,
    runtime: Annotated[
        str | None, typer.Option(metavar="NAME", help="docker, or memory (simulated containers).")
    ] = None,
    config: Annotated[
        str, typer.Option("--config", metavar="FILE", help="Topology file (TOML) of the cluster.")
    ] = "",
    revision_bump: Annotated[
        int, typer.Option(metavar="N", min=0, help="Revisions to skip: more than were ever made.")
    ] = REVISION_BUMP,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the data of the cluster that is there.")
    ] = False,
    name: Name = "",
    data_dir: DataDir = "",
) -> None:
    """Make the data of a cluster that is down from a snapshot file; then start it with `up`.

    Example: [bold]steersman snapshot restore backup.snap --replicas 3[/]
    """
    from deploy.commands.up import choose

    found = read(file)
    flags = {"replicas": replicas, "nodes": nodes, "runtime": runtime, "name": name or None}
    given = {key: value for key, value in flags.items() if value is not None}
    topology = choose(config, given, data_dir)
    place = folder(topology.name, data_dir)
    with lock.held(place):
        settings = restoring.restore(found, topology, place, revision_bump, force)
    count = len(settings.replicas)
    print(
        f"{len(found.machine.items)} keys restored for {count} replica{'s' * (count > 1)}; start "
        f"them with: steersman up --no-demo{again(settings)}"
    )


def read(file: str) -> Contents:
    """The file's contents. Raises ValueError that says what is wrong with it."""
    try:
        return snapshot_file.inspect(os.path.abspath(file))
    except SnapshotDamaged as error:
        raise ValueError(f"{file} is damaged: {error}") from error
