"""What an expression may cost at most, from how large the values it sees may be.

The same tables of costs as at run time, asked with stand-ins instead of values. Source: cel-go's
cost estimator; Kubernetes docs, "Resource usage by validation functions". Must not know schemas.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cluster.cel import costs
from cluster.cel.checker import Checked
from cluster.cel.errors import CelCostExceeded
from cluster.cel.functions import Overload
from cluster.cel.syntax import (
    And,
    Bind,
    Call,
    Comprehension,
    Conditional,
    Ident,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Node,
    ObjectLiteral,
    OptionalMap,
    Or,
    Select,
    SortBy,
)
from cluster.cel.types import BOOL, BYTES, DOUBLE, INT, NULL, STRING, UINT, Type

# More than any limit: what is larger is not told apart.
UNBOUNDED = 1 << 60
# Of these equality is seen at once.
_SMALL = frozenset((BOOL, INT, UINT, DOUBLE, NULL))
_EQUALITY = ("_==_", "_!=_")
_MEASURED = ("list", "map", "dyn")


@dataclass(frozen=True)
class Extent:
    """How large a value may be. ``size``: characters, bytes or items; ``item``: of a list's items
    or a map's values; ``key``: of a map's keys; ``fields``: of an object's, by expressions' names.
    """

    size: int = 1
    item: "Extent | None" = None
    key: "Extent | None" = None
    fields: Mapping[str, "Extent"] = field(default_factory=dict)

    @property
    def cost_size(self) -> int:
        """See ``functions.size_of``."""
        return self.size

    @property
    def walk_size(self) -> int:
        """See ``functions.walk_cost``."""
        each = 1 if self.item is None else self.item.walk_size
        return min(max(1, self.size) * each, UNBOUNDED)

    def __len__(self) -> int:
        return self.size

    def within(self, name: str) -> "Extent":
        """Of a field, or of any value in it."""
        return self.fields.get(name) or self.item or Extent(self.size)


Extents = Mapping[str, Extent]


def estimate(checked: Checked, extents: Extents) -> int:
    """Units at most. ``extents``: of the variables; those that are not given are small."""
    return min(_Estimator(checked).visit(checked.root, extents)[0], UNBOUNDED)


Found = tuple[int, Extent]


class _Estimator:
    def __init__(self, checked: Checked) -> None:
        self._checked = checked

    def visit(self, node: Node, scope: Extents) -> Found:
        """(units, how large the value is)"""
        match node:
            case Literal():
                value = node.value
                return costs.CONSTANT, Extent(len(value) if isinstance(value, str | bytes) else 1)
            case Ident():
                return costs.SELECT, scope.get(node.name.removeprefix("."), Extent())
            case Select(test=True):
                # Kubernetes lets these go for nothing, in its estimates.
                return 0, Extent()
            case Select():
                units, given = self.visit(node.operand, scope)
                return units + costs.SELECT, given.within(node.field)
            case Index():
                units, given = self.visit(node.operand, scope)
                more, _ = self.visit(node.key, scope)
                return units + more + costs.SELECT, given.item or Extent()
            case And() | Or():
                left, right = self.visit(node.left, scope)[0], self.visit(node.right, scope)[0]
                return left + right, Extent()
            case Conditional():
                return self._conditional(node, scope)
            case Call():
                return self._call(node, scope)
            case Comprehension():
                return self._comprehension(node, scope)
            case Bind():
                units, value = self.visit(node.value, scope)
                more, body = self.visit(node.body, {**scope, node.name: value})
                return units + more, body
            case OptionalMap() | SortBy():
                return self._with_variable(node, scope)
        return self._written(node, scope)

    def _conditional(self, node: Conditional, scope: Extents) -> Found:
        units = self.visit(node.test, scope)[0]
        yes, no = self.visit(node.yes, scope), self.visit(node.no, scope)
        return units + max(yes[0], no[0]), max(yes[1], no[1], key=_size)

    def _written(self, node: Node, scope: Extents) -> Found:
        match node:
            case ListLiteral():
                items = [self.visit(item, scope) for item in node.items]
                largest = max((item for _, item in items), key=_size, default=Extent())
                return sum(units for units, _ in items) + costs.LIST, Extent(len(items), largest)
            case MapLiteral():
                pairs = [self.visit(part, scope) for entry in node.entries for part in entry]
                values = [extent for _, extent in pairs[1::2]]
                largest = max(values, key=_size, default=Extent())
                return sum(units for units, _ in pairs) + costs.MAP, Extent(len(values), largest)
            case ObjectLiteral():
                parts = {name: self.visit(part, scope) for name, part in node.fields}
                fields = {name: extent for name, (_, extent) in parts.items()}
                units = sum(units for units, _ in parts.values()) + costs.OBJECT
                return units, Extent(len(parts), fields=fields)
        raise AssertionError(type(node).__name__)

    def _call(self, node: Call, scope: Extents) -> Found:
        found = [self.visit(arg, scope) for arg in self._args(node)]
        units, args = sum(item[0] for item in found), tuple(item[1] for item in found)
        overloads = self._checked.overloads.get(node, ())
        if node.function in _EQUALITY and all(self._is_small(arg) for arg in self._args(node)):
            return units, Extent()
        result = _result(self._checked.type_of(node), args)
        last = node.args[-1] if node.args else None
        if node.function == "split" and isinstance(last, Literal) and type(last.value) is int:
            # As many parts as were asked for, each as long as the text at most.
            result = replace(result, size=max(0, min(result.size, last.value)), item=args[0])
        return units + max((_units(one, args, result) for one in overloads), default=1), result

    def _args(self, node: Call) -> tuple[Node, ...]:
        return self._checked.arguments[node]

    def _is_small(self, node: Node) -> bool:
        return self._checked.type_of(node) in _SMALL

    def _comprehension(self, node: Comprehension, scope: Extents) -> Found:
        units, given = self.visit(node.range, scope)
        is_map = self._checked.type_of(node.range).name == "map"
        item = Extent() if given.item is None else given.item
        key = Extent() if given.key is None else given.key
        if node.second:
            inner = {**scope, node.first: key if is_map else Extent(), node.second: item}
        else:
            inner = {**scope, node.first: key if is_map else item}
        where = 0 if node.where is None else self.visit(node.where, inner)[0]
        body, made = self.visit(node.body, inner)
        lists = node.kind not in ("all", "exists", "exists_one")
        loop = costs.LOOPS[node.kind]
        if node.kind == "filter":
            # Its body is its condition.
            body, made = 0, inner[node.first]
        turn = loop.turn + where + body
        total = min(units + loop.start + given.size * turn + loop.result, UNBOUNDED)
        return total, Extent(given.size, made) if lists else Extent()

    def _with_variable(self, node: OptionalMap | SortBy, scope: Extents) -> Found:
        units, given = self.visit(node.target, scope)
        item = given if isinstance(node, OptionalMap) else given.item or Extent()
        body, made = self.visit(node.body, {**scope, node.name: item})
        if isinstance(node, OptionalMap):
            return units + body + costs.CALL, made
        turn = body + costs.ADDS + given.size.bit_length()
        return min(units + given.size * turn, UNBOUNDED), given


def _size(extent: Extent) -> int:
    return extent.size


def _units(overload: Overload, args: tuple[Extent, ...], result: Extent) -> int:
    if overload.cost is None:
        return costs.CALL
    try:
        return min(overload.cost(args, result), UNBOUNDED)
    except (CelCostExceeded, OverflowError):
        return UNBOUNDED


def _result(kind: Type, args: tuple[Extent, ...]) -> Extent:
    """Texts and lists are taken to be no longer than what they are made of."""
    if kind not in (STRING, BYTES) and kind.name not in _MEASURED:
        return Extent()
    size = sum(arg.size for arg in args)
    items = [arg.item for arg in args if arg.item is not None]
    item = max(items, key=_size, default=Extent(size if kind.name == "list" else 1))
    return Extent(min(size, UNBOUNDED), item)
