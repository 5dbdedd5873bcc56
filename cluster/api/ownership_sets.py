"""Sets of object fields, in the very form managedFields stores them (FieldsV1), and their algebra.

A set is a dict of path elements: ``f:name`` a field, ``k:{"name":"a"}`` a list item by its keys,
``v:"x"`` a member of a set, ``i:3`` an item by its place. A node that is empty, or has the key
``.``, is itself in the set; a node without both is only on the way to its children. The root is
never in the set, so an empty root is the empty set.
Source: KEP-555 (server-side apply) and metav1.FieldsV1. All functions leave their inputs alone;
results may share parts with them. Must not know objects or schemas.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

import orjson

FieldSet: TypeAlias = dict[str, Any]
SELF = "."


def make_node(member: bool, children: FieldSet) -> FieldSet | None:
    """A node in normal form; None if nothing is in it. ``children`` must not hold ``.``."""
    if children:
        return {SELF: {}, **children} if member else children
    return {} if member else None


def is_member(node: FieldSet) -> bool:
    """True if the path that leads to the node is itself in the set."""
    return not node or SELF in node


def union(one: FieldSet, other: FieldSet) -> FieldSet:
    """What is in either."""
    if not one or one is other:
        return other
    return _union(one, other) if other else one


def _union(one: FieldSet, other: FieldSet) -> FieldSet:
    if not one or not other:
        full = one or other
        return full if not full or SELF in full else {SELF: {}, **full}
    result = dict(one)
    for key, right in other.items():
        left = result.get(key)
        result[key] = right if left is None else _union(left, right)
    return result


def difference(one: FieldSet, other: FieldSet) -> FieldSet:
    """What is in ``one`` and not in ``other``."""
    if not one or not other:
        return one
    return _difference(one, other) or {}


def _difference(one: FieldSet, other: FieldSet) -> FieldSet | None:
    children: FieldSet = {}
    for key, left in one.items():
        if key == SELF:
            continue
        right = other.get(key)
        kept = left if right is None else _difference(left, right)
        if kept is not None:
            children[key] = kept
    return make_node(is_member(one) and not is_member(other), children)


def intersection(one: FieldSet, other: FieldSet) -> FieldSet:
    """What is in both."""
    if not one or not other:
        return {}
    return _intersection(one, other) or {}


def _intersection(one: FieldSet, other: FieldSet) -> FieldSet | None:
    children: FieldSet = {}
    for key, left in one.items():
        right = other.get(key)
        if right is None or key == SELF:
            continue
        kept = _intersection(left, right)
        if kept is not None:
            children[key] = kept
    return make_node(is_member(one) and is_member(other), children)


def with_named_parents(fields: FieldSet) -> FieldSet:
    """Also every named field on the way to a member: owning ``a.b`` keeps ``a`` alive."""
    result: FieldSet = {}
    for key, child in fields.items():
        grown = with_named_parents(child)
        if key.startswith("f:") and grown and SELF not in grown:
            grown = {SELF: {}, **grown}
        result[key] = grown
    return result


def paths(fields: FieldSet) -> Iterator[str]:
    """Each member as text: ``.spec.template.spec.containers[name="web"].image``. In the order of
    Kubernetes: by name, those of a level before those that are further down."""
    listed = sorted((key for key in fields if key != SELF), key=_order)
    for key in listed:
        if is_member(fields[key]):
            yield element_text(key)
    for key in listed:
        text = element_text(key)
        for rest in paths(fields[key]):
            yield text + rest


def _order(element: str) -> tuple[int, int, str]:
    kind, _, value = element.partition(":")
    return ("fkvi".index(kind), int(value) if kind == "i" else 0, value)


def element_text(element: str) -> str:
    """One path element as people read it."""
    kind, _, value = element.partition(":")
    if kind == "f":
        return f".{value}"
    if kind == "k":
        keys = orjson.loads(value)
        return "[" + ",".join(f"{key}={_json(keys[key])}" for key in sorted(keys)) + "]"
    return f"[={value}]" if kind == "v" else f"[{value}]"


def is_well_formed(fields: object) -> bool:
    """False for anything that is no FieldsV1."""
    if not isinstance(fields, dict):
        return False
    return all(
        isinstance(key, str)
        and (key == SELF or key[:2] in ("f:", "k:", "v:", "i:"))
        and _readable(key)
        and is_well_formed(child)
        for key, child in fields.items()
    )


def _readable(key: str) -> bool:
    if key[:2] != "k:":
        return True
    try:
        return isinstance(orjson.loads(key[2:]), dict)
    except orjson.JSONDecodeError:
        return False


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
