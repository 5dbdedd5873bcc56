"""What tests of rules share: prepare an object as the API server does, and say what was found."""

import copy
from collections.abc import Sequence
from typing import Any

from cluster.api.defaults import apply_defaults
from cluster.api.kinds import Kind, by_resource
from cluster.api.status import Cause
from cluster.api.validation.table import validate_create, validate_update


def kind_of(group: str, plural: str) -> Kind:
    """A served kind of version v1."""
    found = by_resource(group, "v1", plural)
    assert found is not None
    return found


def texts(causes: Sequence[Cause]) -> list[str]:
    """What a client reads."""
    return [cause.text() for cause in causes]


def created(group: str, plural: str, obj: dict[str, Any]) -> list[str]:
    """What is wrong with a new object, after defaults."""
    kind = kind_of(group, plural)
    metadata = obj.setdefault("metadata", {"name": "web"})
    if kind.namespaced:
        metadata.setdefault("namespace", "default")
    apply_defaults(kind, obj)
    return texts(validate_create(kind, obj))


def updated(
    group: str, plural: str, old: dict[str, Any], new: dict[str, Any], part: str = ""
) -> list[str]:
    """What is wrong with an update, after defaults."""
    kind = kind_of(group, plural)
    for obj in (old, new):
        metadata = obj.setdefault("metadata", {"name": "web"})
        if kind.namespaced:
            metadata.setdefault("namespace", "default")
        apply_defaults(kind, obj)
    return texts(validate_update(kind, old, new, part))


def changed(obj: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with one field set (``spec.containers.0.image``); None removes it."""
    copied = copy.deepcopy(obj)
    at: Any = copied
    *parents, last = (int(key) if key.isdigit() else key for key in path.split("."))
    for key in parents:
        at = at[key] if isinstance(key, int) else at.setdefault(key, {})
    if value is None:
        del at[last]
    else:
        at[last] = value
    return copied
