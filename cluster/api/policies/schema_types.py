"""Types of built-in and custom objects, for checking expressions before any object comes.

Source: docs "Validating Admission Policy", Type checking. Compiled field by field when asked: types
contain themselves. Must not know: policies.
"""

from collections.abc import Iterator, Mapping

from cluster.api.custom.rule_types import escaped, type_of
from cluster.api.schema import Node
from cluster.api.types import Object
from cluster.cel.types import (
    BOOL,
    BYTES,
    DOUBLE,
    DYN,
    INT,
    STRING,
    TIMESTAMP,
    ObjectType,
    Type,
    list_of,
    map_of,
)

_SCALARS: dict[str, Type] = {
    "string": STRING,
    "bool": BOOL,
    "int32": INT,
    "int64": INT,
    "number": DOUBLE,
    "time": TIMESTAMP,
    "microtime": TIMESTAMP,
    "bytes": BYTES,
}


class _Fields(Mapping[str, Type]):
    """Of a struct; a name that is a word of the language may be escaped or not."""

    def __init__(self, node: Node, name: str) -> None:
        self._name = name
        self._nodes = dict(node.struct_fields())
        self._nodes |= {escaped(raw): child for raw, child in self._nodes.items() if escaped(raw)}

    def __getitem__(self, name: str) -> Type:
        return built_in(self._nodes[name], f"{self._name}.{name}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes)

    def __len__(self) -> int:
        return len(self._nodes)


def built_in(node: Node, name: str) -> Type:
    """Of a place in a published schema. ``name``: what its type is called."""
    match node.shape:
        case "struct":
            return ObjectType(name, fields=_Fields(node, name))
        case "map" if node.values is not None:
            return map_of(STRING, built_in(node.values, f"{name}.@elem"))
        case "list" if node.items is not None:
            return list_of(built_in(node.items, f"{name}.@idx"))
    # Quantities are texts or numbers, as integers or strings are.
    return _SCALARS.get(node.shape, DYN)


def custom(schema: Object, metadata: Node, name: str) -> Type:
    """Of a custom resource. ``metadata``: the schema of ObjectMeta."""
    found = type_of(schema, name, True)
    if not isinstance(found, ObjectType):
        return DYN
    fields = {**found.fields, "metadata": built_in(metadata, f"{name}.metadata")}
    return ObjectType(name, fields=fields, raw_names=found.raw_names)
