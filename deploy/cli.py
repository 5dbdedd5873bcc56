"""`steersman`: the command line. Job: parse, call, print; errors say what to do next."""

import io
import sys

import typer

from deploy.client import ApiError, Unreachable
from deploy.commands import (
    chaos,
    chaos_run,
    down,
    kubeconfig,
    load,
    logs,
    node,
    replica,
    snapshot,
    status,
    trace,
    ui,
    up,
)
from deploy.engine import EngineError
from deploy.images.debian import PackagesMissing
from deploy.launch import LaunchError
from deploy.lock import Busy
from deploy.network import NetworkError
from deploy.preflight import NotFree
from deploy.replica_data import DataFault
from deploy.state import NoCluster

EXPECTED = (
    ApiError, Busy, DataFault, EngineError, KeyError, LaunchError, NetworkError, NoCluster, NotFree,
    OSError, PackagesMissing, Unreachable, ValueError,
)  # fmt: skip

app = typer.Typer(
    name="steersman",
    help="A highly available Kubernetes cluster on one machine.\n\n"
    "Example: [bold]steersman up[/], then [bold]steersman status[/]",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("up")(up.up)
app.command("down")(down.down)
app.command("status")(status.status)
app.command("kubeconfig")(kubeconfig.kubeconfig)
app.command("load")(load.load)
app.command("logs")(logs.logs)
app.command("ui")(ui.ui)
app.add_typer(trace.app, name="trace")
chaos.app.command("run")(chaos_run.run)
chaos.app.command("scenarios")(chaos_run.scenarios)
app.add_typer(chaos.app, name="chaos")
app.add_typer(node.app, name="node")
app.add_typer(replica.app, name="replica")
app.add_typer(snapshot.app, name="snapshot")


def main() -> None:
    """Entry point. Errors a user can act on print one line and exit with 1."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except EXPECTED as error:
        print(f"error: {text(error)}", file=sys.stderr)
        sys.exit(1)


def text(error: BaseException) -> str:
    """What went wrong, for people."""
    if isinstance(error, KeyError):
        return str(error.args[0])
    if isinstance(error, ApiError):
        return f"the API server refused: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


if __name__ == "__main__":
    main()
