"""Plots as SVG text: lines over time, spans by row, a band for each fault. Pure.

Colours are classes of the page's style, so that both schemes fit. Must not know: reports.
"""

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

WIDTH = 1000.0
# Left of the plot: labels of the vertical axis; right: room for the last label of time.
LEFT, RIGHT = 96.0, 16.0
ROW = 22.0
AXIS = 20.0
TIME_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200)
TIMES_MAX = 12


class Band(NamedTuple):
    """A stretch of time, as of a fault: seconds."""

    begin: float
    end: float
    title: str


class Line(NamedTuple):
    """``style``: its class (s1, s2, ... or bad). ``values``: one for each ``step`` seconds."""

    name: str
    style: str
    step: float
    values: Sequence[float | None]
    dashed: bool = False


class Bar(NamedTuple):
    """A span in a row, with a word in it if there is room."""

    row: str
    begin: float
    end: float
    style: str
    title: str
    word: str = ""


class Time(NamedTuple):
    """The horizontal axis: all plots of a page share it. ``end``: seconds. ``phases``:
    moments where another one begins."""

    end: float
    phases: tuple[float, ...] = ()

    def x(self, seconds: float) -> float:
        """Where a moment is."""
        share = min(max(seconds / self.end, 0.0), 1.0) if self.end > 0 else 0.0
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def ticks(self) -> list[float]:
        """Round moments."""
        step = next(
            (one for one in TIME_STEPS if self.end / one <= TIMES_MAX), math.ceil(self.end / 12)
        )
        return [float(step * number) for number in range(int(self.end / step) + 1)]


def clock(seconds: float) -> str:
    """``45 s``, ``2:05``, ``1:02:05``."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def line_plot(
    lines: Sequence[Line], time: Time, bands: Iterable[Band], height: float = 120.0,
    logarithmic: bool = False, label: str = "",
) -> str:  # fmt: skip
    """Lines from 0 up, or on a scale of powers of ten (values below 1 count as 1)."""
    values = [value for line in lines for value in line.values if value is not None]
    top = max(values, default=1.0)
    marks = log_marks(top) if logarithmic else linear_marks(top)
    high = marks[-1]

    def y(value: float) -> float:
        if logarithmic:
            share = math.log10(max(value, 1.0)) / max(math.log10(high), 1e-9)
        else:
            share = value / high
        return 6.0 + (1.0 - share) * (height - 6.0)

    parts = [_bands(bands, time, height), *(_mark(mark, y(mark)) for mark in marks)]
    for line in lines:
        dashed = " dashed" if line.dashed else ""
        for piece in pieces(line, time.end):
            points = " ".join(f"{time.x(at):.1f},{y(value):.1f}" for at, value in piece)
            if len(piece) == 1:
                (at, value), *_ = piece
                place = f'cx="{time.x(at):.1f}" cy="{y(value):.1f}"'
                parts.append(f'<circle class="dot {line.style}" {place} r="1.6"/>')
            else:
                parts.append(f'<polyline class="line {line.style}{dashed}" points="{points}"/>')
    parts += [_hover(lines, time, height), _time_axis(time, height)]
    return _svg(parts, height + AXIS, label)


def pieces(line: Line, end: float) -> list[list[tuple[float, float]]]:
    """The unbroken stretches of a line, as (seconds, value) in the middle of each step. A step
    that the end cuts to less than half has too little to tell."""
    found: list[list[tuple[float, float]]] = [[]]
    for number, value in enumerate(line.values):
        at = (number + 0.5) * line.step
        if value is None or at > end:
            found.append([])
        else:
            found[-1].append((at, value))
    return [piece for piece in found if piece]


def linear_marks(top: float) -> list[float]:
    """0 and up to four round numbers, the last not below ``top``."""
    if top < 1e-9:
        return [0.0, 1.0]
    unit = 10 ** math.floor(math.log10(top))
    steps = [unit * share for share in (0.25, 0.5, 1.0, 2.0, 2.5, 5.0)]
    step = next(one for one in steps if top / one <= 4.0)
    if step < 1 <= top:
        step = 1.0
    return [step * number for number in range(math.ceil(top / step - 1e-9) + 1)]


def log_marks(top: float) -> list[float]:
    """Powers of ten from 1 on, the last not below ``top``."""
    return [10.0**power for power in range(max(1, math.ceil(math.log10(max(top, 1.0)))) + 1)]


def bar_plot(
    rows: Sequence[str], bars: Sequence[Bar], time: Time, bands: Iterable[Band] = (),
    label: str = "",
) -> str:  # fmt: skip
    """Spans of time, a row for each name."""
    height = ROW * len(rows)
    parts = [_bands(bands, time, height)]
    for number, row in enumerate(rows):
        middle = ROW * (number + 0.5)
        parts.append(
            f'<text class="axis" x="{LEFT - 8}" y="{middle + 4:.1f}" text-anchor="end">'
            f"{escape(shortened(row, 16))}<title>{escape(row)}</title></text>"
        )
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{ROW * (number + 1)}" '
            f'y2="{ROW * (number + 1)}"/>'
        )
    parts += [_bar(bar, rows.index(bar.row), time) for bar in bars]
    parts.append(_time_axis(time, height))
    return _svg(parts, height + AXIS, label)


def _bar(bar: Bar, row: int, time: Time) -> str:
    left = time.x(bar.begin)
    width = max(time.x(bar.end) - left, 1.5)
    top = ROW * row + 4
    word = ""
    if bar.word and width > 7.0 * len(bar.word) + 6:
        word = (
            f'<text class="word" x="{left + width / 2:.1f}" y="{top + ROW / 2:.1f}" '
            f'text-anchor="middle">{escape(bar.word)}</text>'
        )
    return (
        f'<g><title>{escape(bar.title)}</title><rect class="bar {bar.style}" x="{left:.1f}" '
        f'y="{top:.1f}" width="{width:.1f}" height="{ROW - 8}" rx="2"/>{word}</g>'
    )


def shortened(text: str, most: int) -> str:
    """The text, or its beginning."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _bands(bands: Iterable[Band], time: Time, height: float) -> str:
    return "".join(
        f'<rect class="band" x="{time.x(band.begin):.1f}" y="0" '
        f'width="{max(time.x(band.end) - time.x(band.begin), 1.0):.1f}" height="{height}">'
        f"<title>{escape(band.title)}</title></rect>"
        for band in bands
    )


def _hover(lines: Sequence[Line], time: Time, height: float) -> str:
    """An unseen column for each step, which tells what all lines are at there."""
    if not lines:
        return ""
    step, count = lines[0].step, max(len(line.values) for line in lines)
    found = []
    for number in range(count):
        told = [
            f"{line.name}: {compact(value)}"
            for line in lines
            if number < len(line.values) and (value := line.values[number]) is not None
        ]
        left, right = time.x(number * step), time.x((number + 1) * step)
        title = escape("\n".join([clock(number * step), *told]))
        found.append(
            f'<rect class="hover" x="{left:.1f}" y="0" width="{right - left:.1f}" '
            f'height="{height}"><title>{title}</title></rect>'
        )
    return "".join(found)


def compact(value: float) -> str:
    """Three digits tell enough."""
    if value >= 10_000:
        return f"{value / 1000:.0f}k"
    if value >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}"


def _mark(value: float, y: float) -> str:
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="axis" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{compact(value)}'
        "</text>"
    )


def _time_axis(time: Time, height: float) -> str:
    phases = "".join(
        f'<line class="phase" x1="{time.x(at):.1f}" x2="{time.x(at):.1f}" y1="0" y2="{height}"/>'
        for at in time.phases
    )
    return phases + "".join(
        f'<text class="axis" x="{time.x(at):.1f}" y="{height + 15}" text-anchor="middle">'
        f"{clock(at)}</text>"
        for at in time.ticks()
    )


def _svg(parts: Sequence[str], height: float, label: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )
