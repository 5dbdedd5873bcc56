"""Calls that are no calls: has, all, exists, map, cel.bind and the like, by their shape.

Source: CEL language definition, "Macros"; cel-go's two-variable comprehensions, bindings, optional
types and lists extensions. Must not know: types.
"""

from collections.abc import Sequence

from cluster.cel.errors import CelCompileError
from cluster.cel.source import Source
from cluster.cel.syntax import Bind, Comprehension, Ident, Node, OptionalMap, Select, SortBy

_EXISTS_ONE = ("exists_one", "existsOne")
# Name to (arguments with one variable, arguments with two).
_SIZES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "all": ((2,), (3,)),
    "exists": ((2,), (3,)),
    "exists_one": ((2,), ()),
    "existsOne": ((2,), (3,)),
    "filter": ((2,), ()),
    "map": ((2, 3), ()),
    "transformList": ((), (3, 4)),
    "transformMap": ((), (3, 4)),
    "transformMapEntry": ((), (3, 4)),
}


def expand(
    source: Source, offset: int, name: str, target: Node | None, args: Sequence[Node]
) -> Node | None:
    """The node of a macro; None if it is an ordinary call. Raises CelCompileError."""
    if target is None:
        return _has(source, args) if name == "has" and len(args) == 1 else None
    if name == "bind" and isinstance(target, Ident) and target.name == "cel" and len(args) == 3:
        return Bind(offset, _variable(source, args[0]), args[1], args[2])
    if name in ("optMap", "optFlatMap") and len(args) == 2:
        return OptionalMap(
            offset, target, _variable(source, args[0]), args[1], name == "optFlatMap"
        )
    if name == "sortBy" and len(args) == 2:
        return SortBy(offset, target, _variable(source, args[0]), args[1])
    one, two = _SIZES.get(name, ((), ()))
    if len(args) in one:
        return _comprehension(source, offset, name, target, args, variables=1)
    if len(args) in two:
        return _comprehension(source, offset, name, target, args, variables=2)
    return None


def _has(source: Source, args: Sequence[Node]) -> Node:
    chosen = args[0]
    if not isinstance(chosen, Select) or chosen.test:
        raise source.error(chosen.offset, "invalid argument to has() macro")
    return Select(chosen.offset, chosen.operand, chosen.field, chosen.optional, test=True)


def _comprehension(
    source: Source, offset: int, name: str, target: Node, args: Sequence[Node], variables: int
) -> Node:
    first = _variable(source, args[0])
    second = _variable(source, args[1]) if variables == 2 else ""
    if second and first == second:
        raise source.error(args[1].offset, f"duplicate variable name: {second}")
    rest = args[variables:]
    where = rest[0] if len(rest) == 2 or name == "filter" else None
    kind = "exists_one" if name in _EXISTS_ONE else name
    return Comprehension(offset, kind, target, first, second, where, rest[-1])


def _variable(source: Source, node: Node) -> str:
    if isinstance(node, Ident) and not node.name.startswith("."):
        return node.name
    raise _not_a_name(source, node)


def _not_a_name(source: Source, node: Node) -> CelCompileError:
    return source.error(node.offset, "argument must be a simple name")
