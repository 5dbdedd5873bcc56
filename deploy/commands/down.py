"""`steersman down`: take everything away."""

from typing import Annotated

import typer

from deploy import launch, lock, state
from deploy.options import DEFAULT_NAME, DataDir, Name, find, folder
from deploy.progress import Progress


def down(
    keep_data: Annotated[
        bool, typer.Option("--keep-data", help="Keep the objects: `up` brings the cluster back.")
    ] = False,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """End the cluster: no process, container, network, rule or mount is left.

    Example: [bold]steersman down --keep-data[/]
    """
    progress = Progress()
    try:
        settings = find(name, data_dir)
    except state.NoCluster as missing:
        if state.exists(folder(name, data_dir)):
            raise
        progress.say(f"nothing to take down: {missing}")
        return
    with lock.held(settings.data_dir):
        launch.down(settings, keep_data, progress)
