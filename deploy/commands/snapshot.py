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
from deploy import snapshot_file
from deploy.client import Unreachable
from deploy.options import DEFAULT_NAME, PROGRAM, DataDir, Name, find
from deploy.progress import Progress
from deploy.snapshot_file import Contents
from deploy.store_door import StoreDoor

app = typer.Typer(
    help="Snapshots of the whole state.\n\nExample: [bold]steersman snapshot save backup.snap[/]",
    no_args_is_help=True,
)
File = Annotated[str, typer.Argument(metavar="FILE", help="The snapshot file.")]


@app.command("save")
def save(file: File, name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """Save the state of a running cluster, as of now, into one file.

    The file holds all objects, Secrets too. Keys and certificates are not in it: see the folder
    pki of the data directory.

    Example: [bold]steersman snapshot save backup.snap[/]
    """
    settings = find(name, data_dir)
    label = snapshot_file.label_piece(settings, time.time(), importlib.metadata.version(PROGRAM))
    pieces = StoreDoor(settings).snapshot()
    try:
        size = snapshot_file.write(file, itertools.chain([label], pieces))
    except (http.client.HTTPException, SnapshotDamaged) as error:
        raise Unreachable(f"the snapshot broke off ({error}): try again") from error
    found = snapshot_file.inspect(file)
    keys = len(found.machine.items)
    print(f"{file}: revision {found.machine.revision}, {keys} keys, {size} bytes")


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


def read(file: str) -> Contents:
    """The file's contents. Raises ValueError that says what is wrong with it."""
    try:
        return snapshot_file.inspect(os.path.abspath(file))
    except SnapshotDamaged as error:
        raise ValueError(f"{file} is damaged: {error}") from error
