"""What values of a custom resource may be: types, bounds, formats.

Causes are in the words of Kubernetes' validation of custom resources. An update is held only to
what it changes: a value that stood there before may stay as it is (KEP-4008, ratcheting).
Must not know metadata rules, nor defaults.
"""

import math
from typing import Any

import orjson

from cluster.api.custom import formats
from cluster.api.custom.list_values import item_key
from cluster.api.custom.structural import ABSENT, IDENTITY, Structural
from cluster.api.jsonio import json_type
from cluster.api.status import Cause
from cluster.api.validation import causes

_RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "float": (-3.4028234663852886e38, 3.4028234663852886e38),
}
_JSON_TYPES = {"bool": "boolean", "number": "number"}


def validate(node: Structural, value: Any, path: str, old: Any, found: list[Cause]) -> None:
    """``old``: what stood there before, ABSENT for nothing; ``path`` '' at the root."""
    if old is not ABSENT and same(old, value):
        return
    if value is None and node.nullable:
        return
    _check_type(node, value, path, found)
    _check_value(node, value, path, found)
    if value is None:
        return
    _check_logic(node, value, path, found)
    if isinstance(value, dict):
        _check_object(node, value, path, old, found)
    elif isinstance(value, list):
        _check_list(node, value, path, old, found)


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1."""
    if one != other:
        return False
    return type(one) in (str, int, type(None)) or _text(one) == _text(other)


def _text(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def type_name(value: Any) -> str:
    """The JSON schema type of a value."""
    if isinstance(value, int) and not isinstance(value, bool):
        return "integer"
    found = json_type(value)
    return _JSON_TYPES.get(found, found)


def _check_type(node: Structural, value: Any, path: str, found: list[Cause]) -> None:
    name = type_name(value)
    if node.int_or_string:
        fits, wanted = name in ("integer", "string"), "integer,string"
    elif not node.type:
        return
    else:
        fits, wanted = name == node.type, node.type
        if node.type == "number":
            fits = name in ("integer", "number")
        elif node.type == "integer" and isinstance(value, float):
            fits = value.is_integer()
    if not fits:
        text = f'{_subject(path)} must be of type {wanted}: "{name}"'
        found.append(
            Cause(path or "<nil>", "FieldValueTypeInvalid", f'Invalid value: "{name}": {text}')
        )


def _subject(path: str) -> str:
    return f"{path} in body"


def _invalid(path: str, value: Any, detail: str) -> Cause:
    return causes.invalid(path or "<nil>", value, f"{_subject(path)} {detail}")


def _check_value(node: Structural, value: Any, path: str, found: list[Cause]) -> None:
    if node.enum is not None and not any(same(value, item) for item in node.enum):
        listed = ", ".join(causes.shown(item if isinstance(item, str) else _text(item).decode())
                           for item in node.enum)  # fmt: skip
        text = f"Unsupported value: {causes.shown(value)}: supported values: {listed}"
        found.append(Cause(path, "FieldValueNotSupported", text))
    if isinstance(value, str):
        _check_string(node, value, path, found)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _check_number(node, value, path, found)


def _check_string(node: Structural, value: str, path: str, found: list[Cause]) -> None:
    schema = node.schema
    longest, shortest = schema.get("maxLength"), schema.get("minLength")
    if longest is not None and len(value) > longest:
        found.append(causes.too_long(path, longest))
    if shortest is not None and len(value) < shortest:
        found.append(_invalid(path, value, f"should be at least {shortest} chars long"))
    if node.pattern is not None and not node.pattern.search(value):
        found.append(_invalid(path, value, f"should match '{schema['pattern']}'"))
    name = schema.get("format")
    if name and not formats.matches(name, value):
        detail = f"must be of type {name}: {causes.shown(value)}"
        message = f"Invalid value: {causes.shown(value)}: {_subject(path)} {detail}"
        found.append(Cause(path, "FieldValueTypeInvalid", message))


def _check_number(node: Structural, value: int | float, path: str, found: list[Cause]) -> None:
    schema = node.schema
    bounds = _RANGES.get(schema.get("format") or "")
    if bounds is not None and not bounds[0] <= value <= bounds[1]:
        kind = node.type or "number"
        detail = f"Checked value must be of type {kind} with format {schema['format']} in {path}"
        found.append(causes.invalid(path, value, detail))
    least, most = schema.get("minimum"), schema.get("maximum")
    if most is not None:
        if schema.get("exclusiveMaximum") and value >= most:
            found.append(_invalid(path, value, f"should be less than {most}"))
        elif value > most:
            found.append(_invalid(path, value, f"should be less than or equal to {most}"))
    if least is not None:
        if schema.get("exclusiveMinimum") and value <= least:
            found.append(_invalid(path, value, f"should be greater than {least}"))
        elif value < least:
            found.append(_invalid(path, value, f"should be greater than or equal to {least}"))
    step = schema.get("multipleOf")
    if step:
        share = value / step
        if not math.isclose(share, round(share), rel_tol=0, abs_tol=1e-9):
            found.append(_invalid(path, value, f"should be a multiple of {step}"))


def _check_object(
    node: Structural, value: dict[str, Any], path: str, old: Any, found: list[Cause]
) -> None:
    schema, below = node.schema, f"{path}." if path else ""
    for name in node.required:
        if name not in value:
            found.append(causes.required(below + name))
    most, least = schema.get("maxProperties"), schema.get("minProperties")
    if most is not None and len(value) > most:
        found.append(causes.too_many(path, len(value), most))
    if least is not None and len(value) < least:
        # (The number that is shown is what is wanted, where that of items is how many there are.)
        found.append(_invalid(path, least, f"should have at least {least} properties"))
    before = old if isinstance(old, dict) else {}
    free = node.free()
    for key, item in value.items():
        part = node.properties.get(key) or free
        if part is None or (node.resource and key == "metadata" and not part.properties):
            continue
        if node.resource and key in IDENTITY and not isinstance(item, str | dict):
            continue
        validate(part, item, below + key, before.get(key, ABSENT), found)


def _check_list(
    node: Structural, value: list[Any], path: str, old: Any, found: list[Cause]
) -> None:
    schema = node.schema
    most, least = schema.get("maxItems"), schema.get("minItems")
    if most is not None and len(value) > most:
        found.append(causes.too_many(path, len(value), most))
    if least is not None and len(value) < least:
        found.append(_invalid(path, len(value), f"should have at least {least} items"))
    before: dict[bytes, Any] = {}
    if node.list_type == "map" and isinstance(old, list):
        before = {item_key(node, item): item for item in old}
    for position, item in enumerate(value if node.items is not None else ()):
        assert node.items is not None
        known = before.get(item_key(node, item), ABSENT) if before else ABSENT
        validate(node.items, item, f"{path}[{position}]", known, found)


def _check_logic(node: Structural, value: Any, path: str, found: list[Cause]) -> None:
    for part in node.all_of:
        below: list[Cause] = []
        validate(part, value, path, ABSENT, below)
        found.extend(below)
    if node.any_of:
        tries = [_tried(part, value, path) for part in node.any_of]
        if all(tries):
            found.append(_logic(path, "must validate at least one schema (anyOf)"))
            found.extend(_shortest(tries))
    if node.one_of:
        tries = [_tried(part, value, path) for part in node.one_of]
        right = sum(1 for one in tries if not one)
        if right != 1:
            detail = f"Found {right} valid alternatives" if right else "Found none valid"
            found.append(_logic(path, f"must validate one and only one schema (oneOf). {detail}"))
            if not right:
                found.extend(_shortest(tries))
    if node.none_of is not None and not _tried(node.none_of, value, path):
        found.append(_logic(path, "must not validate the schema (not)"))


def _shortest(tries: list[list[Cause]]) -> list[Cause]:
    """What the alternative that came nearest says."""
    return min(tries, key=lambda found: len(found))


def _tried(part: Structural, value: Any, path: str) -> list[Cause]:
    found: list[Cause] = []
    validate(part, value, path, ABSENT, found)
    return found


def _logic(path: str, detail: str) -> Cause:
    return Cause(path or "<nil>", "FieldValueInvalid", f'Invalid value: "": "{path}" {detail}')
