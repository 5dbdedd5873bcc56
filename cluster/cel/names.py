"""Which names an expression uses."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from cluster.cel.syntax import Ident, Node


def names_of(tree: Node) -> frozenset[str]:
    """Of variables, those of macros among them."""
    return frozenset(node.name for node in walk(tree) if isinstance(node, Ident))


def walk(tree: Node) -> Iterator[Node]:
    """Every node, in no order."""
    waiting: list[Any] = [tree]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Node):
            yield item
            waiting.extend(getattr(item, part.name) for part in dataclasses.fields(item))
        elif isinstance(item, tuple):
            waiting.extend(item)
