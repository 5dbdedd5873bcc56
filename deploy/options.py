"""Options that several commands share, and how they find their cluster."""

from typing import Annotated

import typer

from cluster.settings import ClusterSettings
from deploy import state

Name = Annotated[str, typer.Option("--name", help="Name of the cluster.", envvar="STEERSMAN_NAME")]
DataDir = Annotated[
    str,
    typer.Option(
        "--data-dir", help="Where the cluster keeps its data.", envvar="STEERSMAN_DATA_DIR"
    ),
]


def find(name: str, data_dir: str) -> ClusterSettings:
    """The settings of the cluster that the options name. Raises state.NoCluster."""
    return state.load(data_dir or state.default_data_dir(name))
