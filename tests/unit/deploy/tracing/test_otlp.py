"""deploy.tracing.otlp: parsed by OpenTelemetry's own schema, after what the specification says of
JSON: ids in hexadecimal, enums as numbers."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from deploy.tracing import otlp, spans
from tests.unit.deploy.tracing.histories import TRACE, History

IDS = {"traceId": 32, "spanId": 16, "parentSpanId": 16}
ENUMS = ("kind", "code")
HTTP = {
    "event": "note", "msg": "http.request", "trace": "45964bdf2dc97d51", "span": "d" * 16,
    "from": "apiserver@replica-1", "process": "replica-1", "zone": "a", "ts": 1700000001.5,
    "ms": 250.0, "user": "admin", "code": 201, "audit": "x", "hlc": 1,
    "subject": "POST /apis/apps/v1/namespaces/default/deployments",
}  # fmt: skip


def parse(body: dict[str, Any]) -> ExportTraceServiceRequest:
    """Strictly: unknown fields and names of other cases are errors."""
    return json_format.ParseDict(binary_ids(body), ExportTraceServiceRequest())


def binary_ids(value: Any) -> Any:
    """The one way in which OTLP's JSON is not protobuf's own."""
    if isinstance(value, list):
        return [binary_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, one in value.items():
        if key in IDS:
            assert len(one) == IDS[key], key
            found[key] = base64.b64encode(bytes.fromhex(one)).decode()
        else:
            assert key not in ENUMS or isinstance(one, int)
            found[key] = binary_ids(one)
    return found


def all_spans(request: ExportTraceServiceRequest) -> Iterator[tuple[str, Span]]:
    for resource in request.resource_spans:
        names = {one.key: one.value.string_value for one in resource.resource.attributes}
        for scope in resource.scope_spans:
            assert scope.scope.name == "steersman"
            yield from ((names["service.name"], span) for span in scope.spans)


def fields(span: Span) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


@given(st.integers(0, 10_000))
def test_every_message_and_note_is_one_span_of_its_process(seed: int) -> None:
    items = spans.items(History(seed).records)
    found = list(all_spans(parse(otlp.request(items, "c"))))
    assert len(found) == len(items)
    assert len({span.span_id for _, span in found}) == len(items)
    by_id = {span.span_id.hex(): (process, span) for process, span in found}
    for item in items:
        if not isinstance(item, spans.Message):
            continue
        process, span = by_id[item.span]
        assert process == item.place.process
        assert span.trace_id.hex() == TRACE
        assert span.parent_span_id.hex() == item.parent
        assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
        assert [link.span_id.hex() for link in span.links] == [one[-16:] for one in item.links]
        failed = bool(item.dropped) or item.outcome not in ("", "ok")
        assert (span.status.code == Status.STATUS_CODE_ERROR) == failed
        inside = item.sent is not None and item.sent.process == item.place.process
        kinds = {Span.SPAN_KIND_SERVER, Span.SPAN_KIND_CONSUMER}
        assert (span.kind == Span.SPAN_KIND_INTERNAL) == inside
        assert inside or span.kind in kinds
        assert [one.name for one in span.events] == (["received"] if item.received else [])


def test_the_request_of_a_client_is_the_root() -> None:
    [(process, span)] = all_spans(parse(otlp.request(spans.items([HTTP]), "c")))
    assert process == "replica-1"
    assert span.name == "POST /apis/apps/v1/namespaces/{namespace}/deployments"
    assert span.kind == Span.SPAN_KIND_SERVER
    assert span.trace_id.hex() == "0" * 16 + "45964bdf2dc97d51"
    assert span.parent_span_id == b""
    assert span.end_time_unix_nano - span.start_time_unix_nano == 250_000_000
    assert fields(span)["http.response.status_code"] == 201
    assert fields(span)["user.name"] == "admin"
    assert span.status.code == Status.STATUS_CODE_UNSET
    below = {**HTTP, "code": 503, "parent": "e" * 16}
    [(_, span)] = all_spans(parse(otlp.request(spans.items([below]), "c")))
    assert span.parent_span_id.hex() == "e" * 16
    assert span.status.code == Status.STATUS_CODE_ERROR


def test_a_note_is_below_what_it_was_noted_in() -> None:
    note = {**HTTP, "msg": "pod.placed", "subject": "default/web", "scores": {"n1": 3}, "ok": True}
    [(_, span)] = all_spans(parse(otlp.request(spans.items([note]), "c")))
    assert span.parent_span_id.hex() == "d" * 16
    assert span.span_id.hex() != "d" * 16
    assert fields(span)["steersman.ok"] is True
    assert fields(span)["steersman.scores"].values[0].key == "n1"
    alone = {**note, "trace": "", "span": ""}
    [(_, span)] = all_spans(parse(otlp.request(spans.items([alone]), "c")))
    assert len(span.trace_id) == 16
    assert any(span.trace_id)


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/v1/pods", "/api/v1/pods"),
        ("/api/v1/nodes/n1", "/api/v1/nodes/{name}"),
        ("/api/v1/namespaces", "/api/v1/namespaces"),
        ("/api/v1/namespaces/x", "/api/v1/namespaces/{name}"),
        ("/api/v1/namespaces/x/pods/p/log", "/api/v1/namespaces/{namespace}/pods/{name}/log"),
        ("/apis/apps/v1/namespaces/x/deployments/d/scale",
         "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"),
        ("/version", "/version"),
        ("", ""),
    ],
)  # fmt: skip
def test_routes_have_no_names(path: str, route: str) -> None:
    assert otlp.route(path) == route
