"""Compiled macros: each turn spends what it costs. Raises CelError."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from cluster.cel import costs
from cluster.cel.code import Lazy, Run, shown
from cluster.cel.errors import CelCostExceeded, CelError
from cluster.cel.ordering import sorted_by
from cluster.cel.values import BoolKey, Optional, as_key, is_list, keys


@dataclass(frozen=True, slots=True)
class Turn:
    """Of a macro: the slots of its variables (``second``: 0 for none), which items are taken, and
    what is evaluated for each. ``floor``: what a turn costs next to those two."""

    first: int
    second: int
    where: Run | None
    body: Run
    floor: int = 0


def _value(found: Any) -> Any:
    return found.get() if type(found) is Lazy else found


def _turns(frame: list[Any], value: Any, turn: Turn, cost: int) -> Iterable[Any]:
    """Set the variables for each item that is taken; yields its key or index."""
    budget = frame[0]
    pairs: Iterable[tuple[Any, Any]]
    if is_list(value):
        pairs = enumerate(value)
    elif type(value) is dict:
        pairs = zip(keys(value), value.values(), strict=True)
        if not turn.second:
            pairs = ((key, key) for key in keys(value))
    else:
        raise CelError("no such overload")
    cost += turn.floor
    for key, item in pairs:
        if cost:
            budget.spend(cost)
        if turn.second:
            frame[turn.first], frame[turn.second] = key, _value(item)
        else:
            frame[turn.first] = _value(item)
        if turn.where is not None:
            taken = turn.where(frame)
            if taken is False:
                continue
            if taken is not True:
                raise CelError("no such overload")
        yield key


def loop(kind: str, given: Run, turn: Turn) -> Run:
    """Of a comprehension's kind (see ``syntax.Comprehension``)."""
    return _KINDS[kind](given, turn)


def _decided(stops: bool, asks: int) -> Callable[[Run, Turn], Run]:
    """all and exists: an error counts only if no other item decides."""

    def make(given: Run, turn: Turn) -> Run:
        body = turn.body

        def run(frame: list[Any]) -> Any:
            error: CelError | None = None
            items = given(frame)
            for at, _ in enumerate(_turns(frame, items, turn, asks + costs.DECIDES), start=1):
                try:
                    value = body(frame)
                    if value is stops:
                        if at < len(items):
                            frame[0].spend(asks)
                        return stops
                    if type(value) is not bool:
                        error = CelError("no such overload")
                except CelCostExceeded:
                    raise
                except CelError as raised:
                    error = raised
            if error is not None:
                raise error
            return not stops

        return run

    return make


def _one(given: Run, turn: Turn) -> Run:
    body = turn.body

    def run(frame: list[Any]) -> Any:
        count = 0
        for _ in _turns(frame, given(frame), turn, 0):
            value = body(frame)
            if value is True:
                frame[0].spend(costs.COUNTS)
                count += 1
            elif value is not False:
                raise CelError("no such overload")
        return count == 1

    return run


def _mapped(given: Run, turn: Turn) -> Run:
    body = turn.body

    def run(frame: list[Any]) -> Any:
        found, budget = [], frame[0]
        for _ in _turns(frame, given(frame), turn, 0):
            budget.spend(costs.ADDS)
            found.append(body(frame))
        return found

    return run


def _filtered(given: Run, turn: Turn) -> Run:
    first = turn.first

    def run(frame: list[Any]) -> Any:
        found, budget = [], frame[0]
        for _ in _turns(frame, given(frame), turn, 0):
            budget.spend(costs.ADDS + costs.SELECT)
            found.append(frame[first])
        return found

    return run


def _transformed(given: Run, turn: Turn) -> Run:
    body = turn.body

    def run(frame: list[Any]) -> Any:
        found, budget = {}, frame[0]
        for key in _turns(frame, given(frame), turn, 0):
            budget.spend(costs.INSERTS)
            found[as_key(key)] = body(frame)
        return found

    return run


def _entries(given: Run, turn: Turn) -> Run:
    body = turn.body

    def run(frame: list[Any]) -> Any:
        found: dict[Any, Any] = {}
        for _ in _turns(frame, given(frame), turn, costs.INSERTS_ENTRY):
            made = body(frame)
            if type(made) is not dict:
                raise CelError("no such overload")
            for key, value in made.items():
                _insert(found, key, value)
        return found

    return run


_KINDS: dict[str, Callable[[Run, Turn], Run]] = {
    "all": _decided(False, costs.ALL_ASKS),
    "exists": _decided(True, costs.EXISTS_ASKS),
    "exists_one": _one,
    "map": _mapped,
    "filter": _filtered,
    "transformList": _mapped,
    "transformMap": _transformed,
    "transformMapEntry": _entries,
}


def _insert(found: dict[Any, Any], key: Any, value: Any) -> None:
    if key in found:
        told = key.value if type(key) is BoolKey else key
        raise CelError(f"insert failed: key {shown(told)} already exists")
    found[key] = value


def mapping(runs: Sequence[tuple[Run, Run]], optional: AbstractSet[int]) -> Run:
    """Of a map or object that is written out."""

    def run(frame: list[Any]) -> Any:
        found: dict[Any, Any] = {}
        for at, (key, value) in enumerate(runs):
            name, made = as_key(key(frame)), value(frame)
            if at in optional:
                if type(made) is not Optional:
                    raise CelError("no such overload")
                if not made.present:
                    continue
                made = made.value
            _insert(found, name, made)
        return found

    return run


def sort_by(given: Run, at: int, body: Run) -> Run:
    """The items in the order of what ``body`` makes of each."""

    def run(frame: list[Any]) -> Any:
        value, budget = given(frame), frame[0]
        if not is_list(value):
            raise CelError("no such overload")
        ranks = []
        for item in value:
            budget.spend(costs.ADDS)
            frame[at] = _value(item)
            ranks.append(body(frame))
        budget.spend(len(value) * len(value).bit_length())
        return sorted_by(value, ranks)

    return run
