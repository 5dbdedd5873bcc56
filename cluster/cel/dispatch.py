"""Which overload a call means, by the values it is made with.

Where the checker left one, and knew the types of all arguments, none is chosen any more.
"""

from collections.abc import Callable, Sequence
from typing import Any

from cluster.cel.errors import CelError
from cluster.cel.functions import Overload
from cluster.cel.types import DYN, ObjectType, Type
from cluster.cel.values import is_plain, type_name

_BY_NAME = {
    "null_type": "null",
}
Choose = Callable[[Sequence[Any]], Overload]


def certain(overloads: Sequence[Overload], given: Sequence[Type]) -> bool:
    """Whether no value can be of another type than the only overload takes."""
    if len(overloads) > 1:
        return False
    pairs = zip(overloads[0].params, given, strict=True)
    return all(param.variable or param is DYN or _known(param, found) for param, found in pairs)


def _known(param: Type, found: Type) -> bool:
    return found.name == param.name


def fits(param: Type, value: Any) -> bool:
    """Whether the value is of the type, looked at from outside."""
    if param.variable or param is DYN:
        return True
    name = type_name(value)
    name = _BY_NAME.get(name, name)
    if isinstance(param, ObjectType):
        return name in (param.name, "map")
    return name == param.name


def chooser(name: str, overloads: tuple[Overload, ...]) -> Choose:
    """A function from arguments to the overload; it raises CelError if none fits."""
    known: dict[tuple[type, ...], Overload] = {}

    def choose(args: Sequence[Any]) -> Overload:
        key = tuple(map(type, args))
        found = known.get(key)
        if found is not None:
            return found
        for overload in overloads:
            if all(map(fits, overload.params, args)):
                # A class of a library may stand for several types.
                if all(map(is_plain, args)):
                    known[key] = overload
                return overload
        raise CelError("no such overload")

    return choose
