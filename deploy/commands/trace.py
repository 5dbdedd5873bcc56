"""`steersman trace`: why something happened, from the records of every message."""

import os
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from cluster.settings import ClusterSettings
from deploy import trace_tree
from deploy.options import DEFAULT_NAME, DataDir, Name, find


def trace(
    target: Annotated[str, typer.Argument(help="KIND/NAME or KIND/NAMESPACE/NAME.")],
    every: Annotated[bool, typer.Option("--all", help="All traces, not only the last.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Reads and watches too.")] = False,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Print the causal tree, from the request to the container starts, with times in milliseconds.

    Example: [bold]steersman trace deployment/web[/]
    """
    settings = find(name, data_dir)
    records = list(read(settings))
    found = trace_tree.traces_of(records, target)
    if not found:
        raise ValueError(f"no trace of {target} is kept: was it written since the cluster started?")
    for identity in found if every else found[-1:]:
        print(f"trace {identity}" + ("" if every else f" (the last of {len(found)}; --all: all)"))
        print("       ms")
        for line in trace_tree.render(trace_tree.build(records, identity), full):
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
