"""Messages and notes as OpenTelemetry spans: the JSON that OTLP/HTTP takes. Pure.

Source: "OTLP Specification" (JSON Protobuf encoding: ids in hexadecimal, enums as numbers, 64-bit
integers as strings, lowerCamelCase) and opentelemetry/proto/trace/v1/trace.proto. One resource is
one process; a message is a span of the process that received it, from when it was sent until it
was handled; a note is a span without duration. Must not know: where they are sent.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from cluster.trace_subjects import HTTP, REQUEST, Record
from deploy.tracing.spans import Item, Message, Note, Step

Json = dict[str, Any]
INTERNAL, SERVER, CONSUMER = 1, 2, 5
ERROR = 2
WELL = ("", "ok", "open")
# By the semantic conventions for HTTP, a server's span failed if the server did.
SERVER_FAILED = 500
SCOPE = {"name": "steersman"}
TEXT_MAX = 512
# Of a note: what has a place of its own.
PLACED = {
    "ts", "event", "msg", "from", "trace", "span", "parent", "process", "zone", "hlc", "subject",
    "ms", "links",
}  # fmt: skip
# Messages that have an answer are asked; of the others (and of answers) nothing is awaited.
ANSWERED = (
    "ApiRequest", "Txn", "Range", "Propose", "ReadIndexRequest", "PingServer", "Watch",
    "WatchLeadership",
)  # fmt: skip


def request(items: Iterable[Item], cluster: str) -> Json:
    """One ExportTraceServiceRequest."""
    by_place: dict[tuple[str, str], list[Json]] = {}
    for item in items:
        place = item.place
        span = message_span(item) if isinstance(item, Message) else note_span(item)
        by_place.setdefault((place.process, place.zone), []).append(span)
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": resource(cluster, process, zone)},
                "scopeSpans": [{"scope": SCOPE, "spans": spans}],
            }
            for (process, zone), spans in sorted(by_place.items())
        ]
    }


def resource(cluster: str, process: str, zone: str) -> list[Json]:
    """What a process is called, by the semantic conventions for resources."""
    found = {"service.name": process or "steersman", "service.namespace": cluster}
    if zone:
        found["cloud.availability_zone"] = zone
    return attributes(found)


def message_span(message: Message) -> Json:
    """A message as a span."""
    crosses = message.sent is not None and message.sent.process != message.place.process
    kind = INTERNAL
    if crosses:
        kind = SERVER if message.name in ANSWERED else CONSUMER
    span: Json = {
        "traceId": trace_id(message.trace, message.span),
        "spanId": message.span,
        "name": message_name(message.name, message.subject),
        "kind": kind,
        "startTimeUnixNano": nanoseconds(message.begin),
        "endTimeUnixNano": nanoseconds(message.end),
        "attributes": attributes(
            {
                "steersman.message": message.name,
                "steersman.from": message.sender,
                "steersman.to": message.receiver,
                "steersman.subject": message.subject or None,
                "steersman.bytes": message.size or None,
            }
        ),
    }
    if message.parent:
        span["parentSpanId"] = message.parent
    if message.received is not None:
        span["events"] = [received_event(message.received)]
    if message.links:
        span["links"] = links(message.links)
    if message.dropped:
        span["status"] = {"code": ERROR, "message": f"dropped: {message.dropped}"[:TEXT_MAX]}
    elif message.outcome not in WELL:
        span["status"] = {"code": ERROR, "message": message.outcome[:TEXT_MAX]}
    return span


def received_event(step: Step) -> Json:
    """When a message came, and how long it then waited."""
    event: Json = {"timeUnixNano": nanoseconds(step.at), "name": "received"}
    if step.wait is not None:
        event["attributes"] = attributes({"steersman.wait_ms": step.wait})
    return event


def note_span(note: Note) -> Json:
    """A note as a span of its own, below what it was noted in: that may be long over. A request
    by HTTP is noted at its end, and is the span that all else is below."""
    record = note.record
    if record.get("msg") == HTTP:
        return http_span(record)
    inside = str(record.get("span", ""))
    own = note_id(record)
    span: Json = {
        "traceId": trace_id(str(record.get("trace", "")), own),
        "spanId": own,
        "name": str(record["msg"]),
        "kind": INTERNAL,
        "startTimeUnixNano": nanoseconds(note.place.at),
        "endTimeUnixNano": nanoseconds(note.place.at),
        "attributes": attributes(
            {
                "steersman.from": record.get("from", ""),
                "steersman.subject": record.get("subject", ""),
                **{f"steersman.{key}": v for key, v in record.items() if key not in PLACED},
            }
        ),
    }
    if inside:
        span["parentSpanId"] = inside
    if record.get("links"):
        span["links"] = links(record["links"])
    return span


def http_span(record: Record) -> Json:
    """The root: a request by HTTP."""
    method, _, path = str(record.get("subject", "")).partition(" ")
    end, code = float(record["ts"]), int(record.get("code", 0))
    span: Json = {
        "traceId": trace_id(str(record.get("trace", "")), str(record["span"])),
        "spanId": str(record["span"]),
        "name": f"{method} {route(path)}",
        "kind": SERVER,
        "startTimeUnixNano": nanoseconds(end - float(record.get("ms", 0.0)) / 1000),
        "endTimeUnixNano": nanoseconds(end),
        "attributes": attributes(
            {
                "http.request.method": method,
                "url.path": path,
                "http.route": route(path),
                "http.response.status_code": code,
                "user.name": record.get("user", ""),
                "steersman.from": record.get("from", ""),
                "steersman.audit": record.get("audit"),
            }
        ),
    }
    if record.get("parent"):
        span["parentSpanId"] = str(record["parent"])
    if code >= SERVER_FAILED:
        span["status"] = {"code": ERROR}
    return span


def message_name(name: str, subject: str) -> str:
    """A name that few messages differ in: ``create pods`` for a request, else the type."""
    words = subject.split(" ")
    return " ".join(words[:2]) if name == REQUEST and len(words) > 1 else name or "message"


def route(path: str) -> str:
    """``/api/v1/namespaces/default/pods/web`` → ``/api/v1/namespaces/{namespace}/pods/{name}``."""
    parts = path.split("/")
    at = {"api": 3, "apis": 4}.get(parts[1] if len(parts) > 1 else "", len(parts))
    rest = parts[at:]
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        rest[1] = "{namespace}"
        at, rest = at + 2, [*rest[:2], *named(rest[2:])]
        return "/".join([*parts[: at - 2], *rest])
    return "/".join([*parts[:at], *named(rest)])


def named(parts: Sequence[str]) -> list[str]:
    """Resource, name, subresource: without the name, and without what is proxied to."""
    return [*parts[:1], *(["{name}"] if len(parts) > 1 else []), *parts[2:3]]


def trace_id(trace: str, own: str) -> str:
    """32 digits: traces of older files have 16, and what is of no trace gets one of its own."""
    return (trace or digest(own, 16)).rjust(32, "0")


def note_id(record: Record) -> str:
    """A span id for a note: the same each time, and another for each note."""
    fields = ("span", "process", "hlc", "msg", "subject", "ts")
    return digest(" ".join(str(record.get(name, "")) for name in fields), 8)


def digest(text: str, size: int) -> str:
    """``size`` bytes, as hex."""
    return hashlib.blake2b(text.encode(), digest_size=size).hexdigest()


def links(contexts: Sequence[str]) -> list[Json]:
    """Further causes."""
    pairs = [context.rpartition("-") for context in contexts]
    return [{"traceId": trace_id(trace, span), "spanId": span} for trace, _, span in pairs]


def nanoseconds(seconds: float) -> str:
    """UNIX seconds, known to a microsecond."""
    return str(round(seconds * 1_000_000) * 1000)


def attributes(fields: Json) -> list[Json]:
    """KeyValues; what is None is left out."""
    return [{"key": key, "value": value(one)} for key, one in fields.items() if one is not None]


def value(one: Any) -> Json:
    """An AnyValue."""
    match one:
        case bool():
            return {"boolValue": one}
        case int():
            return {"intValue": str(one)}
        case float():
            return {"doubleValue": one}
        case list() | tuple():
            return {"arrayValue": {"values": [value(item) for item in one]}}
        case dict():
            found = [{"key": str(key), "value": value(item)} for key, item in one.items()]
            return {"kvlistValue": {"values": found}}
        case _:
            return {"stringValue": str(one)[:TEXT_MAX]}
