"""What a mutation makes of an object: a configuration laid over it, or a JSON patch.

Source: docs "Mutating Admission Policy", ApplyConfiguration, JSONPatch. Must not know: expressions.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from cluster.api.ownership_values import merge, walks_list, walks_map
from cluster.api.patches import copy_json, json_patch
from cluster.api.policies.evaluation import Failed
from cluster.api.schema_node import SchemaNode
from cluster.api.types import Object
from cluster.cel.times import duration_text, timestamp_text
from cluster.cel.values import BoolKey, Duration, Timestamp, is_list
from cluster.errors import StatusError
from cluster.limits import JSON_PATCH_OPERATIONS_MAX


def laid_over(obj: Object, config: Object, schema: SchemaNode | None) -> Object:
    """``config`` merged into ``obj``, as by server-side apply; nobody comes to own anything. Raises
    Failed if it would replace what is one value with several parts."""
    whole = ", ".join(_atomics(config, schema, ""))
    if whole:
        raise Failed(
            "error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps "
            f"or structs: {whole}"
        )
    merged: Object = copy_json(merge(obj, config, schema))
    return merged


def _atomics(value: Any, schema: SchemaNode | None, path: str) -> Iterator[str]:
    """Paths of lists and maps that are replaced as a whole."""
    if isinstance(value, dict):
        if not walks_map(value, schema):
            yield path
        for name, item in value.items():
            child = schema.child(name) if schema is not None else None
            yield from _atomics(item, child, f"{path}.{name}")
    elif isinstance(value, list):
        if not walks_list(value, schema):
            yield path
        for position, item in enumerate(value):
            inner = schema.items if schema is not None else None
            yield from _atomics(item, inner, f"{path}[{position}]")


def patched(obj: Object, operations: list[Any]) -> Object:
    """The object patched; as it is if a test in the patch does not hold. Raises Failed."""
    if len(operations) > JSON_PATCH_OPERATIONS_MAX:
        raise Failed(f"JSONPath: a patch has at most {JSON_PATCH_OPERATIONS_MAX} operations")
    result = obj
    for operation in operations:
        try:
            result = json_patch(result, [operation])
        except StatusError as error:
            if operation.get("op") == "test":
                return obj
            raise Failed(f"JSONPath: {error}") from error
    return result


def json_of(value: Any) -> Any:
    """A value of an expression as JSON. Raises Failed for what has none."""
    kind = type(value)
    if value is None or kind in (str, bool, float):
        return value
    if isinstance(value, int):
        return int(value)
    if kind is bytes:
        return value.decode("utf-8", "replace")
    if kind is dict:
        return {_key(key): json_of(item) for key, item in value.items()}
    if is_list(value):
        return [json_of(item) for item in value]
    if isinstance(value, Timestamp):
        return timestamp_text(value)
    if isinstance(value, Duration):
        return duration_text(value)
    name = getattr(value, "type_name", kind.__name__)
    raise Failed(
        f"JSONPath valueExpression evaluated to a type that could not marshal to JSON: {name}"
    )


def _key(key: Any) -> str:
    if isinstance(key, BoolKey):
        return orjson.dumps(key.value).decode()
    return key if isinstance(key, str) else str(key)
