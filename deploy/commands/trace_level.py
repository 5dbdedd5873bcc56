"""`steersman trace level`: how much is recorded, of which actor, while the processes run."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer

from actors.kit.trace_levels import LEVELS
from cluster.settings import ClusterSettings
from deploy import processes
from deploy.chaos import door
from deploy.options import DEFAULT_NAME, DataDir, Name, find

ALL = "all"
Row = tuple[str, float]


def level(
    actor: Annotated[
        str,
        typer.Argument(
            metavar="[ACTOR]", help="store, kubelet/streams, store@replica-1, @node-1, or all."
        ),
    ] = "",
    wanted: Annotated[str, typer.Argument(metavar="[LEVEL]", help=", ".join(LEVELS) + ".")] = "",
    sample: Annotated[
        float | None,
        typer.Option("--sample", metavar="SHARE", help="Keep this share of the traces, whole."),
    ] = None,
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Say how much is recorded, or set it; it holds until the process ends.

    off: nothing; notes: what actors note; messages: each message too, heartbeats counted
    (the default); routine: each heartbeat too.

    Examples: [bold]steersman trace level[/], [bold]steersman trace level store routine[/],
    [bold]steersman trace level all messages --sample 0.1[/]
    """
    if actor in LEVELS and not wanted:
        actor, wanted = "", actor
    short, _, process = actor.partition("@")
    fields: dict[str, Any] = {}
    if wanted or sample is not None:
        fields = {"actor": "" if short == ALL else short}
        fields |= {"level": wanted} if wanted else {}
        fields |= {"sample": sample} if sample is not None else {}
    elif short not in ("", ALL):
        raise ValueError(f"say which level {short} is to have: {', '.join(LEVELS)}")
    settings = find(name, data_dir)
    if fields.get("actor"):
        check_actor(settings, process, short)
    shut: list[str] = []
    found: dict[str, list[dict[str, Any]]] = {}
    for one in asked(settings, process):
        try:
            found[one] = door.ask(settings, one, "trace-level", fields=fields)["levels"]
        except door.DoorShut as error:
            shut.append(str(error))
    for line in lines(found):
        print(line)
    if shut:
        raise ValueError("; ".join(shut))


def check_actor(settings: ClusterSettings, process: str, actor: str) -> None:
    """Raises ValueError if none of the processes has an actor of that name, or one that it is a
    child of. Children come and go: only who they are of is looked at."""
    known: set[str] = set()
    for one in asked(settings, process):
        try:
            known.update(door.ask(settings, one, "trace-level", fields={})["actors"])
        except door.DoorShut:
            # The setting itself says so.
            return
    if actor.partition("/")[0] not in known:
        where = f" in {process}" if process else ""
        raise ValueError(
            f"no actor is called {actor!r}{where}: there are {', '.join(sorted(known))}, and their "
            "children, as kubelet/streams"
        )


def asked(settings: ClusterSettings, process: str) -> list[str]:
    """The processes that are meant: one, or all that run. Raises ValueError."""
    known = [one.name for one in settings.processes()]
    if process and process not in known:
        raise ValueError(f"no process is called {process!r}: there are {', '.join(known)}")
    running = [one for one in known if one in processes.find_all(settings)]
    return [process] if process else running


def lines(found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """A table; processes that have the same are one row."""
    same: dict[tuple[str, Row], list[str]] = {}
    for process, rows in found.items():
        for row in rows:
            key = (row["actor"] or ALL, (row["level"], row["sample"]))
            same.setdefault(key, []).append(process)
    table = [("ACTOR", "LEVEL", "SAMPLE", "PROCESSES")]
    for (actor, (wanted, share)), where in sorted(same.items(), key=lambda one: one[0][0] != ALL):
        table.append((actor, wanted, f"{share:g}", ", ".join(where)))
    return aligned(table)


def aligned(table: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Columns as wide as they must be."""
    rows = list(table)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip()
