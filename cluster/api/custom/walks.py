"""Walks of a custom resource that change it: pruning, nulls, defaults, numbers.

In place. Source: "Extend the Kubernetes API with CustomResourceDefinitions", Field pruning,
Defaulting, Defaulting and Nullable. Must not know versions, nor how objects came here.
"""

import copy
from typing import Any

from cluster.api import schema_conform
from cluster.api.custom.structural import ABSENT, IDENTITY, Structural
from cluster.api.jsonio import json_type
from cluster.api.schema import Node
from cluster.api.validation import causes

_INT64 = 2**63


def prune(node: Structural, value: Any, path: str, unknown: list[str]) -> None:
    """Drop what the schema does not name; its paths go to ``unknown``. Metadata of whole objects
    is held to ObjectMeta. Raises schema_conform.WrongType for metadata of a wrong type."""
    if isinstance(value, list):
        if node.items is not None:
            for position, item in enumerate(value):
                prune(node.items, item, f"{path}[{position}]", unknown)
        return
    if not isinstance(value, dict):
        return
    gone = []
    free = node.free()
    keeps = node.preserve or node.additional is True
    for key, item in value.items():
        below = f"{path}.{key}" if path else key
        part = node.properties.get(key) or free
        if node.resource and key in IDENTITY:
            if key == "metadata":
                value[key] = _conform_metadata(node, item, below, unknown)
            elif path and node.meta is not None and not isinstance(item, str):
                text = f"{below}: Invalid value: {causes.shown(item)}: must be a string"
                raise schema_conform.WrongType(text, below)
        elif part is not None:
            prune(part, item, below, unknown)
        elif not keeps:
            gone.append(key)
            unknown.append(below)
    for key in gone:
        del value[key]


def _conform_metadata(node: Structural, metadata: Any, path: str, unknown: list[str]) -> Any:
    if not isinstance(node.meta, Node):
        return metadata
    if metadata is None:
        return {}
    if not isinstance(metadata, dict):
        text = f"{path}: Invalid value: {json_type(metadata)}: must be an object"
        raise schema_conform.WrongType(text, path)
    try:
        found = schema_conform.conform(node.meta, metadata)
    except schema_conform.WrongType as error:
        if "." not in path:
            raise
        text = f"{path}: Invalid value: {causes.shown(metadata)}: {error}"
        raise schema_conform.WrongType(text, path) from error
    unknown.extend(f"{path}.{name}" for name in found)
    return metadata


def drop_nulls(node: Structural, value: Any) -> None:
    """Nulls where none may be, and no default takes their place, are as if absent."""
    if isinstance(value, list):
        for item in value if node.items is not None else ():
            assert node.items is not None
            drop_nulls(node.items, item)
        return
    if not isinstance(value, dict):
        return
    free = node.free()
    for key in list(value):
        part = node.properties.get(key) or free
        if part is None or (node.resource and key in IDENTITY):
            continue
        if value[key] is not None:
            drop_nulls(part, value[key])
        elif not part.nullable and part.default is ABSENT:
            del value[key]


def apply_defaults(node: Structural, value: Any) -> bool:
    """Fill in what is absent, or null where no null may be, and has a default. True if anything."""
    if isinstance(value, list):
        filled = [apply_defaults(node.items, item) for item in value] if node.items else []
        return any(filled)
    if not isinstance(value, dict):
        return False
    changed = False
    for key, part in node.properties.items():
        if part.default is ABSENT or (node.resource and key in IDENTITY):
            continue
        if key not in value or (value[key] is None and not part.nullable):
            value[key] = copy.deepcopy(part.default)
            changed = True
    free = node.free()
    for key, item in value.items():
        below = node.properties.get(key) or free
        if below is None or (node.resource and key in IDENTITY):
            continue
        if item is None and not below.nullable and below.default is not ABSENT:
            value[key] = copy.deepcopy(below.default)
            changed = True
        else:
            changed = apply_defaults(below, item) or changed
    return changed


def whole_numbers(value: Any) -> None:
    """Write numbers without a fraction as such, as Go does: not every client reads 2.0 as 2."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, dict | list):
            whole_numbers(item)
        elif isinstance(item, float) and item.is_integer() and abs(item) < _INT64:
            value[key] = int(item)
