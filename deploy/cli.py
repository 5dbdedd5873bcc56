"""`steersman`: the command line. Job: parse, call, print; errors say what to do next."""

import sys

import typer

from deploy.commands import down, kubeconfig, load, logs, node, replica, status, trace, up

app = typer.Typer(
    name="steersman",
    help="A highly available Kubernetes cluster on one machine.",
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
app.command("trace")(trace.trace)
app.add_typer(node.app, name="node")
app.add_typer(replica.app, name="replica")


def main() -> None:
    """Entry point. Errors a user can act on print one line and exit with 1."""
    from deploy.client import ApiError, Unreachable
    from deploy.engine import EngineError
    from deploy.images.debian import PackagesMissing
    from deploy.launch import LaunchError
    from deploy.network import NetworkError
    from deploy.state import NoCluster

    try:
        app()
    except (
        NoCluster, LaunchError, EngineError, NetworkError, PackagesMissing, ValueError, KeyError,
        TimeoutError, PermissionError,
    ) as error:  # fmt: skip
        text = error.args[0] if isinstance(error, KeyError) else error
        print(f"error: {text}", file=sys.stderr)
        sys.exit(1)
    except ApiError as error:
        print(f"error: the API server refused: {error}", file=sys.stderr)
        sys.exit(1)
    except Unreachable as error:
        print(
            f"error: no API server answers ({error}): look at `steersman status`", file=sys.stderr
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
