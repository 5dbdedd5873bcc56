"""The tree of an expression. Each node has its offset in the source and nothing of types.

A node is equal to itself alone. Macros are nodes of their own, not folds written out: they are
quicker to evaluate, and clearer to report on.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """``offset``: in characters, of what errors about it point at."""

    offset: int


@dataclass(frozen=True, slots=True, eq=False)
class Literal(Node):
    """A constant."""

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Ident(Node):
    """A name; one with a leading dot means the outermost."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Select(Node):
    """``operand.field``; ``optional``: ``operand.?field``; ``test``: ``has(operand.field)``."""

    operand: Node
    field: str
    optional: bool = False
    test: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Index(Node):
    """``operand[key]``, ``operand[?key]``"""

    operand: Node
    key: Node
    optional: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Call(Node):
    """``function(args)``, ``target.function(args)``; operators by their names, as ``_+_``."""

    function: str
    target: Node | None
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True, eq=False)
class And(Node):
    """``left && right``"""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True, eq=False)
class Or(Node):
    """``left || right``"""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True, eq=False)
class Conditional(Node):
    """``test ? yes : no``"""

    test: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True, eq=False)
class ListLiteral(Node):
    """``optional``: positions of items that are left out if they are none."""

    items: tuple[Node, ...]
    optional: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class MapLiteral(Node):
    """Pairs; ``optional``: positions of pairs that are left out if their value is none."""

    entries: tuple[tuple[Node, Node], ...]
    optional: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class ObjectLiteral(Node):
    """``Name{field: value}``; ``optional`` as of a map."""

    type_name: str
    fields: tuple[tuple[str, Node], ...]
    optional: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Comprehension(Node):
    """A macro over a list or map. ``kind``: all, exists, exists_one, map, filter, transformList,
    transformMap, transformMapEntry. ``second``: '' or the variable of the value, when ``first`` is
    the index or key. ``where``: which items are taken."""

    kind: str
    range: Node
    first: str
    second: str
    where: Node | None
    body: Node


@dataclass(frozen=True, slots=True, eq=False)
class Bind(Node):
    """``cel.bind(name, value, body)``"""

    name: str
    value: Node
    body: Node


@dataclass(frozen=True, slots=True, eq=False)
class OptionalMap(Node):
    """``target.optMap(name, body)``; ``flat``: ``optFlatMap``."""

    target: Node
    name: str
    body: Node
    flat: bool


@dataclass(frozen=True, slots=True, eq=False)
class SortBy(Node):
    """``target.sortBy(name, body)``"""

    target: Node
    name: str
    body: Node
