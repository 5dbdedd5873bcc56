"""Schemas of custom resources as OpenAPI documents show them. Must not know paths.

v2 cannot say everything: what it has no word for is left out there (as in Kubernetes, whose v2
document is what older clients check by).
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cluster.api.kind import Kind
from cluster.api.openapi_schemas import Form, reachable
from cluster.api.types import Object

# Built-in kinds in whose words is told what all objects and all lists have.
_OBJECT, _LIST = "io.k8s.api.core.v1.ConfigMap", "io.k8s.api.core.v1.ConfigMapList"
# What OpenAPI v2 has no word for, or cannot say of a structural schema.
_NOT_IN_V2 = frozenset(
    ("nullable", "oneOf", "anyOf", "allOf", "not", "externalDocs", "x-kubernetes-validations")
)


class _Way(NamedTuple):
    """How schemas are shown: ``identity`` (apiVersion and kind) and ``metadata`` of objects, and
    the metadata of lists, as built-in kinds have them."""

    form: Form
    identity: Object
    metadata: Object
    list_metadata: Object


def _way(form: Form, raw: Mapping[str, Object]) -> _Way:
    shown = reachable(raw, (_OBJECT, _LIST), form)
    one, many = shown[_OBJECT]["properties"], shown[_LIST]["properties"]
    identity = {name: one[name] for name in ("apiVersion", "kind")}
    return _Way(form, identity, one["metadata"], many["metadata"])


def custom_schemas(kinds: Iterable[Kind], form: Form, raw: Mapping[str, Object]) -> Object:
    """The schemas of the custom kinds among these, and of their lists, by name. ``raw``: the
    published definitions of built-in kinds."""
    found: Object = {}
    custom = [kind for kind in kinds if kind.custom is not None]
    if not custom:
        return found
    way = _way(form, raw)
    for kind in custom:
        assert kind.custom is not None
        found[kind.definition] = _object(kind, kind.custom.raw_schema, way)
        found[f"{kind.definition}List"] = _list(kind, way)
    return found


def _object(kind: Kind, schema: Object, way: _Way) -> Object:
    whole = _schema(schema, way)
    if whole.pop("x-kubernetes-preserve-unknown-fields", False) and not way.form.three:
        # Clients of v2 would take every other field for a mistake.
        whole.pop("properties", None)
    else:
        properties = {**way.identity, **(whole.get("properties") or {})}
        properties["metadata"] = way.metadata
        whole["properties"] = properties
    if way.form.three and schema.get("x-kubernetes-preserve-unknown-fields"):
        whole["x-kubernetes-preserve-unknown-fields"] = True
    whole["type"] = "object"
    whole["x-kubernetes-group-version-kind"] = [_group_version_kind(kind, kind.kind)]
    if kind.custom is not None and kind.custom.fields:
        fields = [{"fieldPath": name} for name in kind.custom.fields]
        whole["x-kubernetes-selectable-fields"] = fields
    return whole


def _list(kind: Kind, way: _Way) -> Object:
    items = {"type": "array", "items": {"$ref": f"{way.form.prefix}{kind.definition}"}}
    return {
        "description": f"{kind.list_kind} is a list of {kind.kind}",
        "type": "object",
        "required": ["items"],
        "properties": {
            **way.identity,
            "items": {"description": f"List of {kind.plural}.", **items},
            "metadata": way.list_metadata,
        },
        "x-kubernetes-group-version-kind": [_group_version_kind(kind, kind.list_kind)],
    }


def _group_version_kind(kind: Kind, name: str) -> Object:
    return {"group": kind.group, "version": kind.version, "kind": name}


def _schema(schema: Object, way: _Way) -> Object:
    built: Object = {}
    if not way.form.three and (
        schema.get("x-kubernetes-preserve-unknown-fields")
        or schema.get("x-kubernetes-int-or-string")
        or schema.get("nullable")
    ):
        # A free value: in v2 only a schema without a type takes any.
        kept = ("description", "title", "default", "example")
        return {
            name: value
            for name, value in schema.items()
            if name in kept or (name.startswith("x-") and name not in _NOT_IN_V2)
        }
    for key, value in schema.items():
        if not way.form.three and key in _NOT_IN_V2:
            continue
        built[key] = _part(key, value, way)
    if schema.get("x-kubernetes-embedded-resource"):
        identity = {**way.identity, "metadata": way.metadata}
        built["properties"] = {**(built.get("properties") or {}), **identity}
        required = built.get("required") or []
        missing = [name for name in ("kind", "apiVersion") if name not in required]
        built["required"] = [*required, *missing]
    return built


def _part(key: str, value: Any, way: _Way) -> Any:
    match key:
        case "properties":
            return {name: _schema(part, way) for name, part in value.items()}
        case "items" | "additionalProperties" | "not" if isinstance(value, dict):
            return _schema(value, way)
        case "allOf" | "anyOf" | "oneOf":
            return [_schema(part, way) for part in value]
    return value
