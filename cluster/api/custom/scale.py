"""Where a custom resource keeps the numbers that /scale shows: the paths of its definition.

Source: "Extend the Kubernetes API with CustomResourceDefinitions", Scale subresource. Pure.
"""

from typing import Any

from cluster.api.status import internal_error
from cluster.api.types import Object


def read(paths: Object, obj: Object) -> tuple[int, int, str]:
    """(wanted, counted, selector). Raises StatusError 500 if no number is wanted."""
    where = paths["specReplicasPath"]
    wanted = _at(obj, where)
    if not isinstance(wanted, int):
        raise internal_error(f'the spec replicas field "{where}" does not exist')
    counted, selector = _at(obj, paths["statusReplicasPath"]), ""
    if paths.get("labelSelectorPath"):
        selector = str(_at(obj, paths["labelSelectorPath"]) or "")
    return wanted, counted if isinstance(counted, int) else 0, selector


def write(paths: Object, obj: Object, wanted: int) -> Object:
    """The object with another number wanted; shares what it can with ``obj``."""
    return _set(obj, _names(paths["specReplicasPath"]), wanted)


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
