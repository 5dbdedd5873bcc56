"""`steersman status`: processes, replicas, nodes and pods at a glance."""

from cluster.settings import ClusterSettings
from deploy import administrator, demo, kubeconfig, processes
from deploy.chaos.ledger import standing
from deploy.client import Unreachable
from deploy.commands.replica import store_status
from deploy.distances import keepers
from deploy.options import DEFAULT_NAME, DataDir, Name, again, find
from deploy.progress import Progress
from deploy.tracing import exporter_process


def status(name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """Show what runs.

    Example: [bold]steersman status[/]
    """
    settings = find(name, data_dir)
    progress = Progress()
    rows = []
    alarms: dict[str, None] = {}
    for item in settings.processes():
        facts = processes.describe(settings, item.name)
        store = store_status(settings, item.name) if facts["state"] == "up" else {}
        revision = str(store.get("revision", ""))
        role = str(store.get("role", ""))
        alarms.update(dict.fromkeys(store.get("alarms", ())))
        rows.append(
            [item.name, item.zone, facts["state"], facts["pid"], facts["memory"], role, revision]
        )
    progress.table(
        f"Cluster {settings.name}",
        ["process", "zone", "state", "pid", "memory", "role", "revision"],
        rows,
    )
    if broken := standing(settings.data_dir):
        progress.say(broken)
    progress.say()
    check_majority(settings, rows)
    api = administrator.client(settings)
    nodes = api.call("GET", "/api/v1/nodes")["items"]
    pods = api.call("GET", "/api/v1/pods")["items"]
    ready = sum(demo.condition(node, "Ready") for node in nodes)
    running = sum(pod.get("status", {}).get("phase") == "Running" for pod in pods)
    progress.say(f"{ready} of {len(nodes)} nodes ready, {running} of {len(pods)} pods running")
    progress.say(f"kubeconfig: {kubeconfig.path(settings)}")
    if apart := keepers.line(settings):
        progress.say(apart)
    if exports := exporter_process.line(settings):
        progress.say(exports)
    for alarm in alarms:
        progress.say(f"alarm: {alarm}")


def check_majority(settings: ClusterSettings, rows: list[list[str]]) -> None:
    """Raises Unreachable with what to do if no replica leads, for then nothing can be asked."""
    if any(row[5] == "leader" for row in rows):
        return
    up = sum(row[2] == "up" for row in rows[: len(settings.replicas)])
    total = len(settings.replicas)
    if up and settings.store.engine == "etcd":
        raise Unreachable(
            f"no replica leads: look again in a few seconds, else see whether etcd answers at "
            f"{settings.store.endpoints}"
        )
    if up > total // 2:
        raise Unreachable("the replicas have no leader yet: look again in a second")
    raise Unreachable(
        f"no API server answers: {up} of {total} replicas run, and {total // 2 + 1} must; start "
        f"the missing ones with: steersman up{again(settings)}"
    )
