"""Request bodies to objects: strict JSON, and YAML as Kubernetes reads it.

Strict: no NaN or Infinity, no lone surrogates, valid UTF-8, bounded nesting. Duplicate keys are
reported, not refused: what to do about them is fieldValidation's business.
Must not know schemas.
"""

import json
import re
from typing import Any

import orjson

from cluster.api.status import bad_request, unsupported_media_type
from cluster.api.types import Object
from cluster.api.yamlio import decode_yaml
from cluster.limits import NESTING_MAX

JSON_TYPES = ("application/json", "")
_BODY_TYPES = ("application/json", "application/yaml", "application/vnd.kubernetes.protobuf")
YAML_TYPES = (
    "application/yaml",
    "text/yaml",
    "application/x-yaml",
    "application/apply-patch+yaml",
)

_YAML_ERRORS = "yaml: unmarshal errors:"
_SPACED_COLON = re.compile(rb'"\s+:')


def decode_object(body: bytes, content_type: str) -> tuple[Object, tuple[str, ...]]:
    """The object, and texts for what a strict decoder minds of keys that came twice (the last one
    won): ``duplicate field "spec.replicas"``; one for all of them of what comes as YAML.

    Raises StatusError 400 for what cannot be read, 415 for another type of body.
    """
    media = content_type.partition(";")[0].strip().lower()
    # JSON is YAML, and most of what comes as YAML (kubectl apply --server-side) is JSON.
    if media in YAML_TYPES and not _is_json(body):
        try:
            value, lines = decode_yaml(body)
        except ValueError as error:
            raise bad_request(f"error converting YAML to JSON: {error}") from error
        twice = _in_yaml(lines)
    elif media in JSON_TYPES or media in YAML_TYPES:
        value = decode_json(body)
        twice = tuple(f'duplicate field "{path}"' for path in duplicate_paths(body, value))
        if twice and media in YAML_TYPES:
            twice = _read_as_yaml(body) or twice
    else:
        raise unsupported_media_type(_BODY_TYPES)
    if not isinstance(value, dict):
        told = f"json: cannot unmarshal {json_type(value)} into Go value of type"
        if media == YAML_TYPES[-1]:
            why = f"error unmarshaling JSON: while decoding JSON: {told} map[string]interface {{}}"
            raise bad_request(why)
        raise bad_request(f"couldn't get version/kind; json parse error: {told} struct")
    return value, twice


def _in_yaml(lines: tuple[str, ...]) -> tuple[str, ...]:
    return ("\n  ".join((_YAML_ERRORS, *lines)),) if lines else ()


def _read_as_yaml(body: bytes) -> tuple[str, ...]:
    try:
        return _in_yaml(decode_yaml(body)[1])
    except ValueError:
        return ()


def strict_findings(unknown: list[str], twice: tuple[str, ...]) -> list[str]:
    """All that a strict decoder minds, in its order. YAML is read before its fields are known."""
    of_yaml = bool(twice) and twice[0].startswith(_YAML_ERRORS)
    return [*twice, *unknown] if of_yaml else [*unknown, *twice]


def warnings_of(findings: list[str]) -> list[str]:
    """The same for who is only warned of it: one for each key."""
    found: list[str] = []
    for text in findings:
        lines = text.split("\n") if text.startswith(_YAML_ERRORS) else ["", text]
        found.extend(line.strip() for line in lines[1:])
    return found


def _is_json(body: bytes) -> bool:
    if not body.lstrip().startswith(b"{"):
        return False
    try:
        orjson.loads(body)
    except ValueError:
        return False
    return True


def decode_json(body: bytes) -> Any:
    """Any strict JSON value. Raises StatusError 400."""
    try:
        value = orjson.loads(body)
    except ValueError as error:
        raise bad_request(f"the object provided is unrecognized: json parse error: {error}") from (
            error
        )
    if body.count(b"{") + body.count(b"[") > NESTING_MAX and too_deep(value, NESTING_MAX):
        raise bad_request(f"exceeded max depth: the body nests deeper than {NESTING_MAX}")
    return value


def too_deep(value: Any, limit: int) -> bool:
    """True if a value holds more than ``limit`` containers inside one another."""
    if isinstance(value, dict):
        inside: Any = value.values()
    elif isinstance(value, list):
        inside = value
    else:
        return False
    if limit == 0:
        return True
    return any(too_deep(item, limit - 1) for item in inside if type(item) in (dict, list))


def duplicate_paths(body: bytes, value: Any) -> tuple[str, ...]:
    """Paths of keys that come more than once in one object of the JSON text of ``value``.

    A text without ``\\u`` escapes and without space before colons has as many ``":`` as its
    re-encoding, unless a key was dropped as a duplicate; only then is it read again, slowly.
    """
    simple = b"\\u" not in body and not _SPACED_COLON.search(body)
    if simple and body.count(b'":') == orjson.dumps(value).count(b'":'):
        return ()
    found: list[str] = []
    _collect(json.loads(body, object_pairs_hook=_Pairs), "", found)
    return tuple(found)


class _Pairs(dict[str, Any]):
    """A JSON object that remembers which keys came again."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.again: list[str] = []
        if len(self) != len(pairs):
            seen = set()
            for key, _ in pairs:
                if key in seen and key not in self.again:
                    self.again.append(key)
                seen.add(key)


def _collect(value: Any, path: str, found: list[str]) -> None:
    if isinstance(value, _Pairs):
        found.extend(child_path(path, key) for key in value.again)
        for key, item in value.items():
            _collect(item, child_path(path, key), found)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _collect(item, f"{path}[{position}]", found)


def child_path(path: str, key: str) -> str:
    """``("spec", "replicas")`` → ``"spec.replicas"``."""
    return f"{path}.{key}" if path else key


def json_type(value: Any) -> str:
    """What Go's decoder calls the type of a JSON value."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list):
        return "array"
    return "null" if value is None else "object"
