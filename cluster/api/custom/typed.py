"""What keeps an applied configuration from being typed by its schema.

Server-side apply reads a configuration by its schema before anything else looks at it: a field the
schema does not name, a value of another type, and items that cannot be told apart are errors there.
Source: KEP-555; texts are in the words of Kubernetes' structured merge. Must not know bounds, nor
what is owned.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from cluster.api.custom.structural import IDENTITY, Structural
from cluster.api.go_text import as_go, as_go_syntax
from cluster.api.schema import Node
from cluster.api.status import bad_request
from cluster.api.types import Object

Place = Structural | Node

_NUMBERS = frozenset({"integer", "number", "int32", "int64"})
_ANY = frozenset({"any", "object"})


def check(node: Place, obj: Object, kind: str) -> None:
    """``kind``: as ``apps/v1, Kind=Deployment``. Raises StatusError 400."""
    metadata = obj.get("metadata")
    place = metadata if isinstance(metadata, dict) else {}
    if place.get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
    found = list(mistakes(node, obj))
    if found:
        named = f"{place.get('namespace') or ''}/{place.get('name') or ''}"
        text = f"failed to create typed patch object ({named}; {kind})"
        # kube-apiserver says so with 500, though it is the request that is wrong.
        raise bad_request(f"{text}: {message(found)}")


def mistakes(node: Place, value: Any, path: str = "") -> Iterator[str]:
    """Texts, as ``.spec.color: field not declared in schema``; ``path`` '' at the root."""
    if value is None:
        return
    kind = _kind(node)
    if kind == "map":
        yield from _map(node, value, path)
    elif kind == "list":
        yield from _list(node, value, path)
    elif kind != "any":
        text = _scalar(kind, value)
        if text:
            yield f"{path}: {text}"


def message(found: list[str]) -> str:
    """All of them as one text."""
    return found[0] if len(found) == 1 else "\n  ".join(["errors:", *found])


def _kind(node: Place) -> str:
    """map, list, any, or which scalar: string, number, boolean, scalar."""
    if isinstance(node, Node):
        shape = node.shape
        if shape in _ANY:
            return "any"
        if shape in ("struct", "map"):
            return "map"
        if shape in ("list", "string"):
            return shape
        if shape in _NUMBERS:
            return "number"
        return {"bool": "boolean", "bytes": "string"}.get(shape, "scalar")
    if node.int_or_string:
        return "scalar"
    if node.type == "array":
        return "list" if node.items is not None else "any"
    if node.type in _NUMBERS:
        return "number"
    if node.type in ("string", "boolean"):
        return node.type
    named = node.properties or node.resource or node.additional is not False
    return "map" if node.type == "object" and named else "any"


def _scalar(kind: str, value: Any) -> str:
    if kind == "string" and not isinstance(value, str):
        return f"expected string, got &value.valueUnstructured{{Value:{as_go_syntax(value)}}}"
    if kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
        return "expected numeric (int or float), got *value.valueUnstructured"
    if kind == "boolean" and not isinstance(value, bool):
        return f"expected boolean, got &{{{as_go(value)}}}"
    if isinstance(value, dict | list):
        return f"expected any scalar, got &{{{as_go(value)}}}"
    return ""


def _map(node: Place, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected map, got &{{{as_go(value)}}}"
        return
    keeps = isinstance(node, Structural) and (node.preserve or node.additional is True)
    for key, item in value.items():
        below = f"{path}.{key}"
        part = _field(node, key)
        if part is not None:
            yield from mistakes(part, item, below)
        elif not keeps:
            yield f"{below}: field not declared in schema"
            return


def _field(node: Place, key: str) -> Place | None:
    found = node.child(key)
    if isinstance(node, Structural) and node.resource and key in IDENTITY:
        return found if isinstance(found, Node) else Structural({"type": "string"})
    return found if isinstance(found, Structural | Node) else None


def _list(node: Place, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: expected list, got &{{{as_go(value)}}}"
        return
    seen = set()
    for position, item in enumerate(value):
        element = f"[{position}]"
        if node.list_type in ("map", "set"):
            found, why = _element(node, item)
            if why:
                yield f"{path}: element {position}: {why}"
                return
            element = found
            if element in seen:
                yield f"{path}: duplicate entries for key {element}"
            seen.add(element)
        if node.items is not None:
            yield from mistakes(node.items, item, path + element)


def _element(node: Place, item: Any) -> tuple[str, str]:
    """(how a path names the item, '') or ('', why it cannot)."""
    if node.list_type == "set":
        if isinstance(item, dict):
            return "", "associative list without keys has an element that's a map type"
        if isinstance(item, list):
            return "", "not supported: associative list with lists as elements"
        if item is None:
            return "", "associative list without keys has an element that's an explicit null"
        return f"[={_text(item)}]", ""
    if item is None:
        return "", "associative list with keys may not have a null element"
    if not isinstance(item, dict):
        return "", "associative list with keys may not have non-map elements"
    keys = {}
    for name in node.list_map_keys:
        default = node.key_default(name)
        if name in item or default is not None:
            keys[name] = item.get(name, default)
    if not keys:
        listed = " ".join(f'"{name}"' for name in node.list_map_keys)
        return "", (
            f"associative list with keys has an element that omits all key fields [{listed}] "
            "(and doesn't have default values for any key fields)"
        )
    told = ",".join(f"{name}={_text(keys[name])}" for name in sorted(keys))
    return f"[{told}]", ""


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
