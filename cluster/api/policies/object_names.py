"""Whether the types in ``Object{spec: Object.spec{}}`` are named after their places.

Source: docs "Mutating Admission Policy", ApplyConfiguration. What comes from a variable is taken as
it is. Must not know: which fields an object has.
"""

from cluster.api.status import quoted
from cluster.cel.syntax import (
    Bind,
    Call,
    Comprehension,
    Conditional,
    ListLiteral,
    Node,
    ObjectLiteral,
    OptionalMap,
)

_PASSING = ("_+_", "optional.of", "optional.ofNonZeroValue")


def misplaced(node: Node, expected: str = "") -> str:
    """The first misnamed type, in Kubernetes' words; '' if there is none. ``expected``: the name
    that an object here must have, '' if any will do."""
    match node:
        case ObjectLiteral():
            return _object(node, expected)
        case Conditional():
            return misplaced(node.yes, expected) or misplaced(node.no, expected)
        case ListLiteral():
            return _first(node.items, expected)
        case Bind() | Comprehension() | OptionalMap():
            return misplaced(node.body, expected)
        case Call() if node.function in _PASSING:
            return _first(node.args, expected)
        case Call() if node.target is not None and node.function in ("of", "ofNonZeroValue"):
            return _first(node.args, expected)
    return ""


def _first(nodes: tuple[Node, ...], expected: str) -> str:
    for node in nodes:
        found = misplaced(node, expected)
        if found:
            return found
    return ""


def _object(node: ObjectLiteral, expected: str) -> str:
    name = node.type_name.removeprefix(".")
    if expected and name != expected:
        return (
            f"unexpected type name {quoted(name)}, expected {quoted(expected)}, which matches "
            "field name path from root Object type"
        )
    for field, value in node.fields:
        found = misplaced(value, "" if name == "JSONPatch" else f"{name}.{field}")
        if found:
            return found
    return ""
