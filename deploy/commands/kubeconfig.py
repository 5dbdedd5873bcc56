"""`steersman kubeconfig`: where the kubeconfig is, or what is in it."""

from typing import Annotated

import typer

from deploy import kubeconfig as files
from deploy.options import DEFAULT_NAME, DataDir, Name, find


def kubeconfig(
    show: Annotated[bool, typer.Option("--show", help="Print the file, not its path.")] = False,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Print the path of the kubeconfig file.

    Example: [bold]export KUBECONFIG=$(steersman kubeconfig)[/]
    """
    settings = find(name, data_dir)
    print(files.render(settings) if show else files.path(settings))
