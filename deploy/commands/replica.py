"""`steersman replica list|kill|start`: the control-plane replicas."""

from typing import Annotated, Any

import typer

from cluster.settings import ClusterSettings
from deploy import demo, launch, lock, processes
from deploy.client import ApiError, Unreachable
from deploy.options import DEFAULT_NAME, DataDir, Name, again, find
from deploy.progress import Progress

app = typer.Typer(
    help="Control-plane replicas.\n\nExample: [bold]steersman replica kill replica-1[/]",
    no_args_is_help=True,
)
STATUS_PATH = "/debug/store"
Replica = Annotated[str, typer.Argument(metavar="REPLICA", help="Name, as replica-1.")]


def store_status(settings: ClusterSettings, name: str) -> dict[str, Any]:
    """What a replica says of its store ({} if it is a node, or does not answer)."""
    address = next((r.api_addresses[-1] for r in settings.replicas if r.name == name), "")
    if not address:
        return {}
    try:
        return demo.client(settings, address).call("GET", STATUS_PATH)
    except (Unreachable, ApiError):
        return {}


@app.command("list")
def list_replicas(name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """List the replicas: who leads, at which term and revision.

    Example: [bold]steersman replica list[/]
    """
    settings = find(name, data_dir)
    rows = []
    for replica in settings.replicas:
        facts = processes.describe(settings, replica.name)
        store = store_status(settings, replica.name) if facts["state"] == "up" else {}
        keys = ("role", "term", "applied_index", "revision")
        rows.append(
            [replica.name, replica.zone, facts["state"], facts["pid"],
             *(str(store.get(key, "-")) for key in keys), replica.api_addresses[-1]]
        )  # fmt: skip
    columns = ["replica", "zone", "state", "pid", "role", "term", "applied", "revision", "address"]
    Progress().table(f"Replicas of {settings.name}", columns, rows)


@app.command("kill")
def kill(replica: Replica, name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """Kill a replica with SIGKILL, as a power cut would.

    Example: [bold]steersman replica kill replica-1[/]
    """
    settings = find(name, data_dir)
    settings.replica(replica)
    kill_process(settings, replica, f"steersman replica start {replica}{again(settings)}")


@app.command("start")
def start(replica: Replica, name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """Start a replica that does not run.

    Example: [bold]steersman replica start replica-1[/]
    """
    settings = find(name, data_dir)
    settings.replica(replica)
    start_process(settings, replica)
    print(f"{replica} is ready")


def kill_process(settings: ClusterSettings, name: str, back: str) -> None:
    """SIGKILL one process. ``back``: the command that starts it again. Raises ValueError."""
    if processes.kill(settings, name) is None:
        raise ValueError(f"{name} does not run: start it with: {back}")
    print(f"{name} killed; bring it back with: {back}")


def start_process(settings: ClusterSettings, name: str) -> None:
    """Start one process and wait until it is ready. Raises LaunchError, ValueError, Busy."""
    with lock.held(settings.data_dir):
        if processes.find(settings, name) is not None:
            raise ValueError(f"{name} runs already")
        launch.start(settings, name)
