"""Where a custom resource keeps the numbers that /scale shows: the paths of its definition.

Source: "Extend the Kubernetes API with CustomResourceDefinitions", Scale subresource. Pure.
"""

from typing import Any

from cluster.api.go_text import as_go
from cluster.api.status import Cause, internal_error
from cluster.api.types import Object
from cluster.api.validation import causes

_INT32_MAX = 2**31 - 1
# As Go calls the types of decoded JSON.
_TYPES = {
    str: "string", bool: "bool", int: "int64", float: "float64", type(None): "<nil>",
    dict: "map[string]interface {}", list: "[]interface {}",
}  # fmt: skip


def read(paths: Object, obj: Object, absent: int | None = None) -> tuple[int, int, str]:
    """(wanted, counted, selector). ``absent``: wanted where there is no number. Raises StatusError
    500 if there is neither."""
    where = paths["specReplicasPath"]
    wanted = _at(obj, where)
    if not isinstance(wanted, int):
        wanted = absent
    if not isinstance(wanted, int):
        raise internal_error(f'the spec replicas field "{where}" does not exist')
    counted, selector = _at(obj, paths["statusReplicasPath"]), ""
    if paths.get("labelSelectorPath"):
        selector = str(_at(obj, paths["labelSelectorPath"]) or "")
    return wanted, counted if isinstance(counted, int) else 0, selector


def write(paths: Object, obj: Object, wanted: int) -> Object:
    """The object with another number wanted; shares what it can with ``obj``."""
    return _set(obj, _names(paths["specReplicasPath"]), wanted)


def check(paths: Object, obj: Object, wanted: bool, found: list[Cause]) -> None:
    """What is wrong with the values at these paths. ``wanted``: look also at how many are wanted,
    which an update of the status cannot change."""
    for name in ("specReplicasPath", "statusReplicasPath")[0 if wanted else 1 :]:
        _check_count(paths[name], obj, found)
    path = paths.get("labelSelectorPath")
    if path:
        error = _misread(obj, path, str, "string")
        if error:
            found.append(causes.invalid(path, "", error))


def _check_count(path: str, obj: Object, found: list[Cause]) -> None:
    error = _misread(obj, path, int, "int64")
    count = 0 if error else _at(obj, path) or 0
    if error:
        found.append(causes.invalid(path, 0, error))
    elif count < 0:
        found.append(causes.invalid(path, count, "should be a non-negative integer"))
    elif count > _INT32_MAX:
        found.append(causes.invalid(path, count, f"should be less than or equal to {_INT32_MAX}"))


def _misread(obj: Any, path: str, kind: type, wanted: str) -> str:
    """Why there is no such value at the path, '' if there is one or none at all."""
    walked = ""
    for name in _names(path):
        if obj is None and walked:
            return ""
        if not isinstance(obj, dict):
            return _accessor(f"{walked}.{name}", obj, "map[string]interface{}")
        if name not in obj:
            return ""
        obj, walked = obj[name], f"{walked}.{name}"
    return "" if type(obj) is kind else _accessor(walked, obj, wanted)


def _accessor(path: str, value: Any, wanted: str) -> str:
    found = f"{as_go(value)} is of the type {_TYPES[type(value)]}, expected {wanted}"
    return f"{path} accessor error: {found}"


def _names(path: str) -> tuple[str, ...]:
    """Of the fields on the way: between the dots, whatever that is."""
    return tuple(path.removeprefix(".").split("."))


def _at(obj: Any, path: str) -> Any:
    for name in _names(path):
        obj = obj.get(name) if isinstance(obj, dict) else None
    return obj


def _set(obj: Any, steps: tuple[str, ...], value: int) -> Object:
    name, *rest = steps
    below = obj if isinstance(obj, dict) else {}
    return {**below, name: _set(below.get(name), tuple(rest), value) if rest else value}
