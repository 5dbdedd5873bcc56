"""From a report to its page. Pure: the same report, the same bytes."""

import datetime
from collections.abc import Iterator, Sequence
from html import escape

from cluster.chaos.report import Fault, Found, Report, Series
from deploy.chaos.page.plots import (
    Band,
    Bar,
    Line,
    Time,
    bar_plot,
    clock,
    compact,
    line_plot,
)
from deploy.chaos.page.style import STYLE

VERDICTS = {
    "held": ("held", "all invariants held"),
    "broken": ("broken", "an invariant broke"),
    "says nothing": ("says", "the run says nothing"),
}
TILES = (
    "writes acknowledged", "longest write gap, seconds", "longest read gap, seconds",
    "write p99, milliseconds", "requests failed, percent", "faults", "leaders",
    "until settled, seconds",
)  # fmt: skip
LEGEND = (
    "Shaded: faults at work; dotted: where faults begin and the workload ends. Rest the pointer on "
    "a plot for numbers."
)
STYLES = ("s1", "s2", "s3", "s4", "s5")


def page(report: Report) -> str:
    """The HTML file."""
    title = f"{report.scenario.name}: {VERDICTS[report.verdict][1]}"
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(_sections(report))
        + "\n</main></body></html>\n"
    )


def _sections(report: Report) -> Iterator[str]:
    yield _head(report)
    yield _tiles(report)
    if report.violations:
        yield "<h2>Violations</h2>"
        yield from (_violation(found) for found in report.violations)
    yield "<h2>Over time</h2>"
    yield f'<p class="soft">{LEGEND}</p>'
    yield from _plots(report)
    yield "<h2>Faults, and what proves them</h2>"
    yield _faults(report.faults)
    if report.story:
        yield "<h2>What users did</h2>" + _story(report)
    yield "<h2>All figures</h2>" + _figures(report)


def _head(report: Report) -> str:
    style, words = VERDICTS[report.verdict]
    began = datetime.datetime.fromtimestamp(report.started, datetime.UTC)
    where = f" on cluster <b>{escape(report.cluster)}</b>" if report.cluster else ""
    again = (
        f"steersman chaos run {report.scenario.name} --seed {report.seed} "
        f"--seconds {report.scenario.seconds:g}"
    )
    lines = [
        f'<h1>{escape(report.scenario.name)} <span class="verdict {style}">{words}</span></h1>',
        f"<p>{escape(report.scenario.about)}</p>",
        f'<p class="soft">{began:%Y-%m-%d %H:%M:%S} UTC, {clock(report.end)}{where}; again: '
        f"<code>{escape(again)}</code></p>",
    ]
    if report.reasons:
        lines.append(f'<div class="card {style}">{_lines(report.reasons)}</div>')
    if report.unchecked:
        text = _lines([f"Not checked: {one}" for one in report.unchecked])
        lines.append(f'<p class="soft">{text}</p>')
    return "\n".join(lines)


def _lines(texts: Sequence[str]) -> str:
    return "<br>".join(escape(text) for text in texts)


def _tiles(report: Report) -> str:
    tiles = []
    for name in TILES:
        if name in report.figures:
            what, _, unit = name.partition(", ")
            value = compact(report.figures[name])
            sign = {"seconds": " s", "milliseconds": " ms", "percent": " %"}.get(unit, "")
            tiles.append(f'<div class="tile"><b>{value}{sign}</b>{escape(what)}</div>')
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _violation(found: Found) -> str:
    one = found.violation
    subject = f" · <code>{escape(one.subject)}</code>" if one.subject else ""
    head = f"<b>{escape(one.invariant)}</b>{subject} · seen at {one.at:.1f} s of the command"
    parts = [f"{head}<p>{escape(one.text)}</p>"]
    for words, lines in (("evidence", one.evidence), ("what caused what", found.chain)):
        if lines:
            text = escape("\n".join(lines))
            opened = " open" if words == "evidence" else ""
            parts.append(f"<details{opened}><summary>{words}</summary><pre>{text}</pre></details>")
    return f'<div class="card violation">{"".join(parts)}</div>'


# -- plots


def _plots(report: Report) -> Iterator[str]:
    time = Time(max(report.end, 1.0), (report.steady, report.faults_end))
    bands = [Band(one.struck, one.mending, one.order) for one in report.faults]
    kept = {one.name: one for one in report.series}
    rates = [
        _line(kept.get("writes"), "writes acknowledged", "s1"),
        _line(kept.get("reads"), "reads served", "s3"),
    ]
    yield _lines_card("Availability", "a second", rates, time, bands)
    latencies = [
        _line(kept.get("write p50"), "write p50", "s1"),
        _line(kept.get("write p99"), "write p99", "s1", dashed=True),
        _line(kept.get("read p50"), "read p50", "s3"),
        _line(kept.get("read p99"), "read p99", "s3", dashed=True),
    ]
    yield _lines_card(
        "Latency", "milliseconds, logarithmic", latencies, time, bands, logarithmic=True
    )
    yield _leadership(report, time, bands)
    pods = [one for one in report.series if one.name.startswith("ready ")]
    lines = [
        _line(one, one.name.removeprefix("ready "), STYLES[number % len(STYLES)])
        for number, one in enumerate(pods)
    ]
    yield _lines_card("Pods ready", "fewest of each step", lines, time, bands)
    yield from _requests(report, time, bands)
    yield _timeline(report, time)


def _line(series: Series | None, name: str, style: str, dashed: bool = False) -> Line | None:
    return Line(name, style, series.step, series.values, dashed) if series else None


def _requests(report: Report, time: Time, bands: Sequence[Band]) -> Iterator[str]:
    kept = {one.name: one for one in report.series}
    for name in kept:
        if name.startswith("requests ") and name.endswith(" answered"):
            service = name.removeprefix("requests ").removesuffix(" answered")
            lines = [
                _line(kept[name], "answered", "s1"),
                _line(kept.get(f"requests {service} failed"), "failed", "bad"),
            ]
            yield _lines_card(f"Requests to Service {service}", "a second", lines, time, bands)


def _lines_card(
    title: str, unit: str, lines: Sequence[Line | None], time: Time, bands: Sequence[Band],
    logarithmic: bool = False,
) -> str:  # fmt: skip
    drawn = [line for line in lines if line is not None and any(v is not None for v in line.values)]
    if not drawn:
        return ""
    keys = "".join(
        f'<span class="key {line.style}{" dashed" if line.dashed else ""}"><i>{escape(line.name)}'
        "</i></span>"
        for line in drawn
    )
    plot = line_plot(drawn, time, bands, logarithmic=logarithmic, label=title)
    head = f'<h3>{escape(title)} <span class="unit">{escape(unit)}</span>{keys}</h3>'
    return f'<div class="card plot">{head}{plot}</div>'


def _leadership(report: Report, time: Time, bands: Sequence[Band]) -> str:
    rows = list(report.replicas)
    bars = [
        Bar(
            one.replica, one.begin, one.end, STYLES[rows.index(one.replica) % len(STYLES)],
            f"{one.replica} leads in term {one.term}, {clock(one.begin)} to {clock(one.end)}",
            str(one.term),
        )
        for one in report.reigns
        if one.replica in rows
    ]  # fmt: skip
    head = '<h3>Leadership <span class="unit">who leads, with the term</span></h3>'
    return f'<div class="card plot">{head}{bar_plot(rows, bars, time, bands, "Leadership")}</div>'


def _timeline(report: Report, time: Time) -> str:
    """A row for each verb (more, if several of it stand at once): from begun to struck pale, at
    work, from mending to healed pale."""
    placed = rows_of(report.faults)
    verbs = list(dict.fromkeys(verb for verb, _ in placed))
    rows = sorted(set(placed), key=lambda row: (verbs.index(row[0]), row[1]))
    bars = []
    for one, row in zip(report.faults, placed, strict=True):
        style = "doubtful" if one.doubts and not one.masked else "s2"
        title = f"{one.order}: {', '.join(one.names)}"
        for begin, end, pale in (
            (one.begin, one.struck, " pale"), (one.struck, one.mending, ""),
            (one.mending, one.end, " pale"),
        ):  # fmt: skip
            if end > begin:
                word = ", ".join(one.names) if not pale else ""
                bars.append(Bar(_named(row), begin, end, style + pale, title, word))
    head = '<h3>Faults <span class="unit">pale: taking effect, being healed</span></h3>'
    plot = bar_plot([_named(row) for row in rows], bars, time, label="Faults")
    return f'<div class="card plot">{head}{plot}</div>'


def rows_of(faults: Sequence[Fault]) -> list[tuple[str, int]]:
    """The row of each fault: its verb, and the first number at which no other stands then. Pure."""
    placed: list[tuple[str, int]] = []
    for one in faults:
        taken = {
            row[1]
            for row, other in zip(placed, faults, strict=False)
            if row[0] == _verb(one) and other.begin < one.end and one.begin < other.end
        }
        number = next(n for n in range(len(taken) + 1) if n not in taken)
        placed.append((_verb(one), number))
    return placed


def _named(row: tuple[str, int]) -> str:
    verb, number = row
    return f"{verb} {number + 1}" if number else verb


def _verb(fault: Fault) -> str:
    return fault.order.partition(" ")[0]


# -- tables


def _faults(faults: Sequence[Fault]) -> str:
    rows = []
    for one in faults:
        doubts = (
            f'<div class="{"soft" if one.masked else "says"}">{_lines(_doubted(one))}</div>'
            if one.doubts
            else ""
        )
        rows.append(
            f'<tr><td class="number">{one.begin:.1f} s</td>'
            f'<td class="short">{escape(one.order)}</td>'
            f'<td class="short">{"<br>".join(map(escape, one.names))}</td>'
            f"<td>{escape(one.proof)}{doubts}</td>"
            f"<td>{escape(one.healed)}</td>"
            f'<td class="number">{one.end - one.mending:.1f} s</td></tr>'
        )
    head = (
        "<tr><th>at</th><th>order</th><th>hit</th><th>it took effect</th><th>it is healed</th>"
        "<th>healing took</th></tr>"
    )
    return f'<div class="card wide"><table>{head}{"".join(rows)}</table></div>'


def _doubted(fault: Fault) -> list[str]:
    why = f" ({fault.masked} held a process of it)" if fault.masked else ""
    return [f"not proven: {doubt}{why}" for doubt in fault.doubts]


def _story(report: Report) -> str:
    lines = escape("\n".join(f"{at:8.2f}  {text}" for at, text in report.story))
    return (
        f'<div class="card"><details><summary>{len(report.story)} steps</summary>'
        f"<pre>{lines}</pre></details></div>"
    )


def _figures(report: Report) -> str:
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="number">{value:,.10g}</td></tr>'
        for name, value in report.figures.items()
    )
    return f'<div class="card wide"><table>{rows}</table></div>'
