"""Published definitions to OpenAPI schemas. Must not know kinds or paths.

The definitions file says "string or null" where the API means an optional string, and refers by
``#/$defs/``; OpenAPI says it its own way, v2 and v3 a little differently.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cluster.api.types import Object

_DEFS = "#/$defs/"
_MICRO = "io.k8s.apimachinery.pkg."


class Form(NamedTuple):
    """How a version of OpenAPI says things. ``three``: 3.0, else 2.0."""

    prefix: str
    three: bool


V2 = Form("#/definitions/", False)
V3 = Form("#/components/schemas/", True)


def reachable(raw: Mapping[str, Object], roots: Iterable[str], form: Form) -> Object:
    """The schemas of the roots, and of all that they refer to, by name in order."""
    found: dict[str, Object] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in found or name not in raw:
            continue
        used: list[str] = []
        found[name] = _definition(name, raw[name], form, used)
        waiting.extend(used)
    return {name: found[name] for name in sorted(found)}


def _definition(name: str, schema: Object, form: Form, used: list[str]) -> Object:
    if name == f"{_MICRO}api.resource.Quantity":
        return {**_described(schema), **_string_or("number", "", form)}
    if name == f"{_MICRO}util.intstr.IntOrString":
        return {**_described(schema), **_string_or("integer", "int-or-string", form)}
    return _schema(schema, form, used)


def _described(schema: Object) -> Object:
    return {"description": schema["description"]} if "description" in schema else {}


def _string_or(other: str, name: str, form: Form) -> Object:
    """A union of string and number, which v2 cannot say."""
    if form.three:
        union: Object = {"oneOf": [{"type": "string"}, {"type": other}]}
        return {"format": name, **union} if name else union
    return {"type": "string", "format": name} if name else {"type": "string"}


def _schema(schema: Object, form: Form, used: list[str]) -> Object:
    built: Object = {}
    for key, value in schema.items():
        match key:
            case "$ref":
                name = value.removeprefix(_DEFS)
                used.append(name)
                built.update(_reference(name, schema, form))
            case "type":
                built["type"] = value[0] if isinstance(value, list) else value
            case "properties":
                built["properties"] = {
                    name: _schema(part, form, used) for name, part in value.items()
                }
            case "items" | "additionalProperties" if isinstance(value, dict):
                built[key] = _schema(value, form, used)
            case "enum" if _fixed(schema, value):
                pass
            case _:
                built[key] = value
    return built


def _fixed(schema: Object, values: list[Any]) -> bool:
    """The definitions file pins apiVersion and kind to the one value; the API's schema does not."""
    return len(values) == 1 and "type" in schema


def _reference(name: str, schema: Object, form: Form) -> Object:
    """v3 puts a reference beside a description in allOf, where it may have siblings."""
    reference: Object = {"$ref": f"{form.prefix}{name}"}
    if form.three and len(schema) > 1:
        return {"allOf": [reference]}
    return reference
