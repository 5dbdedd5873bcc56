"""The parts of a schema that only narrow what a value may be: anyOf and its like.

Source: "Extend the Kubernetes API with CustomResourceDefinitions", Specifying a structural schema.
Must not know objects.
"""

from typing import Any

from cluster.api.custom.patterns import compile_pattern
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_TYPES = frozenset(("array", "boolean", "integer", "number", "object", "string"))
_REFUSED = (
    "$ref", "$schema", "additionalItems", "definitions", "dependencies", "id", "patternProperties",
)  # fmt: skip
_LOGIC = ("allOf", "anyOf", "oneOf")
# What says more than what a value may be, and what it must be inside anyOf and its like.
_NOT_NESTED = {
    "additionalProperties": "undefined", "default": "undefined", "description": "empty",
    "externalDocs": "undefined", "nullable": "false", "title": "empty", "type": "empty",
    "x-kubernetes-embedded-resource": "false", "x-kubernetes-int-or-string": "false",
    "x-kubernetes-list-map-keys": "empty", "x-kubernetes-list-type": "undefined",
    "x-kubernetes-map-type": "undefined", "x-kubernetes-preserve-unknown-fields": "false",
    "x-kubernetes-validations": "empty",
}  # fmt: skip
_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]
DEPTH_MAX = 64


def check_common(schema: Object, path: str, found: list[Cause]) -> None:
    """What holds for every schema, narrowing or not."""
    kind = schema.get("type")
    if kind and kind not in _TYPES:
        found.append(causes.unsupported(f"{path}.type", kind, _TYPES))
    if kind == "null":
        detail = "type cannot be set to null, use nullable as an alternative"
        found.append(causes.forbidden(f"{path}.type", detail))
    for name in _REFUSED:
        if schema.get(name):
            found.append(causes.forbidden(f"{path}.{name}", f"{name} is not supported"))
    if schema.get("uniqueItems"):
        detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        found.append(causes.forbidden(f"{path}.uniqueItems", detail))
    try:
        compile_pattern(schema.get("pattern"))
    except ValueError as error:
        detail = f"must be a valid regular expression, but isn't: {error}"
        found.append(causes.invalid(f"{path}.pattern", schema["pattern"], detail))


def logic_parts(schema: Object, path: str) -> list[tuple[str, Any]]:
    """(path, schema) of each narrowing part."""
    parts = [
        (f"{path}.{name}[{position}]", part)
        for name in _LOGIC
        for position, part in enumerate(schema.get(name) or ())
    ]
    if isinstance(schema.get("not"), dict):
        parts.append((f"{path}.not", schema["not"]))
    return parts


def int_or_string_logic(schema: Object, path: str) -> frozenset[str]:
    """Places of the two types that say "a number or text", where types may be told all the same:
    in anyOf, or in anyOf of the first of allOf."""
    all_of = schema.get("allOf") or ()
    first = all_of[0] if all_of and isinstance(all_of[0], dict) else {}
    found = []
    if schema.get("anyOf") == _INT_OR_STRING:
        found += [f"{path}.anyOf[0]", f"{path}.anyOf[1]"]
    if first.get("anyOf") == _INT_OR_STRING:
        found += [f"{path}.allOf[0].anyOf[0]", f"{path}.allOf[0].anyOf[1]"]
    return frozenset(found)


def check_nested(
    part: Any,
    outer: Object,
    path: str,
    outer_path: str,
    found: list[Cause],
    depth: int,
    skipped: frozenset[str] = frozenset(),
) -> None:
    """A schema that only narrows values: everything it names is specified outside too."""
    if not isinstance(part, dict) or depth > DEPTH_MAX:
        found.append(causes.invalid(path, None, "must be a schema"))
        return
    check_common(part, path, found)
    for name, wanted in _NOT_NESTED.items():
        value = part.get(name)
        if value if wanted != "undefined" else value is not None:
            found.append(causes.forbidden(f"{path}.{name}", f"must be {wanted} to be structural"))
    outside = outer.get("properties") or {}
    for name, below in (part.get("properties") or {}).items():
        place, where = f"{path}.properties[{name}]", f"{outer_path}.properties[{name}]"
        if name == "metadata":
            found.append(causes.forbidden(place, "must not be specified in a nested context"))
        other = outside.get(name)
        if not isinstance(other, dict):
            found.append(causes.required(where, f"because it is defined in {place}"))
            other = below if isinstance(below, dict) else {}
        check_nested(below, other, place, where, found, depth + 1)
    if isinstance(part.get("items"), dict):
        other = outer.get("items")
        if not isinstance(other, dict):
            detail = f"because it is defined in {path}.items"
            found.append(causes.required(f"{outer_path}.items", detail))
            other = part["items"]
        check_nested(part["items"], other, f"{path}.items", f"{outer_path}.items", found, depth + 1)
    for place, below in logic_parts(part, path):
        if place not in skipped:
            check_nested(below, outer, place, outer_path, found, depth + 1)
