"""Steps that show while they run, and how long each took. Must not know: what the steps do."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table


class Progress:
    """Prints one line per step: a spinner while it runs (on a terminal), then its time."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.began = time.monotonic()
        self.times: list[tuple[str, float]] = []

    @contextmanager
    def step(self, title: str) -> Iterator[list[str]]:
        """Run a step. Append a few words to the yielded list to show beside it."""
        begin = time.monotonic()
        notes: list[str] = []
        with self.console.status(f"{title} ..."):
            try:
                yield notes
            except BaseException:
                self.console.print(f"[red]✗[/] {title}")
                raise
        took = time.monotonic() - begin
        self.times.append((title, took))
        note = f" [dim]{' '.join(notes)}[/]" if notes else ""
        self.console.print(f"[green]✓[/] {title}{note} [dim]{took:.2f} s[/]")

    def mark(self, title: str) -> None:
        """Note a milestone: the time since the start of it all."""
        self.times.append((title, self.since()))

    def since(self) -> float:
        """Seconds since this object was made."""
        return time.monotonic() - self.began

    def table(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        """A plain table."""
        table = Table(title=title, title_justify="left", box=None, header_style="bold")
        for column in columns:
            table.add_column(column)
        for row in rows:
            table.add_row(*row)
        self.console.print(table)
