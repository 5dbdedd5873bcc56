"""Walks objects along their schema for server-side apply: which fields there are, which differ,
how an applied configuration merges into an object, and how fields are taken out of one.

Lists of type ``map`` and ``set`` and maps that are not ``atomic`` are walked into; everything else
is one value. Without a schema maps are granular and lists atomic, as for custom resources that
have none. Results may share parts with their inputs.
Source: KEP-555 and the OpenAPI extensions x-kubernetes-list-type and -map-type.
Must not know managers.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from cluster.api.ownership_sets import FieldSet, element_text, is_member, make_node
from cluster.api.schema_node import SchemaNode
from cluster.api.status import bad_request, quoted
from cluster.api.types import Object

_LEAVES = frozenset({str, int, bool, float, type(None)})
_ABSENT: Any = object()
_NOTHING: Object = {}
# Elements of items with names no longer than this are remembered.
_NAME_LENGTH = 256


class Changes(NamedTuple):
    """What differs between two objects, as field sets."""

    added: FieldSet
    modified: FieldSet
    removed: FieldSet

    def __bool__(self) -> bool:
        return bool(self.added or self.modified or self.removed)


# What making the last specs did, by schema, JSON, and whether a spec is there by itself: how many
# are kept, and how long.
_SPEC, _SPECS_MAX, _SPEC_BYTES_MAX = "f:spec", 256, 16 * 1024
_SPECS: dict[tuple[SchemaNode, bytes, bool], Changes] = {}


def walks_map(value: object, schema: SchemaNode | None) -> bool:
    """True for a map whose entries are owned one by one."""
    return isinstance(value, dict) and (schema is None or schema.map_type != "atomic")


def walks_list(value: object, schema: SchemaNode | None) -> bool:
    """True for a list whose items are owned one by one."""
    return isinstance(value, list) and schema is not None and schema.list_type in ("map", "set")


def _child(schema: SchemaNode | None, key: str) -> SchemaNode | None:
    return schema.child(key) if schema is not None else None


def item_element(item: Any, schema: SchemaNode) -> str | None:
    """The path element of a list item; None if it lacks all its keys, and they have no default."""
    if schema.list_type == "set":
        return "v:" + orjson.dumps(item, option=orjson.OPT_SORT_KEYS).decode()
    if not isinstance(item, dict):
        return None
    if len(schema.list_map_keys) == 1:
        key = schema.list_map_keys[0]
        name = item.get(key)
        if name.__class__ is str and len(name) <= _NAME_LENGTH:
            return _named(key, name)
    keys = {}
    for key in schema.list_map_keys:
        value = item.get(key)
        if value is None:
            value = schema.key_default(key)
        if value is not None:
            keys[key] = value
    if not keys:
        return None
    return "k:" + orjson.dumps(keys, option=orjson.OPT_SORT_KEYS).decode()


@lru_cache(maxsize=4096)
def _named(key: str, name: str) -> str:
    return "k:" + orjson.dumps({key: name}).decode()


def group_items(items: list[Any], schema: SchemaNode) -> dict[str, list[Any]]:
    """Items by path element. A stored list may hold duplicates, and items without keys."""
    groups: dict[str, list[Any]] = {}
    for index, item in enumerate(items):
        element = item_element(item, schema) or f"i:{index}"
        groups.setdefault(element, []).append(item)
    return groups


def check_lists(value: Any, schema: SchemaNode | None, path: str = "") -> None:
    """An applied configuration may name each list item once. Raises StatusError 400."""
    if isinstance(value, dict) and walks_map(value, schema):
        for key, item in value.items():
            check_lists(item, _child(schema, key), f"{path}.{key}")
    elif isinstance(value, list) and schema is not None and walks_list(value, schema):
        seen: set[str] = set()
        for position, item in enumerate(value):
            element = item_element(item, schema)
            if element is None:
                keys = " ".join(map(quoted, schema.list_map_keys))
                raise bad_request(
                    f"{path}: element {position}: associative list with keys has an element that "
                    f"omits all key fields [{keys}] (and doesn't have default values for any key "
                    "fields)"
                )
            text = element_text(element)
            if element in seen:
                raise bad_request(f"{path}: duplicate entries for key {text}")
            seen.add(element)
            check_lists(item, schema.items, path + text)


def field_set(value: Object, schema: SchemaNode | None, whole: bool = False) -> FieldSet:
    """The fields of an object: its leaves, list items, and keys of free maps.

    ``whole``: also all on the way to them, as in the record of an update that created it.
    """
    result: FieldSet = {}
    for key, item in value.items():
        if item.__class__ in _LEAVES:
            # As below, for most: this runs for every field of every write.
            result["f:" + key] = {}
            continue
        child = None if schema is None else schema.child(key)
        # (What is left is null, a dict or a list.)
        empty = not item and item.__class__ is not list
        member = whole or empty or schema is None or not schema.has_field(key)
        node = _value_node(item, child, member, whole)
        if node is not None:
            result["f:" + key] = node
    return result


def _value_node(
    value: Any, schema: SchemaNode | None, member: bool, whole: bool
) -> FieldSet | None:
    if value.__class__ is dict:
        if schema is None or schema.map_type != "atomic":
            return make_node(member, field_set(value, schema, whole))
    elif value.__class__ is list and schema is not None and walks_list(value, schema):
        children: FieldSet = {}
        for element, items in group_items(value, schema).items():
            node = _value_node(items[0], schema.items, True, whole)
            children[element] = {} if node is None else node
        return make_node(member, children)
    return {}


def compare(
    old: Object, new: Object, schema: SchemaNode | None, bare: Object = _NOTHING
) -> Changes:
    """What an update from ``old`` to ``new`` did. ``bare``: what every object holds by itself, see
    ``bare_objects``: only what is in it can be somebody's."""
    changes = Changes({}, {}, {})
    for key in {**old, **new}:
        by_itself = bare.get(key, _ABSENT)
        was, now = old.get(key, by_itself), new.get(key, by_itself)
        if was is not now:
            below = by_itself if by_itself.__class__ is dict else _NOTHING
            _compare_into(changes, f"f:{key}", was, now, _child(schema, key), below)
    return changes


def _compare_into(
    changes: Changes,
    element: str,
    old: Any,
    new: Any,
    schema: SchemaNode | None,
    bare: Object = _NOTHING,
) -> None:
    if old == new:
        return
    if element == _SPEC and (old is _ABSENT or old is bare) and schema is not None:
        _merge_in(changes, element, _made(old, new, schema, bare))
    elif old is _ABSENT:
        changes.added[element] = _value_node(new, schema, True, True) or {}
    elif new is _ABSENT:
        changes.removed[element] = _value_node(old, schema, True, True) or {}
    elif walks_map(old or new, schema) and _alike(old, new, dict):
        _put(changes, element, compare(old or {}, new or {}, schema, bare))
    elif walks_list(old or new, schema) and _alike(old, new, list):
        assert schema is not None
        _put(changes, element, _compare_lists(old or [], new or [], schema))
    else:
        changes.modified[element] = {}


def _alike(one: Any, other: Any, shape: type) -> bool:
    """Both of the shape, or one of it and the other null; not both empty."""
    return all(value is None or isinstance(value, shape) for value in (one, other)) and bool(
        one or other
    )


def _made(old: Any, new: Any, schema: SchemaNode, bare: Object) -> Changes:
    """Of a spec that was not there before. Objects made of one template have the same spec: it is
    looked through once."""

    def look() -> Changes:
        changes = Changes({}, {}, {})
        _compare_into(changes, "", old, new, schema, bare)
        return changes

    try:
        text = orjson.dumps(new)
    except orjson.JSONEncodeError:  # a number too large for it: others say so
        return look()
    # (Nodes of schemas are equal only to themselves.)
    key = schema, text, old is _ABSENT
    known = _SPECS.get(key)
    if known is not None:
        return known
    made = look()
    if len(text) <= _SPEC_BYTES_MAX:
        _SPECS[key] = made
        if len(_SPECS) > _SPECS_MAX:
            del _SPECS[next(iter(_SPECS))]
    return made


def _merge_in(changes: Changes, element: str, made: Changes) -> None:
    for target, found in zip(changes, made, strict=True):
        if "" in found:
            target[element] = found[""]


def _put(changes: Changes, element: str, inner: Changes) -> None:
    for target, found in zip(changes, inner, strict=True):
        if found:
            target[element] = found


def _compare_lists(old: list[Any], new: list[Any], schema: SchemaNode) -> Changes:
    changes = Changes({}, {}, {})
    before, after = group_items(old, schema), group_items(new, schema)
    for element in {**before, **after}:
        olds, news = before.get(element, []), after.get(element, [])
        if len(olds) > 1 or len(news) > 1:
            if olds != news:
                changes.modified[element] = {}
            continue
        one, other = (olds[0] if olds else _ABSENT), (news[0] if news else _ABSENT)
        _compare_into(changes, element, one, other, schema.items)
    return changes


def merge(live: Object, config: Object, schema: SchemaNode | None) -> Object:
    """The configuration laid over the live object; null takes the place of what is one value, and
    leaves alone what is walked into."""
    result = dict(live)
    for key, value in config.items():
        child, before = _child(schema, key), live.get(key)
        walked = before and (walks_map(before, child) or walks_list(before, child))
        if value is not None or not walked:
            result[key] = _merge_value(before, value, child)
    return result


def _merge_value(live: Any, value: Any, schema: SchemaNode | None) -> Any:
    if isinstance(value, dict) and walks_map(value, schema):
        return merge(live if isinstance(live, dict) else {}, value, schema)
    if isinstance(value, list) and schema is not None and walks_list(value, schema):
        return _merge_lists(live if isinstance(live, list) else [], value, schema)
    return value


def _merge_lists(live: list[Any], config: list[Any], schema: SchemaNode) -> list[Any]:
    """Shared and new items in the configuration's order; the others stay by their neighbours."""
    before = [(item_element(item, schema) or f"i:{index}", item) for index, item in enumerate(live)]
    first: dict[str, Any] = {}
    for element, item in before:
        first.setdefault(element, item)
    wanted = {item_element(item, schema): item for item in config}
    result: list[Any] = []
    at = 0
    shared = [element for element in wanted if element in first]
    for named, item in wanted.items():
        while at < len(before) and before[at][0] != (shared[0] if shared else None):
            if before[at][0] not in wanted:
                result.append(before[at][1])
            at += 1
        result.append(_merge_value(first.get(named or ""), item, schema.items))
        if shared and named == shared[0]:
            shared.pop(0)
            at += 1 if at < len(before) and before[at][0] == named else 0
    result.extend(item for element, item in before[at:] if element not in wanted)
    return result


def remove(value: Object, gone: FieldSet, schema: SchemaNode | None) -> Object:
    """The object without the fields that are in ``gone``."""
    result: Object = {}
    for key, item in value.items():
        node = gone.get(f"f:{key}")
        if node is None:
            result[key] = item
        elif not is_member(node):
            result[key] = _remove_inside(item, node, _child(schema, key))
    return result


def _remove_inside(value: Any, gone: FieldSet, schema: SchemaNode | None) -> Any:
    if isinstance(value, dict):
        return remove(value, gone, schema)
    if not isinstance(value, list) or schema is None or not walks_list(value, schema):
        return value
    result = []
    for item in value:
        node = gone.get(item_element(item, schema) or "")
        if node is None:
            result.append(item)
        elif not is_member(node):
            result.append(_remove_inside(item, node, schema.items))
    return result
