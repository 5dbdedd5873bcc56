"""What a node's form means for its cost: constants are free, references are charged by their parts.

Source: cel-go's planner, which Kubernetes runs with constants folded. Must not know: values.
"""

from cluster.cel.checker import Checked
from cluster.cel.syntax import Call, Ident, Index, ListLiteral, Literal, MapLiteral, Node, Select

_CONVERSIONS = ("bool", "bytes", "double", "duration", "int", "string", "timestamp", "uint")
_OPTIONAL_DEFAULTS = ("optional_or_optional", "optional_orValue_value")


def constant(checked: Checked, node: Node) -> bool:
    """Whether its value is known before anything is evaluated: then it costs nothing."""
    match node:
        case Literal():
            return True
        case Ident() | Select():
            return node in checked.named_types
        case ListLiteral():
            return not node.optional and all(constant(checked, item) for item in node.items)
        case MapLiteral():
            parts = (part for entry in node.entries for part in entry)
            return not node.optional and all(constant(checked, part) for part in parts)
        case Call():
            args = checked.arguments[node]
            return node.function in _CONVERSIONS and len(args) == 1 and constant(checked, args[0])
    return False


def reference(checked: Checked, node: Node) -> bool:
    """Whether it is a variable, or what lies behind names and indices: one unit for that it is,
    and one for each name and index. Inside another reference the first unit is saved."""
    match node:
        case Ident():
            return node not in checked.named_types
        case Select():
            return not node.test and node not in checked.named_types
        case Index():
            return True
    return False


def default(checked: Checked, node: Call) -> bool:
    """Whether it is ``a.or(b)`` or ``a.orValue(b)``: free, and b is evaluated only if needed."""
    found = checked.overloads.get(node, ())
    return len(found) == 1 and found[0].id in _OPTIONAL_DEFAULTS


def scalars(checked: Checked, node: Node) -> frozenset[str] | frozenset[int] | None:
    """The items of a constant list of texts, or of ints; None if it is another list."""
    if not isinstance(node, ListLiteral) or node.optional or not node.items:
        return None
    values = [item.value for item in node.items if isinstance(item, Literal)]
    kinds = {type(value) for value in values}
    if len(values) < len(node.items) or kinds not in ({str}, {int}):
        return None
    return frozenset(values)
