"""How many operations per second, how long each takes: ours and etcd by turns, in one run."""

import statistics
from dataclasses import dataclass
from typing import Any

from tests.bench.store_contestants import Contestant
from tests.bench.store_load import Figures

OPERATIONS = {
    "put": "put",
    "txn": "create transaction",
    "get": "linearizable get",
    "serializable": "serializable get",
}


@dataclass(frozen=True)
class Cell:
    """One line of the table."""

    op: str
    clients: int
    size: int

    @property
    def title(self) -> str:
        """For people."""
        return f"{OPERATIONS[self.op]}, {self.size // 1024} KiB, {self.clients} in flight"


FULL = [
    *(Cell(op, clients, 1024) for op in ("put", "txn") for clients in (1, 16, 64, 256)),
    *(Cell("txn", clients, 3072) for clients in (1, 64, 256)),
    Cell("put", 64, 3072),
    *(Cell(op, clients, 1024) for op in ("get", "serializable") for clients in (1, 16, 64, 256)),
]
QUICK = [Cell("txn", 1, 1024), Cell("txn", 64, 1024), Cell("put", 64, 1024), Cell("get", 64, 1024)]


def fresh(contestant: Contestant, op: str, clients: int, seconds: float, **more: Any) -> Figures:
    """The figures of a load on new members."""
    contestant.start()
    try:
        return contestant.load(op, clients, seconds, **more).result()
    finally:
        contestant.stop()


def rate(figures: Figures) -> float:
    """Operations per second."""
    return figures.operations / figures.seconds


def brief(figures: Figures) -> str:
    """For one line."""
    errors = f", {figures.errors} errors" if figures.errors else ""
    return f"{rate(figures):8,.0f}/s p50 {figures.p50_ms:6.2f} p99 {figures.p99_ms:7.2f} ms{errors}"


def speed(ours: Contestant, rival: Contestant, cells: list[Cell], rounds: int, secs: float) -> None:
    """Every cell, ``rounds`` times by turns; medians."""
    print(
        "\n| operation | steersman /s (p50 / p99 ms) | etcd /s (p50 / p99 ms) | ratio | p99 ratio |"
    )
    print("|---|---|---|---|---|")
    for cell in cells:
        pairs = [
            tuple(fresh(one, cell.op, cell.clients, secs, size=cell.size) for one in (ours, rival))
            for _ in range(rounds)
        ]
        print(line(cell.title, pairs), flush=True)


def line(title: str, pairs: list[tuple[Figures, ...]]) -> str:
    """Medians of one cell's rounds, as a row of the table."""
    middle = statistics.median
    columns = [title]
    for position in (0, 1):
        own = [pair[position] for pair in pairs]
        errors = sum(figures.errors for figures in own)
        columns.append(
            f"{middle(map(rate, own)):,.0f} ({middle(f.p50_ms for f in own):.2f} / "
            f"{middle(f.p99_ms for f in own):.2f})" + (f", {errors} errors" if errors else "")
        )
    columns.append(f"{middle(rate(a) / rate(b) for a, b in pairs):.2f}")
    columns.append(f"{middle(a.p99_ms / b.p99_ms for a, b in pairs):.2f}")
    return f"| {' | '.join(columns)} |"


def watch(ours: Contestant, rival: Contestant, rounds: int, seconds: float, watchers: int) -> None:
    """Deliveries per second to many watchers of one prefix, while 16 callers put."""
    results: list[list[float]] = [[], []]
    for _ in range(rounds):
        for position, one in enumerate((ours, rival)):
            figures = fresh(one, "watch", 16, seconds, watchers=watchers)
            due = figures.operations * watchers
            missing = due - figures.deliveries
            results[position].append(figures.deliveries / figures.seconds)
            print(
                f"  {one.title}: {figures.operations} puts, {figures.deliveries:,} of {due:,} "
                f"deliveries in {figures.seconds:.1f} s"
                + (f", {missing:,} late" if missing else "")
            )
    mine, theirs = (statistics.median(found) for found in results)
    ratio = statistics.median(a / b for a, b in zip(*results, strict=True))
    print(
        f"watch fan-out to {watchers}: steersman {mine:,.0f}/s, etcd {theirs:,.0f}/s deliveries, "
        f"ratio {ratio:.2f}"
    )
