"""Options that several commands share, and how they find their cluster."""

import os
import shlex
import shutil
import sys
from typing import Annotated

import typer

from cluster.settings import ClusterSettings
from deploy import state

DEFAULT_NAME = "steersman"
PROGRAM = "steersman"
Name = Annotated[
    str,
    typer.Option("--name", metavar="NAME", help="Name of the cluster.", envvar="STEERSMAN_NAME"),
]
DataDir = Annotated[
    str,
    typer.Option(
        "--data-dir", metavar="DIR", help="Where the cluster keeps its data.",
        envvar="STEERSMAN_DATA_DIR", show_default=False,
    ),
]  # fmt: skip


def folder(name: str, data_dir: str) -> str:
    """The data directory that the options name."""
    return os.path.abspath(data_dir or state.default_data_dir(name))


def find(name: str, data_dir: str) -> ClusterSettings:
    """The settings of the cluster that the options name. Raises state.NoCluster."""
    return state.load(folder(name, data_dir))


def again(settings: ClusterSettings) -> str:
    """The options that name this cluster, as text to put behind a command; '' if none is needed."""
    if settings.data_dir == state.default_data_dir(DEFAULT_NAME):
        return ""
    if settings.data_dir == state.default_data_dir(settings.name):
        return f" --name {settings.name}"
    return f" --data-dir {shlex.quote(settings.data_dir)}"


def command() -> str:
    """How this user calls this program: its name if the shell finds it, else its whole path."""
    own = os.path.join(os.path.dirname(sys.executable), PROGRAM)
    found = shutil.which(PROGRAM)
    if not os.path.exists(own) or (found and os.path.realpath(found) == os.path.realpath(own)):
        return PROGRAM
    return shlex.quote(own)
