"""Steps that show while they run, and how long each took; tables. Must not know: what the steps do.

Nothing is cut or broken to fit: a line that is too long is left to the terminal, so that commands
and paths can be copied.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape


class Progress:
    """Prints one line per step: a spinner while it runs (on a terminal), then its time."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
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
        note = f" [dim]{escape(' '.join(notes))}[/]" if notes else ""
        self.console.print(f"[green]✓[/] {title}{note} [dim]{took:.2f} s[/]")

    def mark(self, title: str) -> None:
        """Note a milestone: the time since the start of it all."""
        self.times.append((title, self.since()))

    def since(self) -> float:
        """Seconds since this object was made."""
        return time.monotonic() - self.began

    def say(self, text: str = "", style: str = "") -> None:
        """Print text as it is."""
        self.console.print(text, style=style or None, markup=False)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A title, column heads (none if they are all empty), rows."""
        if title:
            self.say(title, "italic")
        lines = list(table([columns, *rows] if any(columns) else rows))
        if any(columns) and lines:
            self.say(lines.pop(0), "bold")
        for line in lines:
            self.say(line)


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows as aligned text, two blanks between columns, none at the end. Pure."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        yield "  ".join(cells).rstrip()
