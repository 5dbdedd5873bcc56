"""`steersman logs`: what a process or a component logged."""

import datetime
import heapq
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer

from cluster.settings import ClusterSettings
from deploy import processes
from deploy.options import DEFAULT_NAME, DataDir, Name, find
from deploy.tracing import files as trace_files
from deploy.tracing import tail as tail_module
from deploy.tracing.text import short

SHOWN = {
    "ts", "event", "level", "msg", "actor", "process", "zone", "trace", "span", "from", "hlc",
    "subject",
}  # fmt: skip
COMPONENTS = ("apiserver", "cloud", "controllers", "dns", "kubelet", "proxy", "scheduler", "store")


def logs(
    component: Annotated[
        str,
        typer.Argument(
            metavar="COMPONENT", help="A process (replica-1, node-2) or a component (scheduler)."
        ),
    ],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    tail: Annotated[int, typer.Option(metavar="N", min=1, help="Lines from the end.")] = 200,
    debug: Annotated[bool, typer.Option("--debug", help="Lines of level debug too.")] = False,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Print what a process, or a component in all processes, logged and did.

    Components: apiserver, cloud, controllers, dns, kubelet, proxy, scheduler, store.

    Example: [bold]steersman logs scheduler --follow[/]
    """
    settings = find(name, data_dir)
    known = [item.name for item in settings.processes()]
    files = [component] if component in known else known
    actor = "" if component in known else component
    latest = heapq.nlargest(tail, records(settings, files, actor, debug), key=moment)
    if not latest and actor and actor not in COMPONENTS:
        raise ValueError(
            f"nothing is called {actor!r}; components: {', '.join(COMPONENTS)}; processes: "
            f"{', '.join(known)}"
        )
    for record in reversed(latest):
        print(text(record))
    if component in known:
        print(processes.last_lines(settings, component, tail), end="")
    elif not latest:
        print(f"{actor} has logged nothing", file=sys.stderr)
    if follow:
        sys.stdout.flush()
        for record in coming(settings, files):
            if wanted(record, actor, debug):
                print(text(record), flush=True)


def records(
    settings: ClusterSettings, files: list[str], actor: str, debug: bool
) -> Iterator[dict[str, Any]]:
    """The kept records that are wanted, of several processes."""
    return (
        record
        for process in files
        for record in past(settings, process)
        if wanted(record, actor, debug)
    )


def moment(record: dict[str, Any]) -> float:
    """UNIX seconds."""
    return float(record.get("ts", 0))


def wanted(record: dict[str, Any], actor: str, debug: bool) -> bool:
    """Whether a record is a log line or a note of the actor (or of any, if '')."""
    if record.get("event") not in ("log", "note"):
        return False
    if record.get("level") == "debug" and not debug:
        return False
    return not actor or actor in who(record).partition("@")[0].split("/")


def who(record: dict[str, Any]) -> str:
    """The actor that wrote it, else its process."""
    return str(record.get("actor") or record.get("from") or record.get("process", ""))


def text(record: dict[str, Any]) -> str:
    """One line for people, in local time."""
    at = datetime.datetime.fromtimestamp(moment(record)).strftime("%H:%M:%S.%f")[:-3]
    more = [str(record["subject"])] if record.get("subject") else []
    more += [f"{key}={short(value)}" for key, value in record.items() if key not in SHOWN]
    level = str(record.get("level", "info"))
    return f"{at} {level:<7} {who(record)}: {record.get('msg', '')} {' '.join(more)}".rstrip()


def past(settings: ClusterSettings, process: str) -> Iterator[dict[str, Any]]:
    """All log records kept of a process."""
    for file in trace_files.opened(os.path.join(trace_files.trace_folder(settings), process)):
        with file:
            yield from decode(file)


def decode(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The log lines and notes among trace lines; a half-written line is passed over."""
    told = (line for line in lines if b'"event":"log"' in line or b'"event":"note"' in line)
    return trace_files.decoded(told)


def coming(settings: ClusterSettings, files: list[str]) -> Iterator[dict[str, Any]]:
    """New records of several processes, until interrupted."""
    for lines in tail_module.follow(settings, files):
        yield from sorted(decode(lines), key=moment)
