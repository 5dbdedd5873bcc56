"""How large values of a schema may be at most: by its bounds, else by what fits into a request.

Source: "Extend the Kubernetes API with CustomResourceDefinitions", Validation rules, "Resource use
by validation functions". Must not know rules.
"""

from cluster.api.custom.rule_types import escaped
from cluster.api.types import Object
from cluster.cel.estimates import Extent

REQUEST_BYTES = 3 * 1024 * 1024
# What the texts of a format take at most.
_FORMATS = {"date": 10, "date-time": 35, "duration": 100}
# JSON of a value at least: two brackets, two quotes, a digit, "true".
_LEAST = {"array": 2, "object": 2, "string": 2, "boolean": 4}


def extent_of(schema: Object) -> Extent:
    """Of one place's value."""
    if schema.get("x-kubernetes-int-or-string"):
        return Extent(_text_size(schema))
    match schema.get("type"):
        case "string":
            return Extent(_text_size(schema))
        case "array":
            items = schema.get("items")
            item = extent_of(items) if isinstance(items, dict) else Extent()
            return Extent(_bounded(schema.get("maxItems"), _fitting(items, 1)), item)
        case "object":
            return _object_extent(schema)
    return Extent()


def repeated(schema: Object) -> int:
    """How many items of a list, or values of a map, there may be."""
    return extent_of(schema).size


def _object_extent(schema: Object) -> Extent:
    free = schema.get("additionalProperties")
    if isinstance(free, dict):
        size = _bounded(schema.get("maxProperties"), _fitting(free, 6))
        return Extent(size, extent_of(free), Extent(REQUEST_BYTES // max(size, 1)))
    fields = {
        escaped(name): extent_of(part) for name, part in (schema.get("properties") or {}).items()
    }
    return Extent(max(len(fields), 1), fields=fields)


def _text_size(schema: Object) -> int:
    if schema.get("enum"):
        return max((len(str(item)) for item in schema["enum"]), default=1)
    return _bounded(
        schema.get("maxLength"), _FORMATS.get(schema.get("format") or "", REQUEST_BYTES - 2)
    )


def _bounded(bound: object, otherwise: int) -> int:
    return min(bound, REQUEST_BYTES) if isinstance(bound, int) else otherwise


def _fitting(item: object, around: int) -> int:
    """How many such items fit into a request."""
    return (REQUEST_BYTES - 2) // (_least(item) + around)


def _least(schema: object) -> int:
    """The shortest JSON of a value."""
    if not isinstance(schema, dict):
        return 1
    if schema.get("type") == "object":
        properties = schema.get("properties") or {}
        needed = (name for name in schema.get("required") or () if name in properties)
        return 2 + sum(len(name) + 3 + _least(properties[name]) for name in needed)
    return _LEAST.get(schema.get("type") or "", 1)
