"""`steersman down`: take everything away."""

from typing import Annotated

import typer

from deploy import launch
from deploy.options import DataDir, Name, find
from deploy.progress import Progress


def down(
    keep_data: Annotated[
        bool, typer.Option("--keep-data", help="Keep the objects: `up` brings the cluster back.")
    ] = False,
    name: Name = "steersman",
    data_dir: DataDir = "",
) -> None:
    """End the cluster: no process, container, network, rule or mount is left.

    Example: [bold]steersman down --keep-data[/]
    """
    launch.down(find(name, data_dir), keep_data, Progress())
