"""`steersman replica ...`: the control-plane replicas."""

import time
from typing import Annotated, Any

import typer

from cluster.messages.store import MembershipStatus
from cluster.settings import ClusterSettings
from deploy import administrator, launch, lock, processes, recovering, replicas
from deploy.client import ApiError, Unreachable, passing
from deploy.options import DEFAULT_NAME, DataDir, Name, again, find
from deploy.progress import Progress
from deploy.replica_hands import MachineHands, plan_replica
from deploy.store_door import StoreDoor, leader, member

app = typer.Typer(
    help="Control-plane replicas.\n\nExample: [bold]steersman replica kill replica-1[/]",
    no_args_is_help=True,
)
STATUS_PATH = "/debug/store"
# A replica answers this from its memory, or is stuck.
STATUS_SECONDS = 3.0
Replica = Annotated[str, typer.Argument(metavar="REPLICA", help="Name, as replica-1.")]


def store_status(settings: ClusterSettings, name: str) -> dict[str, Any]:
    """What a replica says of its store ({} if it is a node, or does not answer)."""
    address = next((r.api_addresses[-1] for r in settings.replicas if r.name == name), "")
    if not address:
        return {}
    try:
        client = administrator.client(settings, address)
        return client.call("GET", STATUS_PATH, timeout=STATUS_SECONDS)
    except (Unreachable, ApiError):
        return {}


@app.command("list")
def list_replicas(name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """List the replicas: who leads, who votes, at which term and revision.

    Example: [bold]steersman replica list[/]
    """
    settings = find(name, data_dir)
    rows = []
    for replica in settings.replicas:
        facts = processes.describe(settings, replica.name)
        store = store_status(settings, replica.name) if facts["state"] == "up" else {}
        keys = ("role", "term", "applied_index", "revision")
        rows.append(
            [replica.name, replica.zone, facts["state"], facts["pid"], kind(store, replica.name),
             *(str(store.get(key, "-")) for key in keys), replica.api_addresses[-1]]
        )  # fmt: skip
    columns = ["replica", "zone", "state", "pid", "kind", "role", "term", "applied", "revision",
               "address"]  # fmt: skip
    Progress().table(f"Replicas of {settings.name}", columns, rows)


def kind(store: dict[str, Any], name: str) -> str:
    """What a replica believes itself to be in the membership."""
    if not store:
        return "-"
    if name in store.get("learners", []):
        return "learner"
    return "voter" if name in store["members"] else "outside"


@app.command("status")
def status(
    replica: Annotated[str, typer.Argument(metavar="[REPLICA]", help="Default: all of them.")] = "",
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Show what a replica holds, and how far it is behind the leader.

    Example: [bold]steersman replica status replica-2[/]
    """
    settings = find(name, data_dir)
    wanted = [settings.replica(replica)] if replica else settings.replicas
    members = StoreDoor(settings).led()
    progress = Progress()
    for one in wanted:
        facts = processes.describe(settings, one.name)
        store = store_status(settings, one.name) if facts["state"] == "up" else {}
        rows = [["zone", one.zone], ["process", f"{facts['state']} {facts['pid']}"]]
        rows += [["memory", facts["memory"]]]
        rows += [[key, text(value)] for key, value in store.items() if key not in HIDDEN]
        rows += standing(members, one.name)
        progress.table(one.name, ["", ""], rows)
        progress.say()
    if members is None:
        raise Unreachable(f"the replicas have no leader: {replicas.way_out(settings)}")


HIDDEN = ("type", "member", "members", "learners")


def text(value: Any) -> str:
    """A value for people."""
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def standing(members: MembershipStatus | None, name: str) -> list[list[str]]:
    """What the leader knows of a member."""
    found = member(members, name) if members is not None else None
    if found is None:
        return []
    rows = [["kind", found.kind]]
    if not found.leader:
        rows += [["durable to", str(found.match)], ["replication", found.state]]
        rows += [["silent for", f"{found.silent_seconds:.1f} s"]]
    return rows


@app.command("add")
def add(
    zone: Annotated[
        str, typer.Option(metavar="ZONE", help="Zone; default: the one with the fewest.")
    ] = "",
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Add a replica to a running cluster: it learns everything first, then votes.

    Cut short, it is completed by running it again.

    Example: [bold]steersman replica add --zone b[/]
    """
    with lock.held(find(name, data_dir).data_dir):
        settings = find(name, data_dir)
        hands = MachineHands(settings.data_dir)
        added = replicas.add(hands, Progress(), lambda now: plan_replica(now, zone))
    print(f"{added} added in zone {find(name, data_dir).replica(added).zone}")


@app.command("remove")
def remove(replica: Replica, name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """Remove a replica for good: its vote, process, data and keys.

    Cut short, it is completed by running it again.

    Example: [bold]steersman replica remove replica-5[/]
    """
    with lock.held(find(name, data_dir).data_dir):
        settings = find(name, data_dir)
        replicas.remove(MachineHands(settings.data_dir), Progress(), replica)
    print(f"{replica} removed")


@app.command("transfer")
def transfer(
    replica: Annotated[
        str, typer.Argument(metavar="[REPLICA]", help="Default: the one that holds most.")
    ] = "",
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Make another replica the leader.

    Example: [bold]steersman replica transfer replica-2[/]
    """
    settings = find(name, data_dir)
    if replica:
        settings.replica(replica)
    door = StoreDoor(settings)
    began = time.monotonic()
    try:
        door.transfer(replica)
        took = time.monotonic() - began
    except ApiError as error:
        # It may have taken over after all, too late for the answer.
        took = time.monotonic() - began
        if not passing(error) or not replica or leader(door.members()) != replica:
            raise
    print(f"{leader(door.members())} leads, after {took * 1000:.0f} ms")


@app.command("rebuild")
def rebuild(replica: Replica, name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """Make a replica anew from the others: for one whose data was lost or is damaged.

    Cut short, it is completed by running it again.

    Example: [bold]steersman replica rebuild replica-2[/]
    """
    with lock.held(find(name, data_dir).data_dir):
        settings = find(name, data_dir)
        replicas.rebuild(MachineHands(settings.data_dir), Progress(), replica)
    print(f"{replica} votes again")


@app.command("recover")
def recover(
    replica: Annotated[
        str, typer.Argument(metavar="[REPLICA]", help="Default: the one that holds most.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """After most replicas were lost for good: go on from one that is left.

    What only the lost replicas held is lost. The others are made anew from the one that is left.
    Cut short, it is completed by running it again.

    Example: [bold]steersman replica recover --yes[/]
    """
    settings = find(name, data_dir)
    if not yes:
        typer.confirm(
            "This ends all replicas and goes on from one of them. What only the others held is "
            "lost. Go on?",
            abort=True,
        )
    with lock.held(settings.data_dir):
        chosen = recovering.recover(MachineHands(settings.data_dir), Progress(), replica)
    print(f"the cluster goes on from {chosen}")


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
