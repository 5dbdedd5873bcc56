"""`steersman chaos ...`: break the cluster on purpose, and mend it.

Each verb is a command. Works while the control plane is down: nothing here needs it.
"""

import asyncio
import getpass
import json
import os
import time
from collections.abc import Callable
from typing import Annotated, Protocol

import msgspec
import typer

from cluster.chaos import plan
from cluster.chaos.orders import VERBS as VERBS_OF_ORDERS
from cluster.chaos.orders import Active, Healed, Order
from deploy import state
from deploy.chaos import looking, words
from deploy.chaos.agent import USER_VARIABLE, Agent
from deploy.chaos.interrupted import NUMBERS, Interrupted, deaf, listening
from deploy.chaos.ledger import Entry
from deploy.chaos.local import Chaos
from deploy.options import DEFAULT_NAME, DataDir, Name, again, find
from deploy.progress import Progress

# After so long it is noticed that the cluster is gone.
GONE_SECONDS = 2.0
# What was asked for happened, but nothing was seen that proves it.
IN_DOUBT = 3


class Mends(Protocol):
    """See ``Chaos``."""

    def heal(self, active: Active) -> Healed:
        """Mend one fault."""

    def active(self) -> list[Active]:
        """What is broken."""


app = typer.Typer(
    help="Break the cluster on purpose, and mend it (docs/chaos.md).\n\n"
    "Targets: leader, followers, follower, replicas, nodes, all, minority, majority, zone/b, "
    "node/n2, replica/replica-1, a name, random, random-replica, random-node, random-zone; "
    "several with commas between. Exit code 3: it was done, but nothing proves that it took "
    "effect.\n\nExample: [bold]steersman chaos kill leader --for 30s[/]",
    no_args_is_help=True,
)
zone_app = typer.Typer(help="A whole zone.", no_args_is_help=True)
docker_app = typer.Typer(help="The container engine, its containers and images.",
                         no_args_is_help=True)  # fmt: skip
app.add_typer(zone_app, name="zone")
app.add_typer(docker_app, name="docker")

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TARGET]", show_default=False, help="Whom it hits; default: random."),
]
Lasts = Annotated[
    str,
    typer.Option("--for", metavar="TIME", show_default=False,
                 help="Wait so long (30s, 2m), then heal; also when interrupted. "
                 "Default: until `steersman chaos heal`."),
]  # fmt: skip
Seed = Annotated[
    int | None,
    typer.Option("--seed", metavar="N", show_default=False,
                 help="Draws what is random; default: the clock."),
]  # fmt: skip
Direction = Annotated[
    str,
    typer.Option("--way", metavar="WAY", help="both, out (what the first target sends), in, or "
                 "(of partition) bridge: two halves that both hear the target."),
]  # fmt: skip
Jitter = Annotated[
    str, typer.Option("--jitter", metavar="TIME", help="Up to so much more.", show_default=False)
]
Rate = Annotated[
    float, typer.Option("--rate", metavar="N", help="Of clock: it runs so many times as fast.")
]
# Of an amount that begins with "-": it is no option.
SIGNED = {"ignore_unknown_options": True}


OUTAGE = "Everything in a zone loses power: processes and containers."
# (group, command, verb, what it does, an example)
VERBS = (
    (app, "kill", "kill",
     "Kill processes with SIGKILL, as a power cut would; healed: they run again.",
     "kill leader --for 30s"),
    (app, "pause", "pause",
     "Stop processes with SIGSTOP: they keep all they have, and do nothing.",
     "pause replica/replica-1 --for 10s"),
    (app, "restart", "restart", "End processes in order, and start them again.",
     "restart followers"),
    (app, "partition", "partition",
     "Nothing gets through between two targets, or one and the rest.",
     "partition zone/a zone/b --for 30s"),
    (app, "delay", "delay", "What is sent takes longer, each way.",
     "delay zone/a zone/b 40ms --jitter 5ms"),
    (app, "loss", "loss", "A share of the messages is lost.", "loss leader 10%"),
    (app, "duplicate", "duplicate", "A share of the messages comes twice.", "duplicate leader 10%"),
    (app, "reorder", "reorder", "A share of the messages comes late.", "reorder leader 10%"),
    (app, "bandwidth", "bandwidth", "Links carry no more than so much.",
     "bandwidth leader 100kB/s"),
    (app, "slow-disk", "slow-disk", "Each sync of a replica's disk takes longer.",
     "slow-disk leader 200ms"),
    (app, "disk-full", "disk-full", "Nothing can be written to a replica's disk.",
     "disk-full follower"),
    (app, "fsync-error", "fsync-error", "The next sync of a replica's disk fails, once.",
     "fsync-error follower"),
    (app, "torn-write", "torn-write",
     "Of the next write of a replica only a share reaches the disk, and it dies; healed: it runs "
     "again.", "torn-write follower 50%"),
    (app, "zone-outage", "zone-outage", OUTAGE, "zone-outage zone/b --for 30s"),
    (zone_app, "outage", "zone-outage", OUTAGE, "zone outage b --for 30s"),
    (docker_app, "restart", "engine-restart",
     "Restart the container engine (that steersman started); with --for it is down so long. Its "
     "containers go on.", "docker restart --for 10s"),
    (docker_app, "kill-container", "container-kill",
     "Kill so many containers behind their kubelets' backs.", "docker kill-container node/n2 3"),
    (docker_app, "kill-sandbox", "sandbox-kill", "Kill so many pods' sandboxes: their networks.",
     "docker kill-sandbox"),
    (docker_app, "remove-image", "image-remove",
     "Remove so many of the images that steersman loaded; healed: they are loaded again.",
     "docker remove-image 2"),
)  # fmt: skip


def plain(verb: str) -> Callable[..., None]:
    """The command of a verb with one target."""

    def command(
        target: Words = None, lasts: Lasts = "", seed: Seed = None, name: Name = DEFAULT_NAME,
        data_dir: DataDir = "",
    ) -> None:  # fmt: skip
        carry_out(name, data_dir, words.order(verb, target or [], lasts), seed)

    return command


def linked(verb: str) -> Callable[..., None]:
    """The command of a verb between two targets, or one and all others."""

    def command(
        target: Words = None, lasts: Lasts = "", way: Direction = "both", jitter: Jitter = "",
        seed: Seed = None, name: Name = DEFAULT_NAME, data_dir: DataDir = "",
    ) -> None:  # fmt: skip
        order = words.order(verb, target or [], lasts, way, jitter)
        carry_out(name, data_dir, order, seed)

    return command


for _group, _name, _verb, _text, _typed in VERBS:
    _help = f"{_text}\n\nExample: [bold]steersman chaos {_typed}[/]"
    _command = linked(_verb) if _verb in plan.LINKS else plain(_verb)
    _group.command(_name, help=_help)(_command)
    if _verb not in (_name, "zone-outage"):
        # By its name in scenarios too.
        app.command(_verb, help=_help, hidden=True)(_command)


@app.command("clock", context_settings=SIGNED)
def clock(
    target: Words = None, rate: Rate = 1.0, lasts: Lasts = "", seed: Seed = None,
    name: Name = DEFAULT_NAME, data_dir: DataDir = "",
) -> None:  # fmt: skip
    """Set the wall clock of processes forward or back, or let it run faster or slower.

    Example: [bold]steersman chaos clock leader -30s --for 1m[/]
    """
    carry_out(name, data_dir, words.order("clock", target or [], lasts, rate=rate), seed)


@app.command("heal")
def heal(
    faults: Annotated[
        list[str] | None, typer.Argument(metavar="[FAULT]...", help="As kill-1. Default: all.")
    ] = None,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Mend what is broken, the newest first.

    Example: [bold]steersman chaos heal[/]
    """
    settings = find(name, data_dir)
    chaos, progress = Chaos(settings.data_dir, user()), Progress()
    standing = {active.name: active for active in chaos.active()}
    for wanted in faults or ():
        if wanted not in standing:
            there = ", ".join(standing) or "none"
            raise ValueError(f"there is no fault {wanted!r}; there is: {there}")
    chosen = [one for one in standing.values() if not faults or one.name in faults]
    if not chosen:
        progress.say("nothing is broken")
        return
    with listening():
        doubts = mend(chaos, list(reversed(chosen)), lambda one: told(progress, one))
        if len(chosen) > 1 and not chaos.active():
            # While others stood it could not be told whether all is well.
            found = looking.well(settings, [item.name for item in settings.processes()])
            progress.say(f"all: {found.doubt or found.proof}")
            doubts.append(found.doubt)
    if any(doubts):
        raise typer.Exit(IN_DOUBT)


def mend(chaos: Mends, chosen: list[Active], tell: Callable[[Healed], object]) -> list[str]:
    """Heal these, one after the other. What another of them kept from being healed is tried again
    once that is over. Returns each one's doubt, '' if there is none."""
    doubts: dict[str, str] = {}
    waiting = chosen
    while waiting:
        for active in waiting:
            healed = chaos.heal(active)
            tell(healed)
            doubts[active.name] = healed.doubt
        standing = {active.name for active in chaos.active()}
        left = [active for active in waiting if active.name in standing]
        waiting = left if len(left) < len(waiting) else []
    return list(doubts.values())


@app.command("status")
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Show what is broken, who asked for it, and until when.

    Example: [bold]steersman chaos status[/]
    """
    settings = find(name, data_dir)
    entries = Chaos(settings.data_dir).ledger.entries()
    if as_json:
        print(json.dumps([msgspec.to_builtins(entry.active) for entry in entries]))
        return
    progress = Progress()
    if not entries:
        progress.say("nothing is broken")
        return
    columns = ["fault", "order", "hit", "by", "since", "ends"]
    now = time.time()
    progress.table(f"Broken in {settings.name}", columns, [row(entry, now) for entry in entries])
    for entry in entries:
        progress.say()
        report(progress, entry.active)
    progress.say(f"\nmend it with: steersman chaos heal{again(settings)}")


@app.command("serve")
def serve(name: Name = DEFAULT_NAME, data_dir: DataDir = "") -> None:
    """Carry out what the page at /ui asks for, until it is interrupted; then heal that.

    Example: [bold]steersman chaos serve[/]
    """
    settings = find(name, data_dir)
    progress = Progress()
    verbs = (*VERBS_OF_ORDERS, "zone", "docker", "heal", "status")
    agent = Agent(settings.data_dir, verbs, progress.say)
    progress.say(f"the page may break {settings.name} now; Ctrl-C ends that")
    asyncio.run(serving(agent, settings.data_dir))


async def serving(agent: Agent, data_dir: str) -> None:
    """Until a signal, or until there is no cluster any more."""
    stopping = asyncio.Event()
    for number in NUMBERS:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    serving = asyncio.create_task(agent.run(stopping))
    while not serving.done() and state.exists(data_dir):
        await asyncio.wait([serving], timeout=GONE_SECONDS)
    stopping.set()
    await serving


def row(entry: Entry, now: float) -> list[str]:
    """A fault in the table."""
    active = entry.active
    ends = "until it is healed"
    if entry.phase == "healing":
        ends = "being healed" if entry.kept() else "its healing was cut short: heal it"
    elif entry.phase == "beginning":
        ends = "being put in" if entry.kept() else "its beginning was cut short: heal it"
    elif active.until and entry.kept():
        ends = f"in {words.ago(active.until - now)}"
    elif active.until:
        ends = "nobody ends it any more: heal it"
    since = f"{words.ago(now - active.since)} ago"
    return [active.name, words.about(active.order), hit(active), active.user or "-", since, ends]


def hit(active: Active) -> str:
    """Who suffers, for people."""
    names = ",".join(active.names)
    return f"{names} | {','.join(active.others)}" if active.others else names


def carry_out(name: str, data_dir: str, order: Order, seed: int | None) -> None:
    """Break it, and mend it again if the order says when. Raises what cannot be, typer.Exit."""
    settings = find(name, data_dir)
    chaos, progress = Chaos(settings.data_dir, user()), Progress()
    drawn = time.time_ns() % 1_000_000 if seed is None else seed
    begun: list[Active] = []
    doubts: list[str] = []
    try:
        with listening():
            active = chaos.inject(order, drawn, begun.append)
            report(progress, active)
            if "random" in f"{order.target}{order.other}" and seed is None:
                progress.say(f"  drawn with --seed {drawn}")
            doubts.append(active.doubt)
            if plan.at_once(order) or order.seconds:
                time.sleep(max(0.0, active.until - time.time()) if order.seconds else 0.0)
                with deaf():
                    doubts.append(told(progress, chaos.heal(active)).doubt)
            else:
                progress.say(f"  heal it with: steersman chaos heal {active.name}{again(settings)}")
    except Interrupted as interruption:
        with deaf():
            for active in begun:
                doubts.append(told(progress, chaos.heal(active)).doubt)
        raise typer.Exit(128 + interruption.number) from None
    if any(doubts):
        raise typer.Exit(IN_DOUBT)


def report(progress: Progress, active: Active) -> None:
    """What was done, and why it is known."""
    progress.say(f"{active.name}: {words.about(active.order)}: {hit(active)}")
    if active.proof:
        progress.say(f"  proof: {active.proof}")
    if active.doubt:
        progress.say(f"  IN DOUBT: {active.doubt}")


def told(progress: Progress, healed: Healed) -> Healed:
    """Say what was healed, and why it is known."""
    progress.say(f"{healed.active.name}: healed" if not healed.doubt else
                 f"{healed.active.name}: healing is IN DOUBT: {healed.doubt}")  # fmt: skip
    if healed.proof:
        progress.say(f"  proof: {healed.proof}")
    return healed


def user() -> str:
    """Who asks."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"
    return os.environ.get(USER_VARIABLE) or os.environ.get("SUDO_USER") or name
