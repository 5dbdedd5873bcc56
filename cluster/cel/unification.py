"""Whether a type fits a signature, and what its type variables then stand for.

Source: CEL language definition, "Gradual Type Checking".
"""

from collections.abc import Sequence

from cluster.cel.functions import Overload
from cluster.cel.types import DURATION, DYN, ERROR, NULL, TIMESTAMP, TYPE, ObjectType, Type

Bindings = dict[Type, Type]
_NOT_NULL = ("bool", "int", "uint", "double", "string", "bytes", "list", "map", "type")


def _loose(item: Type) -> bool:
    return item is DYN or item is ERROR


def nullable(item: Type) -> bool:
    """Whether null may stand where such a value is expected."""
    return isinstance(item, ObjectType) or item in (DURATION, TIMESTAMP) or (
        item.name not in _NOT_NULL
    )  # fmt: skip


def compatible(one: Type, other: Type) -> bool:
    """Whether a value of either may be one of the other."""
    if _loose(one) or _loose(other):
        return True
    if one.name == other.name == "type":
        # A type may be compared with any other.
        return True
    if NULL in (one, other):
        return one is other or nullable(one if other is NULL else other)
    return (
        one.name == other.name
        and len(one.parameters) == len(other.parameters)
        and all(compatible(a, b) for a, b in zip(one.parameters, other.parameters, strict=True))
    )


def joined(one: Type, other: Type) -> Type:
    """Of two compatible types the one that both are."""
    if one is NULL:
        return other
    if other is NULL or one == other:
        return one
    if _loose(one) or _loose(other):
        return DYN
    if one.name == "type":
        return TYPE
    pairs = zip(one.parameters, other.parameters, strict=True)
    return Type(one.name, tuple(joined(a, b) for a, b in pairs))


def unify(pattern: Type, actual: Type, bindings: Bindings) -> bool:
    """Whether it fits; ``bindings`` grows."""
    if pattern.variable:
        bound = bindings.get(pattern)
        if bound is None:
            bindings[pattern] = actual
            return True
        if not compatible(bound, actual):
            return False
        bindings[pattern] = joined(bound, actual)
        return True
    if _loose(actual) or pattern is DYN:
        for item in pattern.parameters:
            unify(item, DYN, bindings)
        return True
    if actual is NULL:
        return pattern is NULL or nullable(pattern)
    return (
        pattern.name == actual.name
        and len(pattern.parameters) == len(actual.parameters)
        and all(
            unify(a, b, bindings)
            for a, b in zip(pattern.parameters, actual.parameters, strict=True)
        )
    )


def substituted(pattern: Type, bindings: Bindings) -> Type:
    """With what its variables stand for; dyn where that is open."""
    if pattern.variable:
        return bindings.get(pattern, DYN)
    if not pattern.parameters:
        return pattern
    return Type(pattern.name, tuple(substituted(item, bindings) for item in pattern.parameters))


def choose(
    overloads: Sequence[Overload], args: Sequence[Type], member: bool
) -> tuple[tuple[Overload, ...], Type]:
    """Those that may be meant, and the type of the result; none if no signature fits."""
    found: list[Overload] = []
    result: Type | None = None
    for overload in overloads:
        if overload.member != member or len(overload.params) != len(args):
            continue
        bindings: Bindings = {}
        if all(unify(p, a, bindings) for p, a in zip(overload.params, args, strict=True)):
            found.append(overload)
            one = substituted(overload.result, bindings)
            result = one if result is None or result == one else DYN
    return tuple(found), result or ERROR
