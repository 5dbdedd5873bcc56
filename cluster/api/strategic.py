"""Strategic merge patch: a merge patch that knows which lists are maps in disguise.

Source: the Kubernetes community document "Strategic Merge Patch" (sig-api-machinery) with its
directives ``$patch``, ``$retainKeys``, ``$deleteFromPrimitiveList`` and ``$setElementOrder``.
The result shares nothing with its inputs. How lists merge is in ``strategic_lists.py``.
Must not know kinds.
"""

from typing import Any

from cluster.api.go_text import kind_of
from cluster.api.jsonio import json_type
from cluster.api.patches import copy_json
from cluster.api.schema_node import SchemaNode
from cluster.api.status import bad_request
from cluster.api.strategic_lists import (
    apply_order,
    check_order,
    delete_scalars,
    merge_items,
    merge_scalars,
    split_special,
    unknown_directive,
)
from cluster.api.types import Object

PATCH = "$patch"
RETAIN_KEYS = "$retainKeys"
DELETE_FROM = "$deleteFromPrimitiveList/"
SET_ORDER = "$setElementOrder/"


def strategic_merge_patch(obj: Object, patch: object, schema: SchemaNode | None) -> Object:
    """Apply a decoded strategic merge patch. Raises StatusError 400 for a malformed patch."""
    if not isinstance(patch, dict):
        found = f"json: cannot unmarshal {json_type(patch)}"
        raise bad_request(f"{found} into Go value of type map[string]interface {{}}")
    return _merge_map(copy_json(obj), copy_json(patch), schema)


def _merge_map(original: Object, patch: Object, schema: SchemaNode | None) -> Object:
    """Merges in place and consumes ``patch``: both belong to the caller's copy."""
    if PATCH in patch:
        return _whole_map_directive(original, patch, schema)
    _retain_keys(original, patch)
    for key in [key for key in patch if key.startswith(SET_ORDER)]:
        _merge_ordered(original, patch, key.removeprefix(SET_ORDER), patch.pop(key), schema)
    for key, value in patch.items():
        if key.startswith(DELETE_FROM):
            _delete_from(original, key.removeprefix(DELETE_FROM), value)
        elif value is None:
            original.pop(key, None)
        else:
            original[key] = _merge_value(original.get(key), value, _child(schema, key))
    return original


def _child(schema: SchemaNode | None, key: str) -> SchemaNode | None:
    return schema.child(key) if schema is not None else None


def _strategies(schema: SchemaNode | None) -> list[str]:
    return schema.patch_strategy.split(",") if schema is not None else []


def _merge_value(old: Any, value: Any, schema: SchemaNode | None) -> Any:
    if isinstance(old, dict) and isinstance(value, dict) and "replace" not in _strategies(schema):
        return _merge_map(old, value, schema)
    if isinstance(old, list) and isinstance(value, list):
        return _merge_list(old, value, schema)
    return _plain(value)


def _whole_map_directive(original: Object, patch: Object, schema: SchemaNode | None) -> Object:
    directive = patch.pop(PATCH)
    if directive == "replace":
        return _plain_map(patch)
    if directive == "delete":
        return {}
    if directive == "merge":
        return _merge_map(original, patch, schema)
    raise bad_request(unknown_directive(directive))


def _retain_keys(original: Object, patch: Object) -> None:
    """Keep only the keys named: what a union needs when its member changes."""
    if RETAIN_KEYS not in patch:
        return
    names = patch.pop(RETAIN_KEYS)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise bad_request("invalid patch format of retainKeys")
    retained = set(names)
    for key, value in patch.items():
        if not key.startswith("$") and value is not None and key not in retained:
            raise bad_request("invalid patch format of retainKeys")
    for key in [key for key in original if key not in retained]:
        del original[key]


def _delete_from(original: Object, key: str, values: Any) -> None:
    if not isinstance(values, list):
        raise bad_request("invalid patch format of primitive list")
    if isinstance(original.get(key), list):
        original[key] = delete_scalars(original[key], values)


def _merge_ordered(
    original: Object, patch: Object, key: str, order: Any, schema: SchemaNode | None
) -> None:
    """``$setElementOrder/<key>``: merge the list, then put its items in the patch's order."""
    if not isinstance(order, list):
        raise bad_request(f"expected a []interface {{}}, but received a {kind_of(order)}")
    node = _child(schema, key)
    merge_key = node.patch_merge_key if node is not None else ""
    old, change = original.get(key), patch.get(key)
    if change is None and (key in patch or old is None):
        return
    if change is not None:
        if not isinstance(change, list):
            raise bad_request("invalid patch format of setElementOrder list")
        check_order(change, order, merge_key)
        del patch[key]
    if not isinstance(old, list):
        merged = _plain(change)
    else:
        merged = old if change is None else _merge_list(list(old), change, node)
    if "merge" in _strategies(node):
        merged = apply_order(merged, order, old if isinstance(old, list) else [], merge_key)
    original[key] = merged


def _merge_list(old: list[Any], change: list[Any], schema: SchemaNode | None) -> list[Any]:
    if "merge" not in _strategies(schema):
        return _plain_list(change)
    if not any(isinstance(item, dict) for item in (*old, *change)):
        return merge_scalars(old, change)
    assert schema is not None
    merge_key = schema.patch_merge_key
    if not merge_key:
        raise bad_request("cannot merge lists without merge key")
    kept, change, replace = split_special(old, change, merge_key)
    if replace:
        return _plain_list(change)
    items = schema.items

    def merge(before: Object | None, item: Object) -> Object:
        return _plain_map(item) if before is None else _merge_map(before, item, items)

    return merge_items(kept, change, merge_key, merge)


def _plain(value: Any) -> Any:
    """A patch value that has nothing to merge with: without directives and nulls."""
    if isinstance(value, dict):
        return _plain_map(value)
    return _plain_list(value) if isinstance(value, list) else value


def _plain_map(value: Object) -> Object:
    return {
        key: _plain(item)
        for key, item in value.items()
        if item is not None
        and key not in (PATCH, RETAIN_KEYS)
        and not key.startswith((DELETE_FROM, SET_ORDER))
    }


def _plain_list(value: list[Any]) -> list[Any]:
    return [_plain(item) for item in value if not (isinstance(item, dict) and PATCH in item)]
