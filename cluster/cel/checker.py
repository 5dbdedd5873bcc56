"""Types of every node, and which functions its calls mean. All errors are found, not the first.

Lists and maps have items of one type, as Kubernetes declares. Must not know: values.
Source: CEL language definition, "Gradual Type Checking".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cluster.cel.conversions import to_duration, to_timestamp
from cluster.cel.errors import CelCompileError, CelError
from cluster.cel.functions import Overload
from cluster.cel.regular import compiled
from cluster.cel.scope import TYPES, Declarations
from cluster.cel.source import Source
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
from cluster.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    ERROR,
    INT,
    NULL,
    STRING,
    UINT,
    ObjectType,
    Type,
    list_of,
    map_of,
    optional_of,
    type_of,
)
from cluster.cel.unification import choose, compatible, joined, substituted, unify
from cluster.cel.values import UInt

ERRORS_MAX = 100
_LITERAL_CHECKS: Mapping[str, Callable[[Any], object]] = {
    "duration": to_duration, "timestamp": to_timestamp, "matches": compiled,
}  # fmt: skip
_LITERALS: dict[type, Type] = {
    type(None): NULL, bool: BOOL, int: INT, UInt: UINT, float: DOUBLE, str: STRING, bytes: BYTES,
}  # fmt: skip
_KEYS = (INT, UINT, BOOL, STRING, DYN, ERROR)


@dataclass
class Checked:
    """By node: types; of calls the overloads and the arguments (a receiver first); of names
    the type they are the name of; of selections that are a variable with dots its name."""

    root: Node
    types: dict[Node, Type] = field(default_factory=dict)
    overloads: dict[Node, tuple[Overload, ...]] = field(default_factory=dict)
    arguments: dict[Node, tuple[Node, ...]] = field(default_factory=dict)
    named_types: dict[Node, Type] = field(default_factory=dict)
    dotted: dict[Node, str] = field(default_factory=dict)

    def type_of(self, node: Node) -> Type:
        """Of a node of the tree."""
        return self.types[node]


def check(source: Source, root: Node, declarations: Declarations) -> Checked:
    """Raises CelCompileError with every error found."""
    checker = _Checker(source, declarations, Checked(root))
    checker.visit(root, {})
    if checker.errors:
        told = "\n".join(source.told(*error) for error in sorted(checker.errors)[:ERRORS_MAX])
        raise CelCompileError("compilation failed: " + told)
    return checker.checked


Scope = Mapping[str, Type]


def _dotted(node: Node) -> str:
    """``a.b.c`` if the node is nothing but names."""
    if isinstance(node, Ident):
        return node.name
    if isinstance(node, Select) and not node.optional and not node.test:
        left = _dotted(node.operand)
        return f"{left}.{node.field}" if left else ""
    return ""


class _Checker:
    def __init__(self, source: Source, declarations: Declarations, checked: Checked) -> None:
        self._declarations = declarations
        self.checked = checked
        self.errors: list[tuple[int, str]] = []

    def visit(self, node: Node, scope: Scope) -> Type:
        """The node's type, recorded."""
        found = self._visit(node, scope)
        self.checked.types[node] = found
        return found

    def _error(self, node: Node, message: str) -> Type:
        if (node.offset, message) not in self.errors:
            self.errors.append((node.offset, message))
        return ERROR

    def _visit(self, node: Node, scope: Scope) -> Type:
        match node:
            case Literal():
                return _LITERALS[type(node.value)]
            case Ident():
                return self._ident(node, scope)
            case Select():
                return self._select(node, scope)
            case Index():
                return self._index(node, scope)
            case Call():
                return self._call(node, scope)
            case And() | Or():
                self._want(node.left, BOOL, scope)
                self._want(node.right, BOOL, scope)
                return BOOL
            case Conditional():
                return self._conditional(node, scope)
            case ListLiteral():
                return self._list(node, scope)
            case MapLiteral():
                return self._map(node, scope)
            case ObjectLiteral():
                return self._object(node, scope)
            case Comprehension():
                return self._comprehension(node, scope)
            case Bind():
                return self.visit(node.body, {**scope, node.name: self.visit(node.value, scope)})
            case OptionalMap():
                return self._optional_map(node, scope)
            case SortBy():
                found = self.visit(node.target, scope)
                item = self._items(node.target, found)[-1]
                self.visit(node.body, {**scope, node.name: item})
                return found
        raise AssertionError(type(node).__name__)

    def _want(self, node: Node, wanted: Type, scope: Scope) -> None:
        found = self.visit(node, scope)
        if not compatible(wanted, found):
            self._error(node, f"expected type '{wanted}' but found '{found}'")

    def _ident(self, node: Ident, scope: Scope) -> Type:
        name = node.name
        if name in scope:
            return scope[name]
        found = self._declarations.variables.get(name.removeprefix("."))
        if found is not None:
            return found
        return self._type_name(node, name.removeprefix(".")) or self._undeclared(node, name)

    def _undeclared(self, node: Node, name: str) -> Type:
        return self._error(node, f"undeclared reference to '{name}' (in container '')")

    def _type_name(self, node: Node, name: str) -> Type | None:
        found = TYPES.get(name) or self._declarations.types.get(name)
        if found is None:
            return None
        self.checked.named_types[node] = found
        return type_of(found)

    def _select(self, node: Select, scope: Scope) -> Type:
        name = _dotted(node)
        first = name.partition(".")[0]
        if name in self._declarations.variables and first not in scope and not node.test:
            self.checked.dotted[node] = name
            return self._declarations.variables[name]
        if name and first not in scope and first not in self._declarations.variables:
            found = self._type_name(node, name)
            if found is not None:
                return found
        operand = self.visit(node.operand, scope)
        result = self._field(node, operand)
        if node.test:
            return BOOL
        optional = node.optional or operand.name == "optional_type"
        return optional_of(result) if optional and result is not ERROR else result

    def _field(self, node: Select, operand: Type) -> Type:
        if operand.name == "optional_type":
            operand = operand.parameters[0]
        if isinstance(operand, ObjectType):
            found = operand.fields.get(node.field)
            return found or self._error(node, f"undefined field '{node.field}'")
        if operand.name == "map":
            return operand.parameters[1]
        if operand in (DYN, ERROR):
            return DYN
        return self._error(node, f"type '{operand}' does not support field selection")

    def _index(self, node: Index, scope: Scope) -> Type:
        operand, key = self.visit(node.operand, scope), self.visit(node.key, scope)
        optional = node.optional or operand.name == "optional_type"
        within = operand.parameters[0] if operand.name == "optional_type" else operand
        result = self._item(node, within, key, operand)
        return optional_of(result) if optional and result is not ERROR else result

    def _item(self, node: Index, within: Type, key: Type, whole: Type) -> Type:
        if within in (DYN, ERROR):
            return DYN
        if within.name == "list" and compatible(INT, key):
            return within.parameters[0]
        if within.name == "map" and compatible(within.parameters[0], key):
            return within.parameters[1]
        return self._no_overload(node, "_[_]", [whole, key], member=False)

    def _no_overload(self, node: Node, name: str, args: Sequence[Type], member: bool) -> Type:
        if any(arg is ERROR for arg in args):
            return ERROR
        told = ", ".join(str(arg) for arg in (args[1:] if member else args))
        applied = f"'{args[0]}.({told})'" if member else f"'({told})'"
        return self._error(node, f"found no matching overload for '{name}' applied to {applied}")

    def _call(self, node: Call, scope: Scope) -> Type:
        functions, name, member = self._declarations.functions, node.function, False
        args = node.args
        if node.target is not None:
            left = _dotted(node.target)
            qualified = f"{left}.{name}"
            if left and qualified in functions and left.partition(".")[0] not in scope:
                name = qualified
            else:
                args, member = (node.target, *args), True
        types = [self._argument(name, arg, scope) for arg in args]
        self.checked.arguments[node] = args
        if name == "type" and not member and len(args) == 1:
            return type_of(types[0])
        if name not in functions:
            return self._undeclared(node, name)
        found, result = choose(functions[name], types, member)
        if not found:
            return self._no_overload(node, name, types, member)
        self.checked.overloads[node] = found
        self._check_literals(name, args)
        return result

    def _check_literals(self, name: str, args: Sequence[Node]) -> None:
        """What is written out must be what the function takes."""
        check = _LITERAL_CHECKS.get(name)
        last = args[-1] if args else None
        if check is None or not isinstance(last, Literal) or not isinstance(last.value, str | int):
            return
        try:
            check(last.value)
        except CelError:
            thing = "timestamp" if name == "timestamp" else f"{name} argument"
            self._error(last, f"invalid {thing}")

    def _argument(self, name: str, node: Node, scope: Scope) -> Type:
        """What is formatted may be of any types."""
        if name != "format" or not isinstance(node, ListLiteral):
            return self.visit(node, scope)
        for position, part in enumerate(node.items):
            self._entry(part, scope, position in node.optional)
        self.checked.types[node] = list_of(DYN)
        return list_of(DYN)

    def _conditional(self, node: Conditional, scope: Scope) -> Type:
        test = self.visit(node.test, scope)
        yes, no = self.visit(node.yes, scope), self.visit(node.no, scope)
        if not compatible(BOOL, test) or not compatible(yes, no):
            return self._no_overload(node, "_?_:_", [test, yes, no], member=False)
        return joined(yes, no)

    def _same(self, node: Node, found: Type, so_far: Type | None) -> Type:
        """The type of the items so far and one more."""
        if so_far is None:
            return found
        if not compatible(so_far, found):
            return self._error(node, f"expected type '{so_far}' but found '{found}'")
        return joined(so_far, found)

    def _entry(self, node: Node, scope: Scope, optional: bool) -> Type:
        found = self.visit(node, scope)
        if not optional or found in (DYN, ERROR):
            return DYN if optional else found
        if found.name != "optional_type":
            text = f"expected type 'optional_type({found})' but found '{found}'"
            return self._error(node, text)
        return found.parameters[0]

    def _list(self, node: ListLiteral, scope: Scope) -> Type:
        item: Type | None = None
        for position, part in enumerate(node.items):
            item = self._same(part, self._entry(part, scope, position in node.optional), item)
        return list_of(item or DYN)

    def _map(self, node: MapLiteral, scope: Scope) -> Type:
        key: Type | None = None
        value: Type | None = None
        for position, (left, right) in enumerate(node.entries):
            given = self.visit(left, scope)
            if given not in _KEYS:
                self._error(left, f"unsupported key type: '{given}'")
            key = self._same(left, given, key)
            value = self._same(right, self._entry(right, scope, position in node.optional), value)
        return map_of(key or DYN, value or DYN)

    def _object(self, node: ObjectLiteral, scope: Scope) -> Type:
        found = self._declarations.types.get(node.type_name.removeprefix("."))
        if found is None:
            for _, part in node.fields:
                self.visit(part, scope)
            return self._undeclared(node, node.type_name)
        for position, (name, part) in enumerate(node.fields):
            given = self._entry(part, scope, position in node.optional)
            wanted = found.fields.get(name)
            if wanted is None:
                self._error(node, f"undefined field '{name}'")
            elif not compatible(wanted, given):
                text = (
                    f"expected type of field '{name}' is '{wanted}' but provided type is '{given}'"
                )
                self._error(node, text)
        return found

    def _items(self, node: Node, found: Type) -> tuple[Type, Type]:
        """Of what is gone through: (index or key, item or value)."""
        if found.name == "list":
            return INT, found.parameters[0]
        if found.name == "map":
            return found.parameters[0], found.parameters[1]
        if found not in (DYN, ERROR):
            self._error(
                node,
                f"expression of type '{found}' cannot be range of a comprehension (must be list, "
                "map, or dynamic)",
            )
        return DYN, DYN

    def _comprehension(self, node: Comprehension, scope: Scope) -> Type:
        given = self.visit(node.range, scope)
        key, item = self._items(node.range, given)
        is_map = given.name == "map"
        if node.second:
            inner = {**scope, node.first: key, node.second: item}
        else:
            inner = {**scope, node.first: key if is_map else item}
        if node.where is not None:
            self._want(node.where, BOOL, inner)
        if node.kind in ("all", "exists", "exists_one"):
            self._want(node.body, BOOL, inner)
            return BOOL
        body = self.visit(node.body, inner)
        match node.kind:
            case "filter":
                return list_of(inner[node.first])
            case "transformMap":
                return map_of(key, body)
            case "transformMapEntry":
                if body.name == "map" or body in (DYN, ERROR):
                    return body
                return self._error(node.body, f"expected type 'map(dyn, dyn)' but found '{body}'")
        return list_of(body)

    def _optional_map(self, node: OptionalMap, scope: Scope) -> Type:
        target = self.visit(node.target, scope)
        inner: dict[Type, Type] = {}
        pattern = optional_of(Type("T", variable=True))
        if not unify(pattern, target, inner):
            name = "optFlatMap" if node.flat else "optMap"
            return self._no_overload(node, name, [target], member=True)
        item = substituted(pattern.parameters[0], inner)
        body = self.visit(node.body, {**scope, node.name: item})
        if not node.flat:
            return optional_of(body)
        if not compatible(optional_of(DYN), body):
            return self._error(node.body, f"expected type 'optional_type(dyn)' but found '{body}'")
        return body
