"""All rules of an object: which are asked, in which order, and what becomes of their refusals.

From the outside in. A rule that an update breaks where nothing changed is a warning, not a failure
(KEP-4008, ratcheting). Source: "Extend the Kubernetes API with CustomResourceDefinitions",
Validation rules. Must not know expressions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cluster.api.custom.list_values import item_key
from cluster.api.custom.structural import ABSENT, IDENTITY, Structural
from cluster.api.custom.values import same
from cluster.api.status import Cause
from cluster.cel.costs import PER_CALL, Budget

# With one of these a value is not what rules may count on.
_BLOCKING = frozenset(
    (
        "FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany",
        "FieldValueTypeInvalid",
    )
)  # fmt: skip
UNCHECKED = Cause(
    "<nil>",
    "FieldValueInvalid",
    "Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation",
)


@dataclass
class Judgement:
    """``found``: what makes the object invalid; ``warned``: texts of what was so before."""

    found: list[Cause] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)


def judge(
    node: Structural,
    value: Any,
    old: Any,
    found: Iterable[Cause] = (),
    path: str = "",
    *,
    mending: bool = True,
    patience: int | None = None,
) -> Judgement:
    """``old``: what was there before, ABSENT for nothing; ``found``: what else is wrong with the
    value; ``mending``: what was so before is a warning only. The rules of one value cost no more
    than Kubernetes lets them cost together. Raises CelTooLong beyond ``patience`` units."""
    if not node.ruled:
        return Judgement()
    if any(cause.reason in _BLOCKING for cause in found):
        return Judgement([UNCHECKED])
    walk = _Walk(Budget(PER_CALL, patience))
    known = mending and old is not ABSENT
    walk.visit(node, value, old, path, _Trail(_Pair(old, value) if known else None, None))
    return walk.judgement


class _Pair(NamedTuple):
    old: Any
    new: Any


class _Trail(NamedTuple):
    """How a place is known again from one write to the next. ``here``: what it was and is, None if
    it cannot be told; ``around``: the same of the nearest place around it that can."""

    here: _Pair | None
    around: _Pair | None

    @property
    def unchanged(self) -> bool:
        """Whether nothing was changed, as far as can be told."""
        pair = self.here or self.around
        return pair is not None and same(pair.old, pair.new)

    def below(self, pair: _Pair | None) -> "_Trail":
        """Of a part."""
        return self if self.here is None else _Trail(pair, self.here)

    def field(self, name: str) -> "_Trail":
        """Of a field."""
        if self.here is not None and self.around is None and name in IDENTITY[:2]:
            # Both sides were made the same version, so whether it changed cannot be seen.
            return _Trail(None, None)
        old, new = self.here or (None, None)
        if isinstance(old, dict) and isinstance(new, dict) and name in old:
            return self.below(_Pair(old[name], new[name]))
        return self.below(None)


@dataclass
class _Walk:
    budget: Budget
    judgement: Judgement = field(default_factory=Judgement)

    def visit(self, node: Structural, value: Any, old: Any, path: str, trail: _Trail) -> bool:
        """False: no rule may be asked any more."""
        if not node.ruled or value is None:
            return True
        before = ABSENT if old is None else old
        for refusal in node.judge(value, before, path, self.budget) if node.judge else ():
            if refusal.mends and trail.unchanged:
                self.judgement.warned.append(refusal.cause.text())
            else:
                self.judgement.found.append(refusal.cause)
            if refusal.ends:
                return False
        if isinstance(value, list):
            return self._items(node, value, old, path, trail)
        return not isinstance(value, dict) or self._fields(node, value, old, path, trail)

    def _items(
        self, node: Structural, value: list[Any], old: Any, path: str, trail: _Trail
    ) -> bool:
        if node.items is None:
            return True
        known: dict[bytes, Any] = {}
        if node.list_type == "map" and isinstance(old, list):
            known = {item_key(node, item): item for item in old}
        for position, item in enumerate(value):
            before = known.get(item_key(node, item)) if known else None
            pair = None if before is None else _Pair(before, item)
            place = f"{path}[{position}]"
            if not self.visit(node.items, item, before, place, trail.below(pair)):
                return False
        return True

    def _fields(
        self, node: Structural, value: dict[str, Any], old: Any, path: str, trail: _Trail
    ) -> bool:
        free, known = node.free(), old if isinstance(old, dict) else {}
        for name, item in value.items():
            part = node.properties.get(name) or free
            if part is None:
                continue
            if name in node.properties:
                place = f"{path}.{name}" if path else name
            else:
                place = f"{path}[{name}]"
            if not self.visit(part, item, known.get(name), place, trail.field(name)):
                return False
        return True
