"""`steersman trace`: why something happened, from the records of every message.

`steersman trace deployment/web` is short for a command of its own: what is no command's name is an
object.
"""

import difflib
import sys
import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer
import typer.core

from cluster import trace_subjects, trace_tree
from cluster.settings import ClusterSettings
from cluster.trace_subjects import Record
from deploy.chaos import history
from deploy.commands import trace_export, trace_level
from deploy.options import DEFAULT_NAME, DataDir, Name, again, find
from deploy.tracing import files, live, lookup, standings, tail, text, window
from deploy.tracing import why as why_module

OBJECT = "of"
Full = Annotated[
    bool, typer.Option("--full", help="Every message: reads, events, store transactions too.")
]
TARGET = "KIND/NAME or KIND/NAMESPACE/NAME."


class ObjectOrCommand(typer.core.TyperGroup):
    """A group whose first word may be an object instead of a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises ValueError for a word that is neither."""
        first = args[0] if args else "--help"
        if first not in self.commands and first != "--help":
            if not first.startswith("-") and "/" not in first:
                raise ValueError(neither(first, [*self.commands]))
            args = [OBJECT, *args]
        found: list[str] = super().parse_args(ctx, args)
        return found


def neither(word: str, commands: Sequence[str]) -> str:
    """What to do about a word that is no command and no object."""
    shown = [command for command in commands if command != OBJECT]
    close = difflib.get_close_matches(word, shown, 1)
    meant = f"did you mean steersman trace {close[0]}? " if close else ""
    return (
        f"{word!r} is no object and no command: {meant}"
        "(objects are KIND/NAME or KIND/NAMESPACE/NAME, as deployment/web; commands are "
        f"{', '.join(sorted(shown))})"
    )


app = typer.Typer(
    cls=ObjectOrCommand,
    help="Why something happened: the causal tree of an object's last change, of one request, of "
    "a window of time, or as it happens.\n\n"
    "Examples: [bold]steersman trace deployment/web[/], [bold]steersman trace --follow[/], "
    "[bold]steersman trace since 5m --errors[/]",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


@app.command(OBJECT, hidden=True)
def of(
    target: Annotated[str, typer.Argument(metavar="OBJECT", help=TARGET)] = "",
    every: Annotated[bool, typer.Option("--all", help="All traces, not only the last.")] = False,
    full: Full = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="New chains as they happen (OBJECT is optional).")
    ] = False,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Print what a request caused, down to the container starts, with times in milliseconds.

    at: since the first record; hop: on its way from sender to receiver; took: to be handled.

    Example: [bold]steersman trace deployment/web[/]
    """
    settings = find(name, data_dir)
    if follow:
        print_live(settings, target, full)
        return
    if not target:
        raise ValueError("name an object, as steersman trace deployment/web, or give --follow")
    namespace, object_name = trace_subjects.target(target)[1:]
    found = trace_subjects.traces_of(files.records(settings, 0.0, object_name), target)
    if not found:
        raise ValueError(lookup.advice(target, lookup.known_objects(files.records(settings))))
    kept = records_of(settings, found)
    chosen = found
    if not every:
        # What somebody asked for tells more than what happened by itself.
        chosen = (trace_subjects.asked_for(kept, found) or found)[-1:]
    for identity in chosen:
        more = (
            f" ({len(found)} are kept of {target}; all: --all)" if len(chosen) < len(found) else ""
        )
        print(f"trace {identity}{more}")
        print_tree(kept, identity, full, namespace)
        for trace in lookup.continued(files.records(settings, 0.0, identity), identity):
            print(f"and in trace {trace}, with what others asked for")


@app.command("request")
def request(
    words: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="A trace id or its beginning, a span id, a traceparent, an Audit-Id."
        ),
    ],
    full: Full = False,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Print what one request caused: by the Audit-Id or traceparent that its answer carried.

    Example: [bold]steersman trace request 45964bdf2dc97d51[/]
    """
    settings = find(name, data_dir)
    wanted = lookup.identity(words)
    found = lookup.traces(files.records(settings, 0.0, wanted.text), wanted)
    if not found:
        raise ValueError(
            f"no record of {words} is kept: give a trace id, a span id, or the Audit-Id or "
            f"traceparent of an answer (steersman trace since 10m{again(settings)} lists traces)"
        )
    if len(found) > 1:
        raise ValueError(f"{words} may be any of {len(found)} traces: {', '.join(found[:4])} …")
    kept = records_of(settings, found)
    print(f"trace {found[0]}")
    print_tree(kept, found[0], full, "default", wanted.span)
    for trace in lookup.continued(files.records(settings, 0.0, found[0]), found[0]):
        print(f"and in trace {trace}, with what others asked for")


@app.command("since")
def since(
    words: Annotated[str, typer.Argument(metavar="DURATION", help="As 30s, 5m, 1h30m.")],
    errors: Annotated[
        bool, typer.Option("--errors", help="Only chains in which something failed.")
    ] = False,
    slow: Annotated[
        str,
        typer.Option("--slow", metavar="DURATION", help="Only those whose first step took longer."),
    ] = "",
    every: Annotated[
        bool, typer.Option("--all", help="Also those that only read or renewed leases.")
    ] = False,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """List what began in the last while: a line for each chain, the oldest first.

    took: the first step; chain: until its last consequence; both milliseconds. size: messages and
    notes; failed: messages that were refused or found nobody.

    Example: [bold]steersman trace since 5m --slow 1s[/]
    """
    settings = find(name, data_dir)
    begin = time.time() - window.seconds(words)
    slowest = window.seconds(slow) * 1000 if slow else 0.0
    found = window.chains(files.records(settings, begin), begin)
    wanted = [one for one in found if one.begins and (one.failed or not errors)]
    wanted = [one for one in wanted if (one.took or 0.0) >= slowest]
    shown = [one for one in wanted if one.tells or one.failed or every]
    if shown:
        print(window.HEAD)
    for one in shown:
        print(window.line(one))
    hidden = len(wanted) - len(shown)
    more = f", and {hidden} that only read or renewed leases (--all)" if hidden else ""
    print(f"{len(shown)} chains in the last {words}{more}", file=sys.stderr)


@app.command("why")
def why(
    target: Annotated[
        str, typer.Argument(metavar="OBJECT", help=f"{TARGET} Also replica/NAME, leader.")
    ],
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Tell in plain words why an object is as it is: who made it, placed it, stopped it, and why;
    of a replica, whom it followed and when it led; of the leader, who led and why that changed.

    In brackets: the beginning of the trace (steersman trace request).

    Examples: [bold]steersman trace why pod/web-1[/], [bold]steersman trace why leader[/]
    """
    settings = find(name, data_dir)
    faults = history.read(settings.data_dir)
    if target == why_module.LEADER or why_module.Subject(target).plural == why_module.REPLICAS:
        of_leaders = list(files.records(settings, 0.0, *standings.TEXTS))
        entries = why_module.of_leaders(target, of_leaders, faults)
        if not entries:
            raise ValueError(f"nothing of {target} is kept: replicas are named as `status` does")
        print_story(entries)
        return
    subject = why_module.Subject(target)
    # A decision on another object may be why this one changed: every decision says "why".
    texts = (subject.name, '"why":', *standings.TEXTS)
    records = list(files.records(settings, 0.0, *texts))
    traces = trace_subjects.traces_of(records, target)
    if not traces:
        raise ValueError(lookup.advice(target, lookup.known_objects(files.records(settings))))
    chosen = set(traces)
    kept = [one for one in records if one.get("trace") not in chosen]
    kept = [one for one in kept if why_module.wanted(one, subject)]
    kept += records_of(settings, traces)
    print_story(why_module.story(traces, kept, target, faults))


app.command("export")(trace_export.export)
app.command("level")(trace_level.level)


def print_story(entries: list[why_module.Entry]) -> None:
    """In order of time."""
    for line in why_module.lines(entries):
        print(line)


def print_tree(
    records: list[Record],
    identity: str,
    full: bool,
    namespace: str = "",
    marked: str = "",
) -> None:
    """One trace's tree. One that only read is shown in full: there is nothing else."""
    roots = trace_tree.build(records, identity)
    print(text.HEAD)
    lines = list(text.render(roots, full, namespace, marked))
    for line in lines or text.render(roots, True, namespace, marked):
        print(line)


def records_of(settings: ClusterSettings, traces: list[str]) -> list[Record]:
    """All records of some traces."""
    wanted = set(traces)
    only = traces[:1] if len(traces) == 1 else []
    return [one for one in files.records(settings, 0.0, *only) if one.get("trace") in wanted]


def print_live(settings: ClusterSettings, target: str, full: bool) -> None:
    """New chains, until interrupted."""
    chains = live.Live(target, full)
    pause = live.SETTLE_SECONDS / 2
    follower = tail.Follower(settings)
    try:
        while True:
            follower.wait(pause if chains.is_waiting else 60.0)
            chains.take(files.decoded(follower.lines()))
            for line in chains.lines(time.time()):
                print(line, flush=True)
    except KeyboardInterrupt:
        return
    finally:
        follower.close()
