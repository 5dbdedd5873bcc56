"""Answers in the form the client asked for: JSON as stored, Table, or metadata only.

Job: bytes of objects, lists and watch events to bytes of responses. Plain JSON never decodes an
object. Must not know: the store, sockets. Source: docs "Kubernetes API concepts", Receiving
resources as Tables.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeAlias

import orjson

from actors.apiserver.codec import is_stored_form, load, shown
from actors.apiserver.negotiation import OBJECT, Form
from actors.apiserver.object_store import Page
from actors.apiserver.portions import in_portions
from cluster.api.encoding import decode
from cluster.api.kinds import Kind
from cluster.api.tables import render_table
from cluster.api.types import Object
from cluster.messages.apiserver import WatchEvent
from cluster.messages.store import KeyValue

Items: TypeAlias = Sequence[KeyValue]
# Objects that are decoded and rendered in one go: some milliseconds.
PORTION = 32


def render_object(form: Form, kind: Kind, value: bytes, now: float, include: str = "") -> bytes:
    """One object. ``include``: the includeObject parameter of tables."""
    match form.shape:
        case "table":
            return orjson.dumps(_table(form, kind, [load(kind, value)], now, include, {}))
        case "metadata":
            return orjson.dumps(_partial(form, load(kind, value)))
    return shown(kind, value)


async def render_list(
    form: Form, kind: Kind, page: Page, now: float, include: str = ""
) -> tuple[bytes, ...]:
    """A page of a list, in pieces between which commas belong (``pieces.py``). What must be decoded
    for it is decoded a portion at a time."""
    metadata = list_metadata(page)
    field, head = "items", _list_head(form, kind, metadata)
    render: Callable[[Form, Kind, Items], list[bytes]] = _shown
    if form.shape == "table":
        head = _table(form, kind, [], now, include, metadata)
        field, render = "rows", partial(_rows, now=now, include=include)
        del head["rows"]
    elif form.shape == "metadata list":
        render = _bare
    elif is_stored_form(kind):
        return around(head, field, [item.value for item in page.items])
    values: list[bytes] = []
    async for portion in in_portions(page.items, PORTION):
        values += render(form, kind, portion)
    return around(head, field, values)


def _list_head(form: Form, kind: Kind, metadata: Object) -> Object:
    name, version = kind.list_kind, kind.api_version
    if form.shape == "metadata list":
        name, version = "PartialObjectMetadataList", form.api_version
    elif kind.custom is not None and form == OBJECT:
        metadata.setdefault("continue", "")
    return {"kind": name, "apiVersion": version, "metadata": metadata}


def _shown(form: Form, kind: Kind, items: Items) -> list[bytes]:
    return [shown(kind, item.value) for item in items]


def _rows(form: Form, kind: Kind, items: Items, *, now: float, include: str) -> list[bytes]:
    objects = [load(kind, item.value) for item in items]
    return [orjson.dumps(row) for row in _table(form, kind, objects, now, include, {})["rows"]]


def _bare(form: Form, kind: Kind, items: Items) -> list[bytes]:
    return [orjson.dumps(_partial(form, load(kind, item.value))) for item in items]


def around(document: Object, name: str, values: list[bytes]) -> tuple[bytes, ...]:
    """The pieces of a document whose last field ``name`` is a list of ``values``, already
    encoded."""
    head = b'%b,"%b":[' % (orjson.dumps(document)[:-1], name.encode())
    if not values:
        return (head + b"]}",)
    values[0] = head + values[0]
    values[-1] += b"]}"
    return tuple(values)


def list_metadata(page: Page) -> Object:
    """metav1.ListMeta of a page."""
    metadata: Object = {"resourceVersion": str(page.revision)}
    if page.token:
        metadata["continue"] = page.token
        if page.remaining:
            metadata["remainingItemCount"] = page.remaining
    return metadata


def render_event(
    form: Form, kind: Kind, event: WatchEvent, now: float, include: str, first: bool
) -> bytes:
    """One line of a watch response. ``first``: tables then tell their columns."""
    body = event.object
    if event.kind != "ERROR" and form != OBJECT:
        body = _event_object(form, kind, event, now, include, first)
    return b'{"type":"%b","object":%b}\n' % (event.kind.encode(), body)


def plain_lines(events: Iterable[WatchEvent]) -> bytes:
    """The lines of events in a watch response, for who asked for the objects themselves."""
    return b"".join(
        [b'{"type":"%b","object":%b}\n' % (event.kind.encode(), event.object) for event in events]
    )


def _event_object(
    form: Form, kind: Kind, event: WatchEvent, now: float, include: str, first: bool
) -> bytes:
    obj = decode(event.object)
    if form.shape != "table":
        return orjson.dumps(_partial(form, obj))
    metadata = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
    if event.kind == "BOOKMARK":
        # A table needs a row to carry the object of the bookmark; it has no cells worth showing.
        row = {"cells": [], "object": {**_partial(form, obj), "metadata": obj["metadata"]}}
        document: Object = {
            "kind": "Table",
            "apiVersion": form.api_version,
            "metadata": metadata,
            "columnDefinitions": [],
            "rows": [row],
        }
        return orjson.dumps(document)
    table = _table(form, kind, [obj], now, include, metadata)
    if not first:
        table["columnDefinitions"] = None
    return orjson.dumps(table)


def _table(
    form: Form, kind: Kind, objects: list[Object], now: float, include: str, metadata: Object
) -> Object:
    table: Object = render_table(kind, objects, now, include or "Metadata", form.api_version)
    table["metadata"] = metadata or {
        "resourceVersion": objects[0]["metadata"].get("resourceVersion", "") if objects else ""
    }
    return table


def _partial(form: Form, obj: Object) -> Object:
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": form.api_version,
        "metadata": obj.get("metadata") or {},
    }
