"""Types of expressions: what the checker compares. Knows no values.

Source: CEL language definition, "Values" and "Gradual Type Checking".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Type:
    """``parameters``: of a list, map, optional or type. ``variable``: stands for any one type in
    the signature of a function."""

    name: str
    parameters: tuple["Type", ...] = ()
    variable: bool = False

    def __str__(self) -> str:
        if not self.parameters:
            return self.name
        return f"{self.name}({', '.join(str(item) for item in self.parameters)})"


@dataclass(frozen=True, slots=True)
class ObjectType(Type):
    """An object with named fields. Two are the same if their names are. ``fields``: by the name
    that expressions use; may be filled later, for types that contain themselves."""

    fields: Mapping[str, Type] = field(default_factory=dict, compare=False, hash=False)
    # Where an expression's name of a field is not the object's own ("__if__" stands for "if").
    raw_names: Mapping[str, str] = field(default_factory=dict, compare=False, hash=False)

    def __str__(self) -> str:
        return self.name


BOOL = Type("bool")
INT = Type("int")
UINT = Type("uint")
DOUBLE = Type("double")
STRING = Type("string")
BYTES = Type("bytes")
NULL = Type("null")
DYN = Type("dyn")
DURATION = Type("google.protobuf.Duration")
TIMESTAMP = Type("google.protobuf.Timestamp")
TYPE = Type("type", (DYN,))
# What an expression has whose error was already reported.
ERROR = Type("!error!")
A = Type("A", variable=True)
B = Type("B", variable=True)


def list_of(item: Type) -> Type:
    """list(item)"""
    return Type("list", (item,))


def map_of(key: Type, value: Type) -> Type:
    """map(key, value)"""
    return Type("map", (key, value))


def optional_of(item: Type) -> Type:
    """optional_type(item)"""
    return Type("optional_type", (item,))


def type_of(item: Type) -> Type:
    """The type of a type."""
    return Type("type", (item,))
