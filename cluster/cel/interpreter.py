"""A checked tree to Python closures, each ``run(frame) -> value``. Raises CelError.

A frame is a list: the budget, then the variables, then those of macros. What an expression
certainly costs is spent at once where it begins (the whole of it, the body of a macro, a branch);
what depends on values is spent as it is met. Must not know: the text of the expression.
"""

from collections.abc import Mapping
from typing import Any

from cluster.cel import costs, loops
from cluster.cel.calls import chosen, constant, direct, logic, one_of
from cluster.cel.checker import Checked
from cluster.cel.code import Code, Lazy, Run, charged, field_of, item_of
from cluster.cel.costs import PER_EXPRESSION, Budget
from cluster.cel.dispatch import certain
from cluster.cel.errors import CelError
from cluster.cel.scope import Declarations
from cluster.cel.shapes import constant as is_constant
from cluster.cel.shapes import default, reference, scalars
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
from cluster.cel.types import ObjectType
from cluster.cel.values import NONE, Optional, TypeValue, type_name

Slots = Mapping[str, int]


class Compiler:
    """Of one tree. ``size``: of a frame, once the tree is compiled."""

    def __init__(self, checked: Checked, declarations: Declarations) -> None:
        self._checked = checked
        self.slots = {name: at for at, name in enumerate(declarations.variables, start=1)}
        self.size = len(self.slots) + 1

    def whole(self) -> Run:
        """Of the tree, with its cost."""
        return charged(self._code(self._checked.root, self.slots))

    def _new(self) -> int:
        self.size += 1
        return self.size - 1

    def branch(self, node: Node, slots: Slots) -> Run:
        """Of a part that may not be evaluated, or more than once."""
        return charged(self._code(node, slots))

    def _code(self, node: Node, slots: Slots) -> Code:
        match node:
            case Literal():
                return Code(constant(node.value), costs.CONSTANT)
            case Ident():
                return self._ident(node, slots)
            case Select():
                return self._select(node, slots)
            case Index():
                return self._index(node, slots)
            case Call():
                return self._call(node, slots)
            case And():
                return self._logic(node.left, node.right, slots, stops=False)
            case Or():
                return self._logic(node.left, node.right, slots, stops=True)
            case Conditional():
                return self._conditional(node, slots)
            case ListLiteral():
                return self._list(node, slots)
            case MapLiteral():
                return self._map(node, slots)
            case ObjectLiteral():
                return self._object(node, slots)
            case Comprehension():
                return self._comprehension(node, slots)
            case Bind():
                return self._bind(node, slots)
            case OptionalMap():
                return self._optional_map(node, slots)
            case SortBy():
                given, at = self._code(node.target, slots), self._new()
                body = self.branch(node.body, {**slots, node.name: at})
                return Code(loops.sort_by(given.run, at, body), given.cost + costs.CALL)
        raise AssertionError(type(node).__name__)

    def _ident(self, node: Ident, slots: Slots) -> Code:
        named = self._checked.named_types.get(node)
        if named is not None:
            return self._type(named.name)
        name = node.name
        at = self.slots[name[1:]] if name.startswith(".") else slots[name]
        return self._variable(at)

    def _type(self, name: str) -> Code:
        value = TypeValue("null_type" if name == "null" else name)
        return Code(constant(value), costs.CONSTANT)

    def _variable(self, at: int) -> Code:
        def run(frame: list[Any]) -> Any:
            value = frame[at]
            return value.get() if type(value) is Lazy else value

        return Code(run, costs.SELECT)

    def _select(self, node: Select, slots: Slots) -> Code:
        named = self._checked.named_types.get(node)
        if named is not None:
            return self._type(named.name)
        dotted = self._checked.dotted.get(node)
        if dotted is not None:
            return self._variable(self.slots[dotted])
        given = self._operand(node.operand, slots)
        found = self._checked.type_of(node.operand)
        if found.name == "optional_type":
            found = found.parameters[0]
        name = node.field
        if isinstance(found, ObjectType):
            name = found.raw_names.get(name, name)
        run = field_of(given.run, node.field, name, node.optional, node.test)
        return Code(run, given.cost if node.test else given.cost + costs.SELECT)

    def _operand(self, node: Node, slots: Slots) -> Code:
        """Of what a name or index is behind."""
        code = self._code(node, slots)
        if reference(self._checked, node) or isinstance(node, Conditional):
            return code
        return Code(code.run, code.cost + costs.SELECT)

    def _inside(self, node: Node, slots: Slots) -> Code:
        """Of a part of a reference: one that is a reference itself is not charged for that."""
        code = self._code(node, slots)
        return Code(code.run, code.cost - costs.SELECT * reference(self._checked, node))

    def _index(self, node: Index, slots: Slots) -> Code:
        given, key = self._operand(node.operand, slots), self._inside(node.key, slots)
        run = item_of(given.run, key.run, node.optional)
        return Code(run, given.cost + key.cost + costs.SELECT)

    def _call(self, node: Call, slots: Slots) -> Code:
        nodes = self._checked.arguments[node]
        if default(self._checked, node):
            return self._default(nodes[0], nodes[1], slots, node.function == "orValue")
        if node.function == "@in":
            found = scalars(self._checked, nodes[1])
            if found is not None:
                given = self._code(nodes[0], slots)
                return Code(one_of(given.run, found), given.cost)
        args = [self._code(arg, slots) for arg in nodes]
        cost = sum(arg.cost for arg in args)
        overloads = self._checked.overloads.get(node)
        if overloads is None:
            typed = args[0].run
            return Code(lambda frame: TypeValue(type_name(typed(frame))), cost + costs.CALL)
        types = [self._checked.type_of(arg) for arg in nodes]
        runs = tuple(arg.run for arg in args)
        if certain(overloads, types):
            run, fixed = direct(overloads[0], runs)
        else:
            run, fixed = chosen(node.function, overloads, runs)
        return self._folded(node, Code(run, cost + fixed))

    def _folded(self, node: Call, code: Code) -> Code:
        """A conversion of a constant is made now; one that fails fails when it is evaluated."""
        if not is_constant(self._checked, node):
            return code
        try:
            return Code(constant(code.run([Budget(PER_EXPRESSION)])), costs.CONSTANT)
        except CelError:
            return code

    def _default(self, left: Node, right: Node, slots: Slots, unwraps: bool) -> Code:
        code, other = self._code(left, slots), self.branch(right, slots)
        given = code.run

        def run(frame: list[Any]) -> Any:
            value = given(frame)
            if type(value) is not Optional:
                raise CelError("no such overload")
            if value.present:
                return value.value if unwraps else value
            instead = other(frame)
            if not unwraps and type(instead) is not Optional:
                raise CelError("no such overload")
            return instead

        return Code(run, code.cost)

    def _logic(self, left: Node, right: Node, slots: Slots, stops: bool) -> Code:
        first, second = self._code(left, slots), self.branch(right, slots)
        return Code(logic(first.run, second, stops), first.cost)

    def _conditional(self, node: Conditional, slots: Slots) -> Code:
        test = self._code(node.test, slots)
        yes = charged(self._inside(node.yes, slots))
        no = charged(self._inside(node.no, slots))
        given = test.run

        def run(frame: list[Any]) -> Any:
            value = given(frame)
            if value is True:
                return yes(frame)
            if value is False:
                return no(frame)
            raise CelError("no such overload")

        return Code(run, test.cost)

    def _list(self, node: ListLiteral, slots: Slots) -> Code:
        items = [self._code(item, slots) for item in node.items]
        runs, optional = [item.run for item in items], node.optional
        cost = sum(item.cost for item in items) + costs.LIST
        if is_constant(self._checked, node):
            cost = costs.CONSTANT
        if not optional:
            return Code(lambda frame: [run(frame) for run in runs], cost)

        def made(frame: list[Any]) -> Any:
            found = []
            for at, run in enumerate(runs):
                value = run(frame)
                if at in optional:
                    if type(value) is not Optional:
                        raise CelError("no such overload")
                    if not value.present:
                        continue
                    value = value.value
                found.append(value)
            return found

        return Code(made, cost)

    def _map(self, node: MapLiteral, slots: Slots) -> Code:
        pairs = [(self._code(k, slots), self._code(v, slots)) for k, v in node.entries]
        runs = [(key.run, value.run) for key, value in pairs]
        cost = sum(key.cost + value.cost for key, value in pairs) + costs.MAP
        if is_constant(self._checked, node):
            cost = costs.CONSTANT
        return Code(loops.mapping(runs, node.optional), cost)

    def _object(self, node: ObjectLiteral, slots: Slots) -> Code:
        found = self._checked.type_of(node)
        raw = found.raw_names if isinstance(found, ObjectType) else {}
        parts = [(raw.get(name, name), self._code(part, slots)) for name, part in node.fields]
        runs = [(constant(name), part.run) for name, part in parts]
        cost = sum(part.cost for _, part in parts) + costs.OBJECT
        return Code(loops.mapping(runs, node.optional), cost)

    def _comprehension(self, node: Comprehension, slots: Slots) -> Code:
        given, first = self._code(node.range, slots), self._new()
        second = self._new() if node.second else 0
        inner = {**slots, node.first: first, **({node.second: second} if second else {})}
        where = self._code(node.where, inner) if node.where is not None else None
        body = self._code(node.body, inner)
        taken = None if where is None else charged(where)
        free = (body if where is None else where).cost == 0
        turn = loops.Turn(first, second, taken, charged(body), costs.TURN_MIN if free else 0)
        run = loops.loop(node.kind, given.run, turn)
        return Code(run, given.cost + costs.LOOPS[node.kind].result)

    def _bind(self, node: Bind, slots: Slots) -> Code:
        value, at = self.branch(node.value, slots), self._new()
        body = self._code(node.body, {**slots, node.name: at})
        inner = body.run

        def run(frame: list[Any]) -> Any:
            frame[at] = Lazy(lambda: value(frame))
            return inner(frame)

        return Code(run, body.cost)

    def _optional_map(self, node: OptionalMap, slots: Slots) -> Code:
        target, at = self._code(node.target, slots), self._new()
        body = self.branch(node.body, {**slots, node.name: at})
        given, flat = target.run, node.flat
        # The target is asked whether it is there, and once more for what it is.
        more = target.cost + (0 if flat else costs.CALL)

        def run(frame: list[Any]) -> Any:
            value = given(frame)
            if type(value) is not Optional:
                raise CelError("no such overload")
            if not value.present:
                return NONE
            frame[at] = value.value
            frame[0].spend(more)
            result = body(frame)
            return result if flat else Optional(result)

        return Code(run, target.cost + costs.CALL + costs.CALL)
