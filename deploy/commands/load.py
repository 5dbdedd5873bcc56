"""`steersman load`: give the nodes an image from a `docker save` archive."""

from typing import Annotated

import typer

from deploy import engine
from deploy.options import DEFAULT_NAME, DataDir, Name, find


def load(
    archive: Annotated[
        str, typer.Argument(metavar="ARCHIVE", help="A file that `docker save` wrote.")
    ],
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Load an image archive, so that pods can use the image without a registry.

    Example: [bold]docker save my/app:v1 -o app.tar && steersman load app.tar[/]
    """
    settings = find(name, data_dir)
    if settings.runtime != "docker":
        raise ValueError("this cluster simulates containers: it has no images to load")
    loaded = engine.load(settings.docker_socket, archive)
    if not loaded:
        raise ValueError(f"{archive}: no image in it has a name: docker save NAME:TAG -o FILE")
    for image in loaded:
        print(f"loaded {image}")
