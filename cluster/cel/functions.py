"""Functions that expressions can call: signatures, what they do, what a call costs.

Costs are abstract units; an operation on the whole of a text or list costs a tenth of a unit per
character or item, as cel-go counts. Must not know: the interpreter.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cluster.cel.errors import CelCostExceeded
from cluster.cel.types import Type
from cluster.cel.values import Optional, is_list

# Units per character of a text that is read or written as a whole.
TRAVERSAL = 0.1
# Units per character of a regular expression.
REGEX = 0.25
# What is walked through at most at one time.
WALK_MAX = 1_000_000

# (arguments, result) to units.
Cost = Callable[[tuple[Any, ...], Any], int]


@dataclass(frozen=True, slots=True)
class Overload:
    """One signature of a function. ``params``: for a method its receiver first. ``call`` raises
    CelError. ``cost``: of a call that was made; None: 1. ``growth``: what the result may take at
    most, in characters, known before the call is made; None: no more than the arguments. ``swift``:
    the part of the cost that stands for time, None for all of it."""

    id: str
    params: tuple[Type, ...]
    result: Type
    call: Callable[..., Any]
    cost: Cost | None = None
    growth: Callable[..., int] | None = None
    member: bool = False
    swift: int | None = None


Functions = Mapping[str, tuple[Overload, ...]]


def function(
    name: str,
    params: tuple[Type, ...],
    result: Type,
    call: Callable[..., Any],
    cost: Cost | None = None,
    growth: Callable[..., int] | None = None,
) -> Overload:
    """Called as ``f(a, b)``."""
    return Overload(name, params, result, call, cost, growth)


def method(
    name: str,
    params: tuple[Type, ...],
    result: Type,
    call: Callable[..., Any],
    cost: Cost | None = None,
    growth: Callable[..., int] | None = None,
) -> Overload:
    """Called as ``a.f(b)``."""
    return Overload(name, params, result, call, cost, growth, member=True)


def merged(*tables: Functions) -> Functions:
    """All overloads of all tables."""
    found: dict[str, tuple[Overload, ...]] = {}
    for table in tables:
        for name, overloads in table.items():
            found[name] = found.get(name, ()) + overloads
    return found


def size_of(value: Any) -> int:
    """Characters, bytes or items; of other values 1, or what they say of themselves."""
    kind = type(value)
    if kind is str or kind is bytes or kind is dict or is_list(value):
        return len(value)
    return int(getattr(value, "cost_size", 1))


def walk_cost(value: Any) -> int:
    """Of looking at everything in it: a unit for each number, a tenth for each character. Raises
    CelCostExceeded above WALK_MAX: what is shared inside a value counts each time it is met."""
    cost, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind is str or kind is bytes:
            cost += math.ceil(len(item) * TRAVERSAL) or 1
        elif kind is dict:
            waiting.extend(item.keys())
            waiting.extend(item.values())
        elif is_list(item):
            waiting.extend(item)
        elif kind is Optional:
            waiting.append(item.value)
        else:
            cost += int(getattr(item, "walk_size", 1))
        if cost > WALK_MAX or len(waiting) > WALK_MAX:
            raise CelCostExceeded
    return cost or 1


def traversal(times: int = 1) -> Cost:
    """Of reading the first argument so many times."""

    def cost(args: tuple[Any, ...], result: Any) -> int:
        return math.ceil(size_of(args[0]) * TRAVERSAL * times) or 1

    return cost


def made(times: int = 1) -> Cost:
    """Of writing the result so many times."""

    def cost(args: tuple[Any, ...], result: Any) -> int:
        return math.ceil(size_of(result) * TRAVERSAL * times) or 1

    return cost


def walked(args: tuple[Any, ...], result: Any) -> int:
    """Of looking at everything in the first argument."""
    return walk_cost(args[0])


def regex(args: tuple[Any, ...], result: Any) -> int:
    """Of matching the first argument against the second."""
    text = math.ceil((size_of(args[0]) + 1) * TRAVERSAL)
    return text * (math.ceil(size_of(args[1]) * REGEX) or 1)
