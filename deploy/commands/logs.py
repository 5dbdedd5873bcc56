"""`steersman logs`: what a process or a component logged."""

import datetime
import os
import time
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from cluster.settings import ClusterSettings
from deploy import processes
from deploy.options import DEFAULT_NAME, DataDir, Name, find

SHOWN = {"ts", "event", "level", "msg", "actor", "process", "zone", "trace", "span"}
LEVELS = ("debug", "info", "warning", "error", "critical", "exception")


def logs(
    component: Annotated[str, typer.Argument(help="replica-1, node-2, scheduler, kubelet, ...")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    tail: Annotated[int, typer.Option(help="Lines from the end.")] = 200,
    debug: Annotated[bool, typer.Option("--debug", help="Lines of level debug too.")] = False,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Print the log of a process (replica-1, node-2), or of a component in all processes.

    Example: [bold]steersman logs scheduler --follow[/]
    """
    settings = find(name, data_dir)
    known = sorted(item.name for item in settings.processes())
    files = [component] if component in known else known
    actor = "" if component in known else component
    lines = [
        record
        for process in files
        for record in past(settings, process)
        if wanted(record, actor, debug)
    ]
    lines.sort(key=lambda record: float(record.get("ts", 0)))
    for record in lines[-tail:]:
        print(text(record))
    if component in known:
        print(processes.last_lines(settings, component, tail), end="")
    if not lines and actor and not follow:
        raise ValueError(f"nothing logged by {actor!r}; processes: {', '.join(known)}")
    if follow:
        for record in coming(settings, files):
            if wanted(record, actor, debug):
                print(text(record), flush=True)


def wanted(record: dict[str, Any], actor: str, debug: bool) -> bool:
    """Whether a record is a log line of the actor (or any, if '')."""
    if record.get("event") != "log" or (record.get("level") == "debug" and not debug):
        return False
    path = str(record.get("actor", "")).partition("@")[0].split("/")
    return not actor or actor in path


def text(record: dict[str, Any]) -> str:
    """One line for people."""
    moment = datetime.datetime.fromtimestamp(float(record["ts"])).strftime("%H:%M:%S.%f")[:-3]
    who = record.get("actor") or record.get("process", "")
    more = " ".join(f"{key}={value}" for key, value in record.items() if key not in SHOWN)
    return f"{moment} {record.get('level', ''):<7} {who}: {record.get('msg', '')} {more}".rstrip()


def trace_files(settings: ClusterSettings, process: str) -> list[str]:
    """The trace files of a process, oldest first."""
    folder = os.path.join(settings.data_dir, "trace", process)
    if not os.path.isdir(folder):
        return []
    found = [file for file in os.listdir(folder) if file.startswith("trace")]

    def age(file: str) -> int:
        middle = file.split(".")[1]
        return int(middle) if middle.isdigit() else 0

    return [os.path.join(folder, file) for file in sorted(found, key=age, reverse=True)]


def past(settings: ClusterSettings, process: str) -> Iterator[dict[str, Any]]:
    """All log records kept of a process."""
    for path in trace_files(settings, process):
        with open(path, "rb") as file:
            yield from decode(file)


def decode(lines: Any) -> Iterator[dict[str, Any]]:
    """The log records among trace lines; a half-written line is passed over."""
    for line in lines:
        if b'"event":"log"' not in line:
            continue
        try:
            yield msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue


def coming(settings: ClusterSettings, files: list[str]) -> Iterator[dict[str, Any]]:
    """New records of several processes, until interrupted."""
    handles = []
    for process in files:
        found = trace_files(settings, process)
        if found:
            handles.append(open(found[-1], "rb"))  # noqa: SIM115
            handles[-1].seek(0, os.SEEK_END)
    while True:
        quiet = True
        for handle in handles:
            for record in decode(handle.readlines()):
                quiet = False
                yield record
        if quiet:
            time.sleep(0.2)
