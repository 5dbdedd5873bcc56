"""`steersman trace`: why something happened, from the records of every message."""

import os
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from cluster.settings import ClusterSettings
from deploy.options import DEFAULT_NAME, DataDir, Name, find
from deploy.tracing import text, tree


def trace(
    target: Annotated[
        str, typer.Argument(metavar="OBJECT", help="KIND/NAME or KIND/NAMESPACE/NAME.")
    ],
    every: Annotated[bool, typer.Option("--all", help="All traces, not only the last.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Every message: reads, events, store transactions too.")
    ] = False,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Print what a request caused, down to the container starts, with times in milliseconds.

    at: since the first record; hop: on its way from sender to receiver; took: to be handled.

    Example: [bold]steersman trace deployment/web[/]
    """
    settings = find(name, data_dir)
    namespace = tree.target(target)[1]
    records = list(read(settings))
    found = tree.traces_of(records, target)
    if not found:
        raise ValueError(
            f"no trace of {target} is kept: nothing by that name was written since the cluster "
            "started (names are KIND/NAME, or KIND/NAMESPACE/NAME)"
        )
    chosen = found
    if not every:
        # What somebody asked for tells more than what happened by itself.
        chosen = (tree.asked_for(records, found) or found)[-1:]
    for identity in chosen:
        more = (
            f" ({len(found)} are kept of {target}; all: --all)" if len(chosen) < len(found) else ""
        )
        print(f"trace {identity}{more}")
        print(text.HEAD)
        for line in text.render(tree.build(records, identity), full, namespace):
            print(line)


def read(settings: ClusterSettings) -> Iterator[dict[str, Any]]:
    """All kept records of all processes; a half-written last line is passed over."""
    folder = os.path.join(settings.data_dir, "trace")
    decoder = msgspec.json.Decoder()
    for base, _, files in sorted(os.walk(folder)):
        for file_name in sorted(files):
            if "routine" in file_name or ".jsonl" not in file_name:
                continue
            with open(os.path.join(base, file_name), "rb") as file:
                for line in file:
                    try:
                        yield decoder.decode(line)
                    except msgspec.DecodeError:
                        continue
