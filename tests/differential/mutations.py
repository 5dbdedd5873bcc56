"""Odd bodies made of a right one: each place of it removed, or replaced by what is wrong there.

Must not know servers.
"""

import copy
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
Path = tuple[str | int, ...]

GONE = "<removed>"
TWICE = "<twice>"
LONG = "a" * 300
VALUES: tuple[Any, ...] = (
    GONE,
    TWICE,
    None,
    "",
    "Odd_Value!",
    "other",
    "a/b/c",
    "../x",
    LONG,
    0,
    -1,
    70000,
    2**40,
    True,
    [],
    {},
    ["x"],
    {"x": "y"},
)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Each place below an object, the nearer first."""
    below: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        below = list(value.items())
    elif isinstance(value, list):
        below = list(enumerate(value))
    for key, inner in below:
        yield (*path, key)
        yield from places(inner, (*path, key))


def mutations(body: Json, values: tuple[Any, ...] = VALUES) -> Iterator[tuple[Path, Any, Json]]:
    """(where, what is put there, the body); what would change nothing is left out."""
    for path in places(body):
        for value in values:
            changed = copy.deepcopy(body)
            if _put(changed, path, value) and changed != body:
                yield path, value, changed


def _put(body: Json, path: Path, value: Any) -> bool:
    holder: Any = body
    for key in path[:-1]:
        holder = holder[key]
    last = path[-1]
    if value == GONE:
        del holder[last]
    elif value == TWICE:
        if not isinstance(holder, list):
            return False
        holder.append(copy.deepcopy(holder[last]))
    else:
        holder[last] = copy.deepcopy(value)
    return True
