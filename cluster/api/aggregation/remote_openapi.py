"""What another API server says of itself in OpenAPI v2, as our document tells it on. Pure.

Job: of such a document the paths of one group and version, and the schemas that they lead to, with
no more than ``openapi_protobuf`` can say. What such a server answers is not believed: what does not
have the form is left out, or refused. Source: OpenAPI Specification 2.0.
Must not know: how it was asked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from cluster.api.jsonio import too_deep
from cluster.api.types import Object
from cluster.limits import NESTING_MAX

# What a field may be: gives its value as it is told on, None to leave it out.
Keep = Callable[[Any], Any]
_REF = "#/definitions/"
_PARAMETER_REF = "#/parameters/"
_MAXIMUM_COUNT = 2**63 - 1


def part_of(document: Any, group: str, version: str) -> Object:
    """``paths`` and ``definitions`` of one group and version. Raises ValueError for what is no
    OpenAPI v2 document."""
    if not isinstance(document, dict) or document.get("swagger") != "2.0":
        raise ValueError("no OpenAPI v2 document")
    if too_deep(document, NESTING_MAX):
        raise ValueError(f"the document nests deeper than {NESTING_MAX}")
    base = f"/apis/{group}/{version}/"
    shared = _mapping(document.get("parameters"))
    paths = {
        path: _fields(_PATH_ITEM, _with_parameters(item, shared))
        for path, item in _mapping(document.get("paths")).items()
        if f"{path}/".startswith(base) and isinstance(item, dict)
    }
    return {"paths": paths, "definitions": _definitions(document, paths)}


def merged(own: Object, parts: Iterable[Object]) -> Object:
    """What ``parts`` add to our document: nothing that is ours, and of two that tell the same name
    the first."""
    found: Object = {"paths": {}, "definitions": {}}
    for part in parts:
        for name, known in found.items():
            for key, value in part[name].items():
                if key not in own[name]:
                    known.setdefault(key, value)
    return found


def _definitions(document: Object, paths: Object) -> Object:
    """The schemas that the paths lead to."""
    given = _mapping(document.get("definitions"))
    found: Object = {}
    waiting = list(_references(paths))
    while waiting:
        name = waiting.pop()
        if name in found or not isinstance(given.get(name), dict):
            continue
        found[name] = _fields(_SCHEMA, given[name])
        waiting.extend(_references(found[name]))
    return {name: found[name] for name in sorted(found)}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "$ref" and isinstance(item, str):
                yield item.removeprefix(_REF)
            else:
                yield from _references(item)


def _with_parameters(item: Object, shared: Object) -> Object:
    """The path with the parameters that it and its operations share with others in their places."""

    def resolved(holder: Object) -> Object:
        given = holder.get("parameters")
        if not isinstance(given, list):
            return holder
        found = [_parameter_of(one, shared) for one in given]
        return {**holder, "parameters": [one for one in found if one is not None]}

    whole = resolved(item)
    return {
        name: resolved(part) if name in _METHODS and isinstance(part, dict) else part
        for name, part in whole.items()
    }


def _parameter_of(given: Any, shared: Object) -> Any:
    if isinstance(given, dict) and isinstance(given.get("$ref"), str):
        return shared.get(given["$ref"].removeprefix(_PARAMETER_REF))
    return given


def _mapping(value: Any) -> Object:
    return value if isinstance(value, dict) else {}


def _fields(shape: Mapping[str, Keep], given: Object) -> Object:
    found: Object = {}
    for name, value in given.items():
        kept = value if name.startswith("x-") else shape[name](value) if name in shape else None
        if kept is not None:
            found[name] = kept
    return found


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else None


def _flag(value: Any) -> Any:
    return value if isinstance(value, bool) else None


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _count(value: Any) -> Any:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= _MAXIMUM_COUNT else None


def _anything(value: Any) -> Any:
    return value


def _texts(value: Any) -> Any:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else None


def _list(value: Any) -> Any:
    return value if isinstance(value, list) else None


def _reference(value: Any) -> Any:
    return value if isinstance(value, str) and value.startswith(_REF) else None


def _of(shape: Callable[[], Mapping[str, Keep]]) -> Keep:
    return lambda value: _fields(shape(), value) if isinstance(value, dict) else None


def _named(keep: Keep) -> Keep:
    def kept(value: Any) -> Any:
        if not isinstance(value, dict):
            return None
        found = {name: keep(item) for name, item in value.items()}
        return {name: item for name, item in found.items() if item is not None}

    return kept


def _additional(value: Any) -> Any:
    return value if isinstance(value, bool) else _schema(value)


def _parameters(value: Any) -> Any:
    if not isinstance(value, list):
        return None
    return [
        _fields(_PARAMETERS[one["in"]], one)
        for one in value
        if isinstance(one, dict) and one.get("in") in ("body", "path", "query")
    ]


_schema = _of(lambda: _SCHEMA)
_operation = _of(lambda: _OPERATION)
_SCHEMA: Mapping[str, Keep] = {
    "$ref": _reference, "format": _text, "title": _text, "description": _text,
    "default": _anything, "multipleOf": _number, "maximum": _number,
    "exclusiveMaximum": _flag, "minimum": _number, "exclusiveMinimum": _flag,
    "maxLength": _count, "minLength": _count, "pattern": _text, "maxItems": _count,
    "minItems": _count, "maxProperties": _count, "minProperties": _count, "required": _texts,
    "enum": _list, "additionalProperties": _additional, "type": _text, "items": _schema,
    "properties": _named(_schema), "example": _anything,
}  # fmt: skip
_SIMPLE: Mapping[str, Keep] = {
    "required": _flag, "in": _text, "description": _text, "name": _text, "type": _text,
    "format": _text,
}  # fmt: skip
_PARAMETERS: Mapping[str, Mapping[str, Keep]] = {
    "body": {
        "description": _text, "name": _text, "in": _text, "required": _flag, "schema": _schema,
    },
    "path": _SIMPLE,
    "query": _SIMPLE,
}  # fmt: skip
_RESPONSE: Mapping[str, Keep] = {"description": _text, "schema": _schema}
_OPERATION: Mapping[str, Keep] = {
    "tags": _texts, "summary": _text, "description": _text, "operationId": _text,
    "produces": _texts, "consumes": _texts, "parameters": _parameters,
    "responses": _named(_of(lambda: _RESPONSE)), "deprecated": _flag,
}  # fmt: skip
_METHODS = ("get", "put", "post", "delete", "patch")
_PATH_ITEM: Mapping[str, Keep] = {
    **dict.fromkeys(_METHODS, _operation), "parameters": _parameters,
}  # fmt: skip
