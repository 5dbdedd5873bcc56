"""`steersman status`: processes, replicas, nodes and pods at a glance."""

from deploy import demo, processes
from deploy.client import ApiError, Unreachable
from deploy.commands.replica import store_status
from deploy.options import DataDir, Name, find
from deploy.progress import Progress


def status(name: Name = "steersman", data_dir: DataDir = "") -> None:
    """Show what runs.

    Example: [bold]steersman status[/]
    """
    settings = find(name, data_dir)
    progress = Progress()
    rows = []
    for item in settings.processes():
        facts = processes.describe(settings, item.name)
        store = store_status(settings, item.name) if facts["state"] == "up" else {}
        revision = str(store.get("revision", ""))
        role = str(store.get("role", ""))
        rows.append(
            [item.name, item.zone, facts["state"], facts["pid"], facts["memory"], role, revision]
        )
    progress.table(
        f"Cluster {settings.name}",
        ["process", "zone", "state", "pid", "memory", "role", "revision"],
        rows,
    )
    try:
        api = demo.client(settings)
        nodes = api.call("GET", "/api/v1/nodes")["items"]
        pods = api.call("GET", "/api/v1/pods")["items"]
    except Unreachable:
        progress.console.print("\n[red]no API server answers[/]: a majority of replicas must run;")
        progress.console.print("start the missing ones with `steersman up`")
        raise SystemExit(1) from None
    except ApiError as error:
        progress.console.print(f"\n[red]the API server refused[/]: {error}")
        raise SystemExit(1) from None
    ready = sum(demo.condition(node, "Ready") for node in nodes)
    running = sum(pod.get("status", {}).get("phase") == "Running" for pod in pods)
    progress.console.print(
        f"\n{ready} of {len(nodes)} nodes ready, {running} of {len(pods)} pods running"
    )
