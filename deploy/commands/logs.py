"""`steersman logs`: what a process or a component wrote."""

import json
import os
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from cluster.settings import ClusterSettings
from deploy import processes
from deploy.options import DataDir, Name, find


def logs(
    component: Annotated[str, typer.Argument(help="replica-1, node-2, scheduler, kubelet, ...")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    tail: Annotated[int, typer.Option(help="Lines from the end of each file.")] = 200,
    name: Name = "steersman",
    data_dir: DataDir = "",
) -> None:
    """Print the log of a process (replica-1, node-2), or of a component in all processes.

    Example: [bold]steersman logs scheduler --follow[/]
    """
    settings = find(name, data_dir)
    known = {item.name for item in settings.processes()}
    files = [component] if component in known else sorted(known)
    wanted = "" if component in known else component
    shown = 0
    for process in files:
        for line in processes.last_lines(settings, process, tail).splitlines():
            if _matches(line, wanted):
                shown += 1
                print(f"{process}: {line}" if wanted else line)
    if not shown and wanted and not follow:
        raise ValueError(f"nothing logged by {component!r}; processes: {', '.join(sorted(known))}")
    if follow:
        for process, line in _follow(settings, files):
            if _matches(line, wanted):
                print(f"{process}: {line}" if wanted else line, flush=True)


def _matches(line: str, component: str) -> bool:
    if not component:
        return True
    try:
        actor = str(json.loads(line).get("actor", ""))
    except (ValueError, AttributeError):
        return False
    return component in actor.partition("@")[0].split("/")


def _follow(settings: ClusterSettings, files: list[str]) -> Iterator[tuple[str, str]]:
    """New lines of several files, until interrupted."""
    handles = {}
    for process in files:
        path = processes.log_path(settings, process)
        if os.path.exists(path):
            handles[process] = open(path, encoding="utf-8", errors="replace")  # noqa: SIM115
            handles[process].seek(0, os.SEEK_END)
    while True:
        quiet = True
        for process, handle in handles.items():
            while line := handle.readline():
                quiet = False
                yield process, line.rstrip("\n")
        if quiet:
            time.sleep(0.2)
