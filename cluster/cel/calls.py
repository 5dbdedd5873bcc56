"""Compiled calls and logic: closures around a function and its arguments. Raises CelError."""

from collections.abc import Callable
from typing import Any

from cluster.cel import costs
from cluster.cel.code import Run
from cluster.cel.dispatch import chooser
from cluster.cel.errors import CelCostExceeded, CelError
from cluster.cel.functions import TRAVERSAL, Overload
from cluster.cel.values import UInt


def one_of(given: Run, items: frozenset[Any]) -> Run:
    """``x in [...]`` of constants."""

    def run(frame: list[Any]) -> Any:
        value = given(frame)
        return type(value) in _SCALARS and value in items

    return run


def constant(value: Any) -> Run:
    """Always the same."""
    return lambda frame: value


def logic(left: Run, right: Run, stops: bool) -> Run:
    """``&&`` and ``||``: a side that decides makes an error of the other side count for nothing."""

    def run(frame: list[Any]) -> Any:
        error: CelError | None = None
        try:
            value = left(frame)
            if value is stops:
                return stops
            if value is not (not stops):
                error = CelError("no such overload")
        except CelCostExceeded:
            raise
        except CelError as raised:
            error = raised
        other = right(frame)
        if other is stops:
            return stops
        if error is not None:
            raise error
        if other is not (not stops):
            raise CelError("no such overload")
        return other

    return run


def _grown(frame: list[Any], overload: Overload, args: tuple[Any, ...]) -> None:
    """Refuse what would become too large before it is made."""
    assert overload.growth is not None
    if overload.growth(*args) * TRAVERSAL > frame[0].left:
        raise CelCostExceeded


def applied(frame: list[Any], overload: Overload, args: tuple[Any, ...]) -> Any:
    """Call it, and spend what the call costs."""
    try:
        if overload.growth is not None:
            _grown(frame, overload, args)
        result = overload.call(*args)
        cost = overload.cost(args, result) if overload.cost is not None else costs.CALL
    except _MISFITS as error:
        raise CelError("no such overload") from error
    if overload.swift is None:
        frame[0].spend(cost)
    else:
        frame[0].spend(overload.swift)
        frame[0].spend_aside(cost - overload.swift)
    return result


# What may equal a text or an int; to Python a bool is an int.
_SCALARS = (str, int, UInt, float)

# A value need not be what its type says: null is where a schema lets it be, and what was stored
# before a schema changed may be anything. A function that cannot take it has no overload for it.
_MISFITS = (TypeError, AttributeError, LookupError)


def direct(overload: Overload, runs: tuple[Run, ...]) -> tuple[Run, int]:
    """A call whose overload is known: (run, its fixed cost)."""
    call = overload.call
    if overload.cost is not None or overload.growth is not None or len(runs) not in (1, 2):
        return lambda frame: applied(frame, overload, tuple(run(frame) for run in runs)), 0
    if len(runs) == 1:
        one = runs[0]

        def single(frame: list[Any]) -> Any:
            value = one(frame)
            try:
                return call(value)
            except _MISFITS as error:
                raise CelError("no such overload") from error

        return single, costs.CALL
    left, right = runs

    def double(frame: list[Any]) -> Any:
        first, second = left(frame), right(frame)
        try:
            return call(first, second)
        except _MISFITS as error:
            raise CelError("no such overload") from error

    return double, costs.CALL


def chosen(name: str, overloads: tuple[Overload, ...], runs: tuple[Run, ...]) -> tuple[Run, int]:
    """A call whose overload depends on its arguments: (run, its fixed cost)."""
    choose: Callable[..., Overload] = chooser(name, overloads)

    def run(frame: list[Any]) -> Any:
        args = tuple(run(frame) for run in runs)
        return applied(frame, choose(args), args)

    return run, 0
