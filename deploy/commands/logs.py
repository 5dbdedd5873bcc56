"""`steersman logs`: what a process or a component logged."""

import datetime
import heapq
import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import IO, Annotated, Any

import msgspec
import typer

from cluster.settings import ClusterSettings
from deploy import processes
from deploy.options import DEFAULT_NAME, DataDir, Name, find

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
    more += [f"{key}={value}" for key, value in record.items() if key not in SHOWN]
    level = str(record.get("level", "info"))
    return f"{at} {level:<7} {who(record)}: {record.get('msg', '')} {' '.join(more)}".rstrip()


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


def decode(lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The log lines and notes among trace lines; a half-written line is passed over."""
    for line in lines:
        if b'"event":"log"' not in line and b'"event":"note"' not in line:
            continue
        try:
            yield msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue


class Tail:
    """The lines that are added to a process's newest trace file, across its rotation."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.file: IO[bytes] | None = None
        self.rest = b""
        self._open(os.SEEK_END)

    def lines(self) -> list[bytes]:
        """Whole lines since the last call."""
        if self.file is None and not self._open(os.SEEK_SET):
            return []
        assert self.file is not None
        found = self._read()
        if self._rotated():
            self.file.close()
            self._open(os.SEEK_SET)
            found += self._read()
        return found

    def _read(self) -> list[bytes]:
        if self.file is None:
            return []
        *found, self.rest = (self.rest + self.file.read()).split(b"\n")
        return found

    def _rotated(self) -> bool:
        assert self.file is not None
        try:
            return os.stat(self.path).st_ino != os.fstat(self.file.fileno()).st_ino
        except FileNotFoundError:
            return False

    def _open(self, whence: int) -> bool:
        try:
            self.file = open(self.path, "rb")  # noqa: SIM115  # a tail stays open
        except FileNotFoundError:
            self.file = None
            return False
        self.file.seek(0, whence)
        self.rest = b""
        return True


def coming(settings: ClusterSettings, files: list[str]) -> Iterator[dict[str, Any]]:
    """New records of several processes, until interrupted."""
    folder = os.path.join(settings.data_dir, "trace")
    tails = [Tail(os.path.join(folder, process, "trace.jsonl")) for process in files]
    while True:
        new = [record for tail in tails for record in decode(tail.lines())]
        yield from sorted(new, key=moment)
        if not new:
            time.sleep(0.2)
