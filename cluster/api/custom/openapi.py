"""Schemas of custom resources as OpenAPI documents show them. Must not know paths.

v2 cannot say everything: what it has no word for is left out there (as in Kubernetes, whose v2
document is what older clients check by).
"""

from collections.abc import Iterable
from typing import Any

from cluster.api.kind import Kind
from cluster.api.openapi_schemas import Form
from cluster.api.types import Object

_META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_IDENTITY: Object = {
    "apiVersion": {
        "type": "string",
        "description": "APIVersion defines the versioned schema of this representation of an "
        "object.",
    },
    "kind": {
        "type": "string",
        "description": "Kind is a string value representing the REST resource this object "
        "represents.",
    },
}
# What OpenAPI v2 has no word for, or cannot say of a structural schema.
_NOT_IN_V2 = frozenset(
    ("nullable", "oneOf", "anyOf", "allOf", "not", "externalDocs", "x-kubernetes-validations")
)


def custom_schemas(kinds: Iterable[Kind], form: Form) -> Object:
    """The schemas of the custom kinds among these, and of their lists, by name."""
    found: Object = {}
    for kind in kinds:
        if kind.custom is not None:
            found[kind.definition] = _object(kind, kind.custom.raw_schema, form)
            found[f"{kind.definition}List"] = _list(kind, form)
    return found


def _object(kind: Kind, schema: Object, form: Form) -> Object:
    whole = _schema(schema, form)
    if whole.pop("x-kubernetes-preserve-unknown-fields", False) and not form.three:
        # Clients of v2 would take every other field for a mistake.
        whole.pop("properties", None)
    else:
        properties = {**_IDENTITY, **(whole.get("properties") or {})}
        properties["metadata"] = _reference("ObjectMeta", form)
        whole["properties"] = properties
    if form.three and schema.get("x-kubernetes-preserve-unknown-fields"):
        whole["x-kubernetes-preserve-unknown-fields"] = True
    whole["type"] = "object"
    whole["x-kubernetes-group-version-kind"] = [_group_version_kind(kind, kind.kind)]
    if kind.custom is not None and kind.custom.fields:
        fields = [{"fieldPath": name} for name in kind.custom.fields]
        whole["x-kubernetes-selectable-fields"] = fields
    return whole


def _list(kind: Kind, form: Form) -> Object:
    items = {"type": "array", "items": {"$ref": f"{form.prefix}{kind.definition}"}}
    return {
        "description": f"{kind.list_kind} is a list of {kind.kind}",
        "type": "object",
        "required": ["items"],
        "properties": {
            **_IDENTITY,
            "items": {"description": f"List of {kind.plural}.", **items},
            "metadata": _reference("ListMeta", form),
        },
        "x-kubernetes-group-version-kind": [_group_version_kind(kind, kind.list_kind)],
    }


def _reference(name: str, form: Form) -> Object:
    reference: Object = {"$ref": f"{form.prefix}{_META}{name}"}
    return {"allOf": [reference]} if form.three else reference


def _group_version_kind(kind: Kind, name: str) -> Object:
    return {"group": kind.group, "version": kind.version, "kind": name}


def _schema(schema: Object, form: Form) -> Object:
    built: Object = {}
    if not form.three and (
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
        if not form.three and key in _NOT_IN_V2:
            continue
        built[key] = _part(key, value, form)
    if schema.get("x-kubernetes-embedded-resource"):
        identity = {**_IDENTITY, "metadata": _reference("ObjectMeta", form)}
        built["properties"] = {**(built.get("properties") or {}), **identity}
        required = built.get("required") or []
        missing = [name for name in ("kind", "apiVersion") if name not in required]
        built["required"] = [*required, *missing]
    return built


def _part(key: str, value: Any, form: Form) -> Any:
    match key:
        case "properties":
            return {name: _schema(part, form) for name, part in value.items()}
        case "items" | "additionalProperties" | "not" if isinstance(value, dict):
            return _schema(value, form)
        case "allOf" | "anyOf" | "oneOf":
            return [_schema(part, form) for part in value]
    return value
