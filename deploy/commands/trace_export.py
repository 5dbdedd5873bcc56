"""`steersman trace export`: records in the formats of other tools, to a file or to a collector."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Annotated, BinaryIO

import msgspec
import orjson
import typer

from cluster.settings import ClusterSettings
from cluster.trace_subjects import Record
from deploy.options import DEFAULT_NAME, DataDir, Name, again, find
from deploy.tracing import exporter, files, lookup, otlp, perfetto, shiviz, spans, window
from deploy.tracing.sending import Counts, Sender

# Spans in one line of OTLP: what collectors take in one request is bounded (20 MiB).
SPANS_PER_LINE = 5000
# How long a collector may take for what is sent at once.
SEND_SECONDS = 60.0


class Format(StrEnum):
    """What ``export`` can write."""

    OTLP = "otlp"
    PERFETTO = "perfetto"
    SHIVIZ = "shiviz"
    JSON = "json"


def export(
    form: Annotated[
        Format, typer.Option("--format", help="otlp, perfetto, shiviz, or json (the records).")
    ],
    trace: Annotated[
        str,
        typer.Option("--trace", metavar="ID", help="One trace: its id, traceparent, Audit-Id."),
    ] = "",
    since: Annotated[
        str, typer.Option("--since", metavar="DURATION", help="The last while, as 5m.")
    ] = "",
    to: Annotated[
        str,
        typer.Option("--to", metavar="URL", help="OTLP collector, as http://127.0.0.1:4318."),
    ] = "",
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="With --to: what happens from now on.")
    ] = False,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Where to; '-' is here.")
    ] = "-",
    name: Name = DEFAULT_NAME,
    data_dir: DataDir = "",
) -> None:
    """Write records for other tools: an OpenTelemetry collector, Perfetto, ShiViz.

    Example: [bold]steersman trace export --format perfetto --since 1m -o trace.json[/]
    """
    settings = find(name, data_dir)
    if (to or follow) and (form != Format.OTLP or not to or output != "-"):
        raise ValueError(
            "a collector takes OTLP: steersman trace export --format otlp --to URL, with --follow "
            "or --since or --trace"
        )
    if follow:
        asyncio.run(exporter.follow(settings, to, teller()))
        return
    records = chosen(settings, trace, since)
    if to:
        send(settings, to, records)
    elif output == "-":
        write(form, records, settings.name, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        with open(output, "wb") as file:
            write(form, records, settings.name, file)
        print(f"{len(records)} records: {output}", file=sys.stderr)


def send(settings: ClusterSettings, url: str, records: list[Record]) -> None:
    """To a collector, all at once. Raises ValueError if it does not take them."""
    sender = Sender(url, settings.name, buffered_max=sys.maxsize)
    sender.offer(spans.items(records))

    async def run() -> None:
        await sender.drain(SEND_SECONDS)
        await sender.close()

    asyncio.run(run())
    counts = sender.counts
    print(f"{counts.sent} spans: {url}", file=sys.stderr)
    if counts.dropped or counts.rejected:
        raise ValueError(
            f"{url} took {counts.sent} spans, refused {counts.rejected}, and {counts.dropped} were "
            f"not sent within {SEND_SECONDS:g} s ({counts.problem})"
        )


def teller() -> Callable[[Counts], None]:
    """Says what became of spans, when that changes."""
    said = ""

    def tell(counts: Counts) -> None:
        nonlocal said
        problem = f" ({counts.problem})" if counts.problem else ""
        text = f"{counts.sent} sent, {counts.rejected} refused, {counts.dropped} dropped{problem}"
        if text != said:
            said = text
            print(text, file=sys.stderr)

    return tell


def chosen(settings: ClusterSettings, trace: str, since: str) -> list[Record]:
    """The records to be exported. Raises ValueError if there are none, or nothing says which."""
    if bool(trace) == bool(since):
        raise ValueError("give either --trace ID or --since DURATION, as --since 5m")
    if since:
        begin = time.time() - window.seconds(since)
        return in_order(files.records(settings, begin))
    wanted = lookup.identity(trace)
    found = lookup.traces(files.records(settings, 0.0, wanted.text), wanted)
    if len(found) != 1:
        raise ValueError(
            f"{len(found) or 'no'} traces are called {trace}: steersman trace since "
            f"10m{again(settings)} lists their ids"
        )
    kept = files.records(settings, 0.0, found[0])
    return in_order(record for record in kept if record.get("trace") == found[0])


def in_order(records: Iterable[Record]) -> list[Record]:
    """Those that have an event, by the hybrid logical clock (then by time)."""
    known = (record for record in records if "event" in record)
    return sorted(known, key=lambda record: (int(record.get("hlc", 0)), float(record["ts"])))


def write(form: Format, records: list[Record], cluster: str, file: BinaryIO) -> None:
    """The whole export."""
    file.writelines(lines(form, records, cluster))


def lines(form: Format, records: list[Record], cluster: str) -> Iterator[bytes]:
    """As bytes, in pieces. OTLP: each line is one ExportTraceServiceRequest."""
    match form:
        case Format.OTLP:
            items = spans.items(records)
            for start in range(0, len(items), SPANS_PER_LINE):
                piece = items[start : start + SPANS_PER_LINE]
                yield msgspec.json.encode(otlp.request(piece, cluster)) + b"\n"
        case Format.PERFETTO:
            yield msgspec.json.encode(perfetto.document(spans.items(records), cluster)) + b"\n"
        case Format.SHIVIZ:
            for line in shiviz.lines(records):
                yield line.encode() + b"\n"
        case Format.JSON:
            for record in records:
                yield orjson.dumps(record) + b"\n"
