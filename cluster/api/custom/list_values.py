"""Lists without duplicates: what x-kubernetes-list-type set and map ask of an object's lists.

Source: KEP-555; causes are in the words of Kubernetes' validation of list types. Must not know
other bounds of values.
"""

from collections.abc import Callable, Iterable
from typing import Any

import orjson

from cluster.api.custom.structural import Structural
from cluster.api.status import Cause
from cluster.api.validation import causes


def check_lists(node: Structural, value: Any, path: str, found: list[Cause]) -> None:
    """Of everything in a value; ``path`` '' at the root."""
    if not node.keyed:
        return
    if isinstance(value, list):
        if node.list_type == "set":
            _check_unique(value, _text, _same, path, found)
        elif node.list_type == "map":
            _check_map(node, value, path, found)
    for part, item, place in node.inside(value, path):
        check_lists(part, item, place, found)


def item_key(node: Structural, item: Any) -> bytes:
    """What makes an item of a list the same as another: its keys, or all of it."""
    if node.list_type == "map" and isinstance(item, dict):
        keys = {name: item.get(name, node.key_default(name)) for name in node.list_map_keys}
        return _text({name: value for name, value in keys.items() if value is not None})
    return _text(item)


def _text(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _same(value: Any) -> Any:
    return value


def _check_map(node: Structural, value: list[Any], path: str, found: list[Cause]) -> None:
    for position, item in enumerate(value):
        if item is not None and not isinstance(item, dict):
            detail = "must be an object for an array of list-type map"
            found.append(causes.invalid(f"{path}[{position}]", item, detail))
            return

    def shown(item: Any) -> Any:
        return orjson.loads(item_key(node, item or {}))

    _check_unique(value, lambda item: item_key(node, item or {}), shown, path, found)


def _check_unique(
    items: Iterable[Any],
    key_of: Callable[[Any], bytes],
    shown: Callable[[Any], Any],
    path: str,
    found: list[Cause],
) -> None:
    """Each value is told of once, where it is met again first."""
    seen: dict[bytes, int] = {}
    for position, item in enumerate(items):
        key = key_of(item)
        times = seen[key] = seen.get(key, 0) + 1
        if times == 2:
            found.append(causes.duplicate(f"{path}[{position}]", shown(item)))
