"""Tables: lists of objects as rows of cells, what ``kubectl get`` prints.

Source: docs "Kubernetes API Concepts", receiving resources as Tables. The columns of each kind are
in the ``tables_*.py`` beside this. Must not know HTTP, or list metadata (the caller adds it).
"""

from collections.abc import Iterable
from typing import Any

from cluster.api.kind import Kind
from cluster.api.tables_apps import APPS_COLUMNS
from cluster.api.tables_columns import CREATED_AT, NAME, Column
from cluster.api.tables_core import CORE_COLUMNS
from cluster.api.tables_groups import GROUP_COLUMNS
from cluster.api.tables_network import NETWORK_COLUMNS
from cluster.api.tables_others import OTHER_COLUMNS
from cluster.api.tables_pods import POD_COLUMNS, row_conditions
from cluster.api.types import Object

META_VERSION = "meta.k8s.io/v1"

COLUMNS: dict[tuple[str, str], tuple[Column, ...]] = {
    ("", "Pod"): POD_COLUMNS,
    **CORE_COLUMNS,
    **NETWORK_COLUMNS,
    **APPS_COLUMNS,
    **OTHER_COLUMNS,
    **GROUP_COLUMNS,
}
_OTHERS = (NAME, CREATED_AT)


def columns_of(kind: Kind) -> tuple[Column, ...]:
    """The kind's columns; name and creation time for a kind that has none of its own."""
    if kind.custom is not None:
        return kind.custom.columns
    return COLUMNS.get((kind.group, kind.kind), _OTHERS)


def render_table(
    kind: Kind,
    objects: Iterable[Object],
    now: float,
    include_object: str = "Metadata",
    api_version: str = META_VERSION,
) -> Object:
    """A meta.k8s.io/v1 Table, or one of the elder ``api_version``. ``now``: UNIX seconds, for ages.
    ``include_object``: what of each object goes along, ``None``, ``Metadata`` (also for anything
    unknown) or ``Object``."""
    columns = columns_of(kind)
    return {
        "kind": "Table",
        "apiVersion": api_version,
        "metadata": {},
        "columnDefinitions": [column.definition() for column in columns],
        "rows": [_row(kind, columns, obj, now, include_object, api_version) for obj in objects],
    }


def _row(
    kind: Kind,
    columns: tuple[Column, ...],
    obj: Object,
    now: float,
    include: str,
    api_version: str,
) -> Object:
    row: dict[str, Any] = {"cells": [column.cell(obj, now) for column in columns]}
    if (kind.group, kind.kind) == ("", "Pod"):
        conditions = row_conditions(obj)
        if conditions:
            row["conditions"] = conditions
    if include == "Object":
        row["object"] = obj
    elif include == "None":
        row["object"] = None
    else:
        row["object"] = {
            "kind": "PartialObjectMetadata",
            "apiVersion": api_version,
            "metadata": obj.get("metadata") or {},
        }
    return row
