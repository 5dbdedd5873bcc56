"""`steersman load`: give the nodes an image from a `docker save` archive."""

from typing import Annotated

import typer

from deploy import engine
from deploy.options import DataDir, Name, find


def load(
    archive: Annotated[str, typer.Argument(help="A file that `docker save` wrote.")],
    name: Name = "steersman",
    data_dir: DataDir = "",
) -> None:
    """Load an image archive, so that pods can use the image without a registry.

    Example: [bold]docker save my/app:v1 -o app.tar && steersman load app.tar[/]
    """
    settings = find(name, data_dir)
    if settings.runtime != "docker":
        raise ValueError("this cluster simulates containers: it has no images to load")
    try:
        loaded = engine.load(settings.docker_socket, archive)
    except FileNotFoundError:
        raise ValueError(f"{archive}: no such file") from None
    for image in loaded:
        print(f"loaded {image}")
