"""How a strategic merge patch merges lists: by merge key, as sets of scalars, in which order.

All lookups go through dictionaries, so large lists cost linear time.
Must not know schemas: the caller says the merge key ('' for scalars).
"""

from collections.abc import Callable, Hashable
from typing import Any

from cluster.api.go_text import as_go
from cluster.api.status import bad_request
from cluster.api.types import Object

Merge = Callable[[Object | None, Object], Object]


def identity(item: Any, merge_key: str) -> Hashable:
    """What makes two items the same. Raises StatusError 400 if the item has no such thing."""
    value = item
    if merge_key:
        if not isinstance(item, dict):
            raise bad_request("list element types are not identical")
        if merge_key not in item:
            shown = as_go(item)
            raise bad_request(f"map: {shown} does not contain declared merge key: {merge_key}")
        value = item[merge_key]
    if isinstance(value, dict | list):
        raise bad_request("lists of lists are not supported")
    # 1, 1.0 and True are one key to a dictionary, but different JSON.
    return (type(value).__name__, value)


def unknown_directive(directive: Any) -> str:
    """Of the patch no more than that: it may be a Secret's."""
    shown = as_go(directive)
    return f"unknown patch type: {shown} in map: map[$patch:{shown}]"


def positions(items: list[Any], merge_key: str) -> dict[Hashable, int]:
    """Where each item is first."""
    found: dict[Hashable, int] = {}
    for index, item in enumerate(items):
        found.setdefault(identity(item, merge_key), index)
    return found


def merge_scalars(old: list[Any], change: list[Any]) -> list[Any]:
    """The union, in the order of ``change`` where that says something."""
    merged = list({identity(item, ""): item for item in (*old, *change)}.values())
    return apply_order(merged, change, old, "")


def delete_scalars(old: list[Any], values: list[Any]) -> list[Any]:
    """``old`` without ``values``."""
    gone = {identity(item, "") for item in values}
    return [item for item in old if identity(item, "") not in gone]


def split_special(
    old: list[Any], change: list[Any], merge_key: str
) -> tuple[list[Any], list[Any], bool]:
    """Carries out ``$patch`` items: (old without deleted items, plain items, replace the list?)."""
    plain: list[Any] = []
    deleted: set[Hashable] = set()
    replace = False
    for item in change:
        directive = item.get("$patch") if isinstance(item, dict) else None
        if directive is None:
            plain.append(item)
        elif directive == "delete":
            deleted.add(identity(item, merge_key))
        elif directive == "replace":
            replace = True
        elif directive == "merge":
            raise bad_request("merging lists cannot yet be specified in the patch")
        else:
            raise bad_request(unknown_directive(directive))
    kept = [item for item in old if identity(item, merge_key) not in deleted] if deleted else old
    return kept, plain, replace


def merge_items(old: list[Any], change: list[Any], merge_key: str, merge: Merge) -> list[Any]:
    """Merge each item of ``change`` into its like in ``old``; new ones are added."""
    merged = list(old)
    where = positions(merged, merge_key)
    names: list[Object] = []
    for item in change:
        key = identity(item, merge_key)
        names.append({merge_key: item[merge_key]})
        if key in where:
            merged[where[key]] = merge(merged[where[key]], item)
        else:
            where[key] = len(merged)
            merged.append(merge(None, item))
    return apply_order(merged, names, old, merge_key)


def check_order(change: list[Any], order: list[Any], merge_key: str) -> None:
    """Items of the patch must appear in its own ``$setElementOrder``, in the same sequence."""
    where = positions(order, merge_key)
    last = -1
    for item in change:
        if isinstance(item, dict) and "$patch" in item:
            continue
        at = where.get(identity(item, merge_key))
        if at is None or at < last:
            raise bad_request(
                f"The order in patch list:\n{as_go(change)}\n"
                f" doesn't match $setElementOrder list:\n{as_go(order)}\n"
            )
        last = at


def apply_order(items: list[Any], order: list[Any], server: list[Any], merge_key: str) -> list[Any]:
    """Named items in the client's order; the others interleaved as the server had them."""
    wanted = positions(order, merge_key)
    before = positions(server, merge_key)
    named = [item for item in items if identity(item, merge_key) in wanted]
    others = [item for item in items if identity(item, merge_key) not in wanted]
    named.sort(key=lambda item: wanted[identity(item, merge_key)])
    others.sort(key=lambda item: before.get(identity(item, merge_key), len(before)))
    result: list[Any] = []
    left = 0
    for item in named:
        limit = before.get(identity(item, merge_key))
        while limit is not None and left < len(others):
            place = before.get(identity(others[left], merge_key))
            if place is None or place >= limit:
                break
            result.append(others[left])
            left += 1
        result.append(item)
    return result + others[left:]
