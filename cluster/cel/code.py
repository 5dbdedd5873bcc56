"""Pieces of compiled expressions: how they are charged, and how fields and items are read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cluster.cel.errors import CelError, CelTooLong
from cluster.cel.values import NONE, Optional, as_key, is_list, type_name

Run = Callable[[list[Any]], Any]


@dataclass(frozen=True, slots=True)
class Code:
    """``cost``: what running it certainly costs, spent by whoever runs it."""

    run: Run
    cost: int


class Lazy:
    """A value that is made when it is first needed. ``call`` raises CelError: then it is none, and
    the same error is raised each time."""

    __slots__ = ("_call", "_error", "_value")

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call: Callable[[], Any] | None = call
        self._value: Any = None
        self._error: CelError | None = None

    def get(self) -> Any:
        """The value. Raises CelError."""
        if self._call is not None:
            call, self._call = self._call, None
            try:
                self._value = call()
            except CelError as error:
                self._error = error
            except CelTooLong:
                # It is asked again, where there is more time.
                self._call = call
                raise
        if self._error is not None:
            raise self._error
        return self._value


def charged(code: Code) -> Run:
    """A run that spends its certain cost first."""
    inner, cost = code.run, code.cost
    if cost == 0:
        return inner

    def run(frame: list[Any]) -> Any:
        frame[0].spend(cost)
        return inner(frame)

    return run


def field_of(given: Run, name: str, raw: str, optional: bool, test: bool) -> Run:
    """``x.name``, ``x.?name``, ``has(x.name)``; of an optional the field is optional too."""
    if test:
        return _tested(given, raw)

    def run(frame: list[Any]) -> Any:
        value = given(frame)
        chained = optional
        if type(value) is Optional:
            if not value.present:
                return NONE
            value, chained = value.value, True
        if type(value) is dict and raw in value:
            found = value[raw]
            if type(found) is Lazy:
                found = found.get()
            return Optional(found) if chained else found
        if chained and (type(value) is dict or value is None):
            return NONE
        if type(value) is dict or value is None:
            raise CelError(f"no such key: {name}")
        raise CelError(f"unsupported type for field selection: {type_name(value)}")

    return run


def _tested(given: Run, raw: str) -> Run:
    def run(frame: list[Any]) -> Any:
        value = given(frame)
        if type(value) is Optional:
            value = value.value
        if value is None:
            return False
        if type(value) is not dict:
            raise CelError(f"unsupported type for field selection: {type_name(value)}")
        if type(found := value.get(raw)) is Lazy:
            found.get()
        return raw in value

    return run


def item_of(given: Run, key: Run, optional: bool) -> Run:
    """``x[key]``, ``x[?key]``; of an optional the item is optional too."""

    def run(frame: list[Any]) -> Any:
        value, wanted = given(frame), key(frame)
        chained = optional
        if type(value) is Optional:
            if not value.present:
                return NONE
            value, chained = value.value, True
        try:
            found = _item(value, wanted)
        except _Missing as missing:
            if chained:
                return NONE
            raise CelError(str(missing)) from missing
        if type(found) is Lazy:
            found = found.get()
        return Optional(found) if chained else found

    return run


class _Missing(Exception):
    pass


def _item(value: Any, wanted: Any) -> Any:
    if type(value) is dict:
        key = as_key(wanted)
        if key not in value:
            raise _Missing(f"no such key: {shown(wanted)}")
        return value[key]
    if is_list(value):
        if type(wanted) is float and wanted.is_integer():
            wanted = int(wanted)
        if not isinstance(wanted, int) or type(wanted) is bool:
            raise CelError(f"unsupported index type '{type_name(wanted)}' in list")
        if not 0 <= wanted < len(value):
            raise _Missing(f"index out of bounds: {int(wanted)}")
        return value[wanted]
    raise CelError("no such overload")


def shown(value: Any) -> str:
    """In a message."""
    if type(value) is bool:
        return "true" if value else "false"
    return str(value)
