"""Whether a schema's list and map types are right, in Kubernetes' words. Must not know objects.

Source: "Server-Side Apply", Custom Resources and Server-Side Apply; KEP-555, KEP-2928 (lists of
type map and set in definitions).
"""

from collections.abc import Sequence
from typing import Any

from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes

LIST_TYPE, MAP_TYPE = "x-kubernetes-list-type", "x-kubernetes-map-type"
LIST_MAP_KEYS = "x-kubernetes-list-map-keys"
_LIST_TYPES = ("atomic", "set", "map")
_MAP_TYPES = ("atomic", "granular")


def check_merge_types(schema: Object, path: str, found: list[Cause]) -> None:
    """Of one place at ``path``."""
    if schema.get(MAP_TYPE) is not None:
        _check_kind(schema, "object", MAP_TYPE, path, found)
        _check_known(schema[MAP_TYPE], _MAP_TYPES, f"{path}.{MAP_TYPE}", found)
    _check_list(schema, path, found)


def _check_list(schema: Object, path: str, found: list[Cause]) -> None:
    list_type, keys = schema.get(LIST_TYPE), schema.get(LIST_MAP_KEYS) or []
    if list_type is not None:
        _check_kind(schema, "array", LIST_TYPE, path, found)
        if list_type == "set" and schema.get("type") == "array":
            _check_set(schema.get("items"), f"{path}.items", found)
        _check_known(list_type, _LIST_TYPES, f"{path}.{LIST_TYPE}", found)
    if keys and list_type != "map":
        detail, place = (
            "must be map if x-kubernetes-list-map-keys is non-empty",
            f"{path}.{LIST_TYPE}",
        )
        missing = causes.required(place, detail)
        found.append(missing if list_type is None else causes.invalid(place, list_type, detail))
    if list_type == "map":
        _check_map(schema, keys, path, found)
    items = schema.get("items")
    if list_type in ("set", "map") and isinstance(items, dict):
        if items.get("nullable"):
            detail = f"cannot be nullable when x-kubernetes-list-type is {list_type}"
            found.append(causes.forbidden(f"{path}.items.nullable", detail))
        if list_type == "map":
            _check_keys(items, keys, f"{path}.items", found)


def _missing_or_wrong(path: str, value: Any, detail: str, found: list[Cause]) -> None:
    wrong = causes.invalid(path, value, detail) if value else causes.required(path, detail)
    found.append(wrong)


def _check_kind(schema: Object, wanted: str, name: str, path: str, found: list[Cause]) -> None:
    if schema.get("type") != wanted:
        detail = f"must be {wanted} if {name} is specified"
        _missing_or_wrong(f"{path}.type", schema.get("type"), detail, found)


def _check_known(value: Any, known: Sequence[str], path: str, found: list[Cause]) -> None:
    if value not in known:
        listed = ", ".join(f'"{item}"' for item in known)
        message = f"Unsupported value: {causes.shown(value)}: supported values: {listed}"
        found.append(Cause(path, "FieldValueNotSupported", message))


def _check_set(items: Any, path: str, found: list[Cause]) -> None:
    if not isinstance(items, dict):
        return
    list_type, map_type = items.get(LIST_TYPE), items.get(MAP_TYPE)
    detail = "must be atomic as item of a list with x-kubernetes-list-type=set"
    if items.get("type") == "array" and list_type not in (None, "atomic"):
        found.append(causes.invalid(f"{path}.{LIST_TYPE}", list_type, detail))
    # Fields of an object are merged unless it says otherwise; a list is one value unless it does.
    if items.get("type") == "object" and map_type != "atomic":
        found.append(causes.invalid(f"{path}.{MAP_TYPE}", map_type, detail))


def _check_map(schema: Object, keys: list[str], path: str, found: list[Cause]) -> None:
    place, items = f"{path}.{LIST_MAP_KEYS}", schema.get("items")
    if not keys:
        detail = "must not be empty if x-kubernetes-list-type is map"
        found.append(causes.required(place, detail))
    if items is None:
        detail = "must have a schema if x-kubernetes-list-type is map"
        found.append(causes.required(f"{path}.items", detail))
    elif not isinstance(items, dict):
        detail = "must only have a single schema if x-kubernetes-list-type is map"
        found.append(causes.invalid(f"{path}.items", items, detail))
    elif items.get("type") != "object":
        detail = "must be object if parent array's x-kubernetes-list-type is map"
        found.append(causes.invalid(f"{path}.items.type", items.get("type") or "", detail))
    else:
        properties = items.get("properties") or {}
        for position, name in enumerate(keys):
            if name not in properties:
                detail = "entries must all be names of item properties"
                found.append(causes.invalid(place, keys, detail))
            elif properties[name].get("type") in ("array", "object"):
                detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
                where = f"{path}.items.properties[{name}].type"
                # Kubernetes tells the type of the item here, not that of the key.
                found.append(causes.invalid(where, "object", detail))
            if keys.index(name) != position:
                found.append(causes.invalid(place, keys, "must not contain duplicate entries"))


def _check_keys(items: Object, keys: list[str], path: str, found: list[Cause]) -> None:
    properties, required = items.get("properties") or {}, items.get("required") or ()
    for name in keys:
        part = properties.get(name)
        if not isinstance(part, dict):
            continue
        place, subject = (
            f"{path}.properties[{name}]",
            "this property is in x-kubernetes-list-map-keys",
        )
        if part.get("default") is None and name not in required:
            detail = f"{subject}, so it must have a default or be a required property"
            found.append(causes.required(f"{place}.default", detail))
        if part.get("nullable"):
            detail = f"{subject}, so it cannot be nullable"
            found.append(causes.forbidden(f"{place}.nullable", detail))
