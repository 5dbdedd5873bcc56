"""How large values of a schema may be at most: by its bounds, else by what fits into a request.

Source: "Extend the Kubernetes API with CustomResourceDefinitions", Validation rules, "Resource use
by validation functions". Must not know rules.
"""

from cluster.api.custom.rule_types import escaped
from cluster.api.types import Object
from cluster.cel.estimates import Extent

REQUEST_BYTES = 3 * 1024 * 1024
# What the texts of a format take at most, with their quotes, and at least.
_FORMATS = {"date": 12, "date-time": 32, "duration": 32}
_LEAST_TEXT = {"date": 12, "date-time": 21, "duration": 3}
# JSON of other values at least: two brackets, "true", a digit.
_LEAST = {"array": 2, "object": 2, "boolean": 4, "integer": 1, "number": 1}
# maxLength counts characters, which may be of so many bytes each.
CHARACTER_BYTES = 4
NAME_MAX = 253


def extent_of(schema: Object, root: bool = False) -> Extent:
    """Of one place's value. ``root``: it is a whole object."""
    if schema.get("x-kubernetes-int-or-string"):
        return Extent(_text_size({"maxLength": schema.get("maxLength")}))
    match schema.get("type"):
        case "string":
            return Extent(_text_size(schema))
        case "array":
            items = schema.get("items")
            item = extent_of(items) if isinstance(items, dict) else Extent()
            return Extent(_bounded(schema.get("maxItems"), _fitting(items, 1)), item)
        case "object":
            return _object_extent(schema, root)
    return Extent()


def times_below(schema: Object) -> int | None:
    """How many items of a list, or values of a map, a place has at most; None for no bound."""
    kind = schema.get("type")
    if kind == "array":
        return _bound(schema.get("maxItems"))
    if kind == "object" and schema.get("additionalProperties") is not None:
        return _bound(schema.get("maxProperties"))
    return 1


def times_at_most(schema: Object) -> int:
    """How many such values fit into a request, if nothing else bounds them."""
    return REQUEST_BYTES // (_least(schema) + 1)


def _bound(given: object) -> int | None:
    return max(given, 0) if isinstance(given, int) else None


def _object_extent(schema: Object, root: bool) -> Extent:
    free = schema.get("additionalProperties")
    if isinstance(free, dict):
        size = _bounded(schema.get("maxProperties"), _fitting(free, 6))
        # As Kubernetes does it: keys, which nothing bounds, are taken for short.
        return Extent(size, extent_of(free), Extent(0))
    fields = {}
    for name, part in (schema.get("properties") or {}).items():
        fields[escaped(name)] = fields[name] = extent_of(part)
    if root or schema.get("x-kubernetes-embedded-resource"):
        known = fields.get("metadata", Extent()).fields
        names = {
            name: Extent(min(known.get(name, Extent(REQUEST_BYTES)).size, most * CHARACTER_BYTES))
            for name, most in (("name", NAME_MAX), ("generateName", NAME_MAX - 1))
        }
        fields["metadata"] = Extent(len(names), fields={**known, **names})
    return Extent(max(len(fields), 1), fields=fields)


def _text_size(schema: Object) -> int:
    form, longest = schema.get("format") or "", _bound(schema.get("maxLength"))
    if form in _FORMATS:
        return _FORMATS[form]
    if longest is not None:
        return longest if form == "byte" else longest * CHARACTER_BYTES
    texts = [item for item in schema.get("enum") or () if isinstance(item, str)]
    return max(map(len, texts)) if texts else REQUEST_BYTES - 2


def _bounded(given: object, otherwise: int) -> int:
    bound = _bound(given)
    return otherwise if bound is None else bound


def _fitting(item: object, around: int) -> int:
    """How many such items fit into a request."""
    return (REQUEST_BYTES - 2) // (_least(item) + around)


def _least(schema: object) -> int:
    """The shortest JSON of a value."""
    if not isinstance(schema, dict) or schema.get("x-kubernetes-int-or-string"):
        return 1
    kind = schema.get("type")
    if kind == "string":
        return _LEAST_TEXT.get(schema.get("format") or "", 2)
    if kind == "object" and not isinstance(schema.get("additionalProperties"), dict):
        properties = schema.get("properties") or {}
        needed = (name for name in schema.get("required") or () if name in properties)
        return 2 + sum(
            len(name) + 4 + _least(properties[name])
            for name in needed
            if properties[name].get("default") is None
        )
    return _LEAST.get(kind or "", 1)
