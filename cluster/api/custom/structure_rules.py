"""What a schema must be to be structural, in Kubernetes' words.

Source: "Extend the Kubernetes API with CustomResourceDefinitions", Specifying a structural schema,
and the reference of JSONSchemaProps. Must not know objects.
"""

from typing import Any

from cluster.api.custom import values, walks
from cluster.api.custom.patterns import compile_pattern
from cluster.api.custom.rule_checks import check_rules
from cluster.api.custom.rules import make_rules
from cluster.api.custom.structural import ABSENT, Structural
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

_TYPES = frozenset(("array", "boolean", "integer", "number", "object", "string"))
_LIST_TYPES = frozenset(("atomic", "map", "set"))
_MAP_TYPES = frozenset(("atomic", "granular"))
_REFUSED = (
    "$ref", "$schema", "additionalItems", "definitions", "dependencies", "id", "patternProperties",
)  # fmt: skip
_LOGIC = ("allOf", "anyOf", "oneOf")
# What says more than what a value may be: not inside anyOf and its like.
_NOT_NESTED = (
    "additionalProperties", "default", "description", "nullable", "title", "type",
    "x-kubernetes-embedded-resource", "x-kubernetes-int-or-string", "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type", "x-kubernetes-map-type", "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
)  # fmt: skip
_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]
DEPTH_MAX = 64


def check_schema(schema: Object, path: str, found: list[Cause]) -> None:
    """A whole ``openAPIV3Schema`` at ``path``."""
    before = len(found)
    if not schema.get("type"):
        found.append(causes.required(f"{path}.type", "must not be empty at the root"))
    elif schema["type"] != "object":
        found.append(causes.invalid(f"{path}.type", schema["type"], "must be object at the root"))
    if schema.get("nullable"):
        detail = "nullable cannot be true at the root"
        found.append(causes.forbidden(f"{path}.nullable", detail))
    _check_root_metadata(schema, path, found)
    _check(schema, path, found, 0)
    if len(found) == before:
        check_rules(schema, path, found)
    if len(found) == before:
        _check_defaults(Structural(schema, make_rules=make_rules, root=True), path, found)


def _check_root_metadata(schema: Object, path: str, found: list[Cause]) -> None:
    metadata = (schema.get("properties") or {}).get("metadata")
    if not isinstance(metadata, dict):
        return
    place = f"{path}.properties[metadata]"
    extra = set(metadata) - {"type", "properties", "description"}
    named = set(metadata.get("properties") or {}) - {"name", "generateName"}
    if extra or named:
        detail = (
            "must not specify anything other than name and generateName, but metadata is "
            "implicitly specified"
        )
        found.append(causes.forbidden(place, detail))


def _check(schema: Object, path: str, found: list[Cause], depth: int) -> None:
    if depth > DEPTH_MAX:
        found.append(causes.forbidden(path, f"must not nest deeper than {DEPTH_MAX}"))
        return
    _check_common(schema, path, found)
    _check_extensions(schema, path, found)
    for name, part in (schema.get("properties") or {}).items():
        _check_typed(part, f"{path}.properties[{name}]", "object fields", found, depth)
    free = schema.get("additionalProperties")
    if free is False:
        detail = "additionalProperties cannot be set to false"
        found.append(causes.forbidden(f"{path}.additionalProperties", detail))
    elif free is not None and schema.get("properties"):
        detail = "additionalProperties and properties are mutual exclusive"
        found.append(causes.forbidden(f"{path}.additionalProperties", detail))
    if isinstance(free, dict):
        _check_typed(free, f"{path}.additionalProperties", "object fields", found, depth)
    _check_items(schema, path, found, depth)
    for place, part in _nested(schema, path):
        _check_nested(part, schema, place, path, found, depth + 1)


def _check_typed(part: Any, path: str, where: str, found: list[Cause], depth: int) -> None:
    if not isinstance(part, dict):
        found.append(causes.invalid(path, part, "must be a schema"))
        return
    free = part.get("x-kubernetes-int-or-string") or part.get(
        "x-kubernetes-preserve-unknown-fields"
    )
    if not part.get("type") and not free:
        detail = f"must not be empty for specified {where}"
        found.append(causes.required(f"{path}.type", detail))
    _check(part, path, found, depth + 1)


def _check_items(schema: Object, path: str, found: list[Cause], depth: int) -> None:
    items = schema.get("items")
    if isinstance(items, list):
        detail = "items must be a schema object and not an array"
        found.append(causes.forbidden(f"{path}.items", detail))
    elif isinstance(items, dict):
        _check_typed(items, f"{path}.items", "array items", found, depth)
    elif schema.get("type") == "array":
        found.append(causes.required(f"{path}.items", "must be specified"))


def _check_common(schema: Object, path: str, found: list[Cause]) -> None:
    kind = schema.get("type")
    if kind and kind not in _TYPES:
        found.append(causes.unsupported(f"{path}.type", kind, _TYPES))
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


def _check_extensions(schema: Object, path: str, found: list[Cause]) -> None:
    kind, list_type = schema.get("type"), schema.get("x-kubernetes-list-type")
    keys = schema.get("x-kubernetes-list-map-keys") or []
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        place = f"{path}.x-kubernetes-preserve-unknown-fields"
        found.append(causes.invalid(place, False, "must be true or undefined"))
    if schema.get("x-kubernetes-int-or-string") and kind:
        detail = "must be empty if x-kubernetes-int-or-string is true"
        found.append(causes.forbidden(f"{path}.type", detail))
    if schema.get("x-kubernetes-embedded-resource"):
        if kind != "object":
            detail = "must be object if x-kubernetes-embedded-resource is true"
            found.append(causes.invalid(f"{path}.type", kind or "", detail))
        free = schema.get("x-kubernetes-preserve-unknown-fields")
        if not free and not schema.get("properties"):
            detail = (
                "must not be empty if x-kubernetes-embedded-resource is true without "
                "x-kubernetes-preserve-unknown-fields"
            )
            found.append(causes.required(f"{path}.properties", detail))
    map_type = schema.get("x-kubernetes-map-type")
    if map_type:
        if map_type not in _MAP_TYPES:
            place = f"{path}.x-kubernetes-map-type"
            found.append(causes.unsupported(place, map_type, _MAP_TYPES))
        if kind != "object":
            detail = "must be object if x-kubernetes-map-type is specified"
            found.append(causes.invalid(f"{path}.type", kind or "", detail))
    if list_type:
        if list_type not in _LIST_TYPES:
            place = f"{path}.x-kubernetes-list-type"
            found.append(causes.unsupported(place, list_type, _LIST_TYPES))
        if kind != "array":
            detail = "must be array if x-kubernetes-list-type is specified"
            found.append(causes.invalid(f"{path}.type", kind or "", detail))
    if list_type == "map":
        _check_list_map(schema, keys, path, found)
    elif keys:
        detail = "must be map if x-kubernetes-list-map-keys is non-empty"
        found.append(causes.invalid(f"{path}.x-kubernetes-list-type", list_type or "", detail))
    if list_type == "set":
        _check_set(schema.get("items"), f"{path}.items", found)


def _check_list_map(schema: Object, keys: list[str], path: str, found: list[Cause]) -> None:
    place = f"{path}.x-kubernetes-list-map-keys"
    if not keys:
        detail = "must not be empty if x-kubernetes-list-type is map"
        found.append(causes.required(place, detail))
    items = schema.get("items")
    if not isinstance(items, dict):
        return
    if items.get("type") != "object":
        detail = "must be object if parent array's x-kubernetes-list-type is map"
        found.append(causes.invalid(f"{path}.items.type", items.get("type") or "", detail))
    properties, required = items.get("properties") or {}, items.get("required") or ()
    for position, name in enumerate(keys):
        if keys.index(name) != position:
            found.append(causes.duplicate(f"{place}[{position}]", name))
        part = properties.get(name)
        if part is None:
            detail = "entries must all be names of item properties"
            found.append(causes.invalid(f"{place}[{position}]", name, detail))
            continue
        where = f"{path}.items.properties[{name}]"
        if part.get("type") in ("array", "object"):
            detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
            found.append(causes.invalid(f"{where}.type", part["type"], detail))
        if "default" not in part and name not in required:
            detail = (
                "this property is in x-kubernetes-list-map-keys, so it must have a default or be "
                "a required property"
            )
            found.append(causes.required(f"{where}.default", detail))


def _check_set(items: Any, path: str, found: list[Cause]) -> None:
    if not isinstance(items, dict):
        return
    if items.get("nullable"):
        detail = "cannot be nullable when x-kubernetes-list-type is set"
        found.append(causes.forbidden(f"{path}.nullable", detail))
    if items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
        detail = "must be atomic as item of a list with x-kubernetes-list-type=set"
        found.append(causes.invalid(f"{path}.x-kubernetes-map-type", "", detail))
    if items.get("type") == "array" and items.get("x-kubernetes-list-type") not in (None, "atomic"):
        detail = "must be atomic as item of a list with x-kubernetes-list-type=set"
        value = items.get("x-kubernetes-list-type")
        found.append(causes.invalid(f"{path}.x-kubernetes-list-type", value, detail))


def _nested(schema: Object, path: str) -> list[tuple[str, Any]]:
    parts = [
        (f"{path}.{name}[{position}]", part)
        for name in _LOGIC
        for position, part in enumerate(schema.get(name) or ())
    ]
    if isinstance(schema.get("not"), dict):
        parts.append((f"{path}.not", schema["not"]))
    return parts


def _check_nested(
    part: Any, outer: Object, path: str, outer_path: str, found: list[Cause], depth: int
) -> None:
    """A schema that only narrows values: everything it names is specified outside too."""
    if not isinstance(part, dict) or depth > DEPTH_MAX:
        found.append(causes.invalid(path, None, "must be a schema"))
        return
    _check_common(part, path, found)
    whole = bool(outer.get("x-kubernetes-int-or-string"))
    for name in _NOT_NESTED:
        if part.get(name) and not (whole and part in _INT_OR_STRING):
            found.append(causes.forbidden(f"{path}.{name}", "must be empty to be structural"))
    outside = outer.get("properties") or {}
    for name, below in (part.get("properties") or {}).items():
        place = f"{path}.properties[{name}]"
        free = outer.get("additionalProperties")
        other = outside.get(name) or (free if isinstance(free, dict) else None)
        where = f"{outer_path}.properties[{name}]"
        if other is None:
            found.append(causes.required(where, f"because it is defined in {place}"))
            other = below if isinstance(below, dict) else {}
        _check_nested(below, other, place, where, found, depth + 1)
    if isinstance(part.get("items"), dict):
        other = outer.get("items")
        if not isinstance(other, dict):
            detail = f"because it is defined in {path}.items"
            found.append(causes.required(f"{outer_path}.items", detail))
            other = part["items"]
        _check_nested(
            part["items"], other, f"{path}.items", f"{outer_path}.items", found, depth + 1
        )
    for place, below in _nested(part, path):
        _check_nested(below, outer, place, outer_path, found, depth + 1)


def _check_defaults(node: Structural, path: str, found: list[Cause]) -> None:
    """Defaults must be what the schema takes, without a field it does not know."""
    if node.default is not ABSENT:
        place = f"{path}.default"
        unknown: list[str] = []
        copied = _copy(node.default)
        walks.prune(node, copied, "", unknown)
        if unknown:
            detail = f"must not have unknown fields: {', '.join(unknown)}"
            found.append(causes.invalid(place, node.default, detail))
        values.validate(node, copied, place, ABSENT, found)
    for name, part in node.properties.items():
        _check_defaults(part, f"{path}.properties[{name}]", found)
    free = node.free()
    if free is not None:
        _check_defaults(free, f"{path}.additionalProperties", found)
    if node.items is not None:
        _check_defaults(node.items, f"{path}.items", found)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value
