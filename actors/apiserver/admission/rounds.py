"""Who is asked again, when what changes objects is asked in two rounds. Pure.

Source: "Dynamic Admission Control", Reinvocation policy. Must not know: who is asked.
"""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

import orjson

from cluster.api.types import Object

Place = TypeVar("Place")


@dataclass
class Reinvocation(Generic[Place]):
    """Of one request and one sort of those who are asked. ``changed``: by one of them, at any time.

    ``_earlier``: who may be asked again, and was before the last change; ``_again``: whom the next
    round asks.
    """

    changed: bool = False
    _first: bool = True
    _earlier: set[Place] = field(default_factory=set)
    _again: set[Place] = field(default_factory=set)
    _left: bytes = b""

    @property
    def round(self) -> int:
        """0 or 1."""
        return 0 if self._first else 1

    def second(self, obj: Object | None) -> None:
        """The second round begins: if somebody else changed the object, all are asked who may."""
        self._first = False
        if orjson.dumps(obj) != self._left:
            self._require()

    def due(self, place: Place) -> bool:
        """Whether this one is asked in this round."""
        return self._first or place in self._again

    def asked(self, place: Place, changed: bool, again: bool) -> None:
        """It was. ``again``: it may be asked once more."""
        if changed:
            self.changed = True
            self._require()
        if again:
            self._earlier.add(place)

    def left(self, obj: Object | None) -> None:
        """A round ends with this object."""
        self._left = orjson.dumps(obj)

    def _require(self) -> None:
        self._again |= self._earlier
        self._earlier = set()
