"""Fields that objects of a custom kind can be selected by: are they right, what values they have.

Source: KEP-4358; reference of SelectableField. Must not know selectors.
"""

from typing import Any

from cluster.api.custom.field_paths import FieldPathError, follow
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

FIELDS_MAX = 8
_TYPES = ("string", "boolean", "integer")
# Below this a whole number in floating point is shown with all its digits.
_WHOLE_MAX = 1e21


def check_selectable(given: list[Object], schema: Object, path: str, found: list[Cause]) -> None:
    """``given``: the selectableFields of a version, at ``path``; ``schema``: its schema."""
    seen: set[tuple[str, ...]] = set()
    for position, item in enumerate(given):
        text, place = item.get("jsonPath") or "", f"{path}[{position}].jsonPath"
        if not text:
            found.append(causes.required(place))
            continue
        try:
            names, field = follow(text, schema, keys=False)
        except FieldPathError as error:
            found.append(causes.invalid(place, text, f"is an invalid path: {error}"))
            continue
        if names[0] == "metadata":
            found.append(causes.invalid(place, text, "must not point to fields in metadata"))
        if field.get("type") not in _TYPES:
            detail = (
                "must point to a field of type string, boolean or integer. Enum string fields and "
                "strings with formats are allowed."
            )
            found.append(causes.invalid(place, text, detail))
        if names in seen:
            found.append(causes.duplicate(place, text))
        seen.add(names)
    if len(seen) > FIELDS_MAX:
        found.append(causes.too_many(path, len(seen), FIELDS_MAX))


def selectable_values(obj: Object, names: tuple[str, ...]) -> dict[str, str]:
    """What selectors see; ``names``: as ``spec.color``. '' for what is absent or null."""
    return {name: _shown(_value(obj, name)) for name in names}


def _value(obj: Object, name: str) -> Any:
    found: Any = obj
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE_MAX:
        return str(int(value))
    return str(value)
