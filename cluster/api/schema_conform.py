"""Hold an object to a compiled schema, in place and in one walk.

As Go's decoder and encoder: null is as if absent, and so is an empty list or map that need not be
there, and a zero or an empty text that its type cannot tell from none; unknown fields are dropped
(and reported), a wrong type ends it. Quantities, times and base64 come out in canonical form. Must
not know HTTP or kinds.
Paths are linked pairs, made into text only for a message: nearly all objects are right.
"""

import binascii
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from cluster.api import quantity
from cluster.api.go_text import kind_of
from cluster.api.jsonio import json_type

if TYPE_CHECKING:
    from cluster.api.schema import Node

# (parent, key or position); None at the top.
Path = Union[tuple["Path", str | int], None]  # noqa: UP007  # recursive alias

# Right in any month, so that nearly all times need no calendar.
_SECONDS = re.compile(
    r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z"
)
_STAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:[.,]([0-9]{1,18}))?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)
_EMPTY: dict[str, type] = {"list": list, "map": dict}
# Lists that Go writes though they are empty, and that clients of all kinds read without a look.
_WRITTEN = frozenset(
    {
        ("EndpointSlice", "endpoints"),
        ("Role", "rules"),
        ("ClusterRole", "rules"),
        # Not those of the default, but none, which may not be.
        ("HPAScalingRules", "policies"),
    }
)
_NUMBERS = frozenset({"int32", "int64", "float64"})
_INT32_MAX = 2**31
_INT64_MAX = 2**63
_ZERO: dict[str, Any] = {
    "string": "",
    "bytes": "",
    "bool": False,
    "int32": 0,
    "int64": 0,
    "number": 0,
    "int-or-string": 0,
    "quantity": "0",
}


class WrongType(ValueError):
    """A value of a type that cannot stand there. ``path`` as ``spec.containers[0].name``.

    Its text is the decoder's. ``converted``: that of the converter, which kube-apiserver reads
    strategic merge patches with.
    """

    def __init__(self, text: str, path: str, converted: str = "") -> None:
        super().__init__(text)
        self.path = path
        self.converted = converted or text


class Blank(NamedTuple):
    """A field that said nothing, and is gone: null, false, or a number, list, map or text."""

    owner: dict[str, Any]
    field: str
    value: Any


class _Walk(NamedTuple):
    """What a walk finds: paths of unknown fields, and ``blanks`` if somebody asks for them."""

    unknown: list[str]
    blanks: list[Blank] | None


def conform(node: "Node", obj: Any, blanks: list[Blank] | None = None) -> list[str]:
    """Paths of unknown fields, which are dropped. Raises WrongType for the first wrong value.

    ``blanks``: fields that said nothing are added to it, see ``put_back``.
    """
    walk = _Walk([], blanks)
    if type(obj) is not dict:
        raise _mistake(node, node, obj, None)
    if node.shape == "struct":
        _struct(node, obj, None, walk)
    else:
        _value(node, node, obj, None, walk)
    return walk.unknown


def put_back(blanks: list[Blank]) -> None:
    """The fields are there again, but where something has taken their place since."""
    for owner, field, value in blanks:
        owner.setdefault(field, value)


class _MapKey(str):
    """A key of a map in a path, where a plain string is a field."""

    __slots__ = ()


def path_text(path: Path) -> str:
    """``((((None, "spec"), "containers"), 0), "name")`` → ``spec.containers[0].name``."""
    parts: list[str] = []
    while path is not None:
        path, key = path
        parts.append(f"[{key}]" if isinstance(key, int) else f".{key}")
    return "".join(reversed(parts)).removeprefix(".")


def _struct(node: "Node", obj: dict[str, Any], path: Path, walk: _Walk) -> None:
    fields = node.fields
    if fields is None:
        fields = node.struct_fields()
    gone: list[str] = []
    for key, value in obj.items():
        child = fields.get(key)
        if child is None:
            gone.append(key)
            walk.unknown.append(path_text((path, key)))
        elif value is None:
            gone.append(key)
        elif type(value) is child.exact:
            if not value and key in node.zero:
                gone.append(key)
        elif child.shape == "struct" and type(value) is dict:
            _struct(child, value, (path, key), walk)
        elif not value and _EMPTY.get(child.shape) is type(value) and _may_miss(node, key):
            gone.append(key)
        else:
            changed = _value(node, child, value, (path, key), walk)
            if not changed and (
                key in node.zero or (child.shape == "bytes" and _may_miss(node, key))
            ):
                gone.append(key)
            elif changed is not value:
                obj[key] = changed
    for key in gone:
        value = obj.pop(key)
        if walk.blanks is not None and key in fields:
            walk.blanks.append(Blank(obj, key, value))


def _may_miss(node: "Node", key: str) -> bool:
    return key not in node.required and (node.name, key) not in _WRITTEN


def _value(owner: "Node", node: "Node", value: Any, path: Path, walk: _Walk) -> Any:
    """The value in canonical form (the same object if it was). Not for None."""
    shape = node.shape
    kind = type(value)
    if shape == "list" and kind is list:
        _list(owner, node, value, path, walk)
        return value
    if shape == "map" and kind is dict:
        _map(owner, node, value, path, walk)
        return value
    if shape == "struct" and kind is dict:
        _struct(node, value, path, walk)
        return value
    if kind is int and _fits(shape, value):
        return value
    if kind is str:
        changed = _text(shape, value, path)
        if changed is not None:
            return changed
    if shape == "bytes" and kind is list:
        return _octets(owner, value, path)
    if shape == "quantity" and kind in (int, float):
        return _quantity(repr(value), path)
    if node.inner is not None:
        _one_of_several(node, node.inner, value, path, walk)
    if shape == "any" or (shape == "object" and kind is dict):
        return value
    if kind is node.exact or (shape == "number" and kind is float):
        return value
    raise _mistake(owner, node, value, path)


def _one_of_several(node: "Node", inner: "Node", value: Any, path: Path, walk: _Walk) -> None:
    """A schema, or what may stand in its place: truth for the one type, a list of schemas (or
    anything, that then says nothing) for the other."""
    if type(value) is dict:
        _struct(inner, value, path, walk)
    elif node.name.endswith("OrBool"):
        if type(value) is not bool:
            raise WrongType("boolean or JSON schema expected", path_text(path))
    elif type(value) is list:
        for position, item in enumerate(value):
            if item is not None and type(item) is not dict:
                raise _mistake(inner, inner, item, path)
            if item is not None:
                _struct(inner, item, (path, position), walk)


def _list(owner: "Node", node: "Node", values: list[Any], path: Path, walk: _Walk) -> None:
    items = node.items
    assert items is not None
    exact, struct = items.exact, items.shape == "struct"
    for position, value in enumerate(values):
        if type(value) is exact and exact is not None:
            continue
        if struct and type(value) is dict:
            _struct(items, value, (path, position), walk)
        elif value is None:
            values[position] = _zero(items)
        else:
            values[position] = _value(owner, items, value, (path, position), walk)


def _map(owner: "Node", node: "Node", obj: dict[str, Any], path: Path, walk: _Walk) -> None:
    values = node.values
    assert values is not None
    exact = values.exact
    for key, value in obj.items():
        if type(value) is exact and exact is not None:
            continue
        if value is None:
            obj[key] = _zero(values)
        else:
            obj[key] = _value(owner, values, value, (path, _MapKey(key)), walk)


def _zero(node: "Node") -> Any:
    """What Go makes of a null inside a list or a map: the type's zero value."""
    if node.shape in _ZERO:
        return _ZERO[node.shape]
    return [] if node.shape == "list" else {}


def _fits(shape: str, value: int) -> bool:
    if shape in ("int32", "int-or-string"):
        return -_INT32_MAX <= value < _INT32_MAX
    if shape == "int64":
        return -_INT64_MAX <= value < _INT64_MAX
    return shape == "number"


def _text(shape: str, value: str, path: Path) -> str | None:
    """A string's canonical form; None if no string can stand there."""
    if shape in ("string", "int-or-string"):
        return value
    if shape == "quantity":
        return _quantity(value, path)
    if shape == "time":
        return value if _SECONDS.fullmatch(value) else _time(value, path, micro=False)
    if shape == "microtime":
        return _time(value, path, micro=True)
    return _base64(value, path) if shape == "bytes" else None


def _quantity(value: str, path: Path) -> str:
    try:
        return quantity.canonical(value.strip())
    except quantity.QuantityError as error:
        raise WrongType(str(error), path_text(path)) from error


def _time(value: str, path: Path, micro: bool) -> str:
    """RFC 3339 to UTC, in seconds (Time) or microseconds (MicroTime)."""
    layout = "2006-01-02T15:04:05.000000Z07:00" if micro else "2006-01-02T15:04:05Z07:00"
    match = _STAMP.fullmatch(value)
    try:
        if match is None:
            raise ValueError("it has another form")
        zone = "+00:00" if match[3] == "Z" else match[3]
        moment = datetime.fromisoformat(match[1] + zone).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        text = f'parsing time "{value}" as "{layout}": cannot parse "{value}"'
        raise WrongType(text, path_text(path)) from error
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return f"{text}.{(match[2] or '').ljust(6, '0')[:6]}Z" if micro else f"{text}Z"


def _base64(value: str, path: Path) -> str:
    plain = value.replace("\n", "").replace("\r", "") if "\n" in value or "\r" in value else value
    try:
        binascii.a2b_base64(plain.encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        text = f"illegal base64 data in {path_text(path)}: {error}"
        raise WrongType(text, path_text(path)) from error
    return plain


def _octets(owner: "Node", values: list[Any], path: Path) -> str:
    """Bytes may be told one by one too: the decoder takes a list of numbers."""
    for value in values:
        if value is not None and not (type(value) is int and 0 <= value < 256):
            shown = f"number {value}" if type(value) in (int, float) else json_type(value)
            place = f"struct field {owner.name or 'value'}.{_fields(path)}"
            text = f"json: cannot unmarshal {shown} into Go {place} of type uint8"
            raise WrongType(text, path_text(path))
    return binascii.b2a_base64(bytes(value or 0 for value in values), newline=False).decode()


def _mistake(owner: "Node", node: "Node", value: Any, path: Path) -> WrongType:
    """``json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type
    int32``: the words people search for."""
    shown = json_type(value)
    if shown == "number" and node.shape in ("int32", "int64"):
        # Go tells the number only where another one would do; elsewhere it may be a secret.
        shown = f"number {value}"
    where = path_text(path)
    place = f"struct field {owner.name or 'value'}.{_fields(path)}" if where else "value"
    text = f"json: cannot unmarshal {shown} into Go {place} of type {_go(node)}"
    return WrongType(text, where, unconvertible(node.shape, value))


def unconvertible(shape: str, value: Any) -> str:
    """The converter's words for a value that is none of the shape."""
    kind = kind_of(value)
    match shape:
        case "struct":
            return f"cannot restore struct from: {kind}"
        case "map" | "object":
            return f"cannot restore map from {kind}"
        case "list" | "bytes":
            return f"cannot restore slice from {kind}"
        case "quantity":
            return quantity.MALFORMED
        case "int-or-string" | "time" | "microtime":
            # These read JSON by themselves.
            inner = "int32" if shape == "int-or-string" else "string"
            return f"json: cannot unmarshal {json_type(value)} into Go value of type {inner}"
    wanted = "float64" if shape == "number" else shape
    if (kind, wanted) == ("int64", "string") or (kind in _NUMBERS and wanted in _NUMBERS):
        return f"cannot convert {kind} to {wanted}"
    return f"unrecognized type: {wanted}"


def _fields(path: Path) -> str:
    """The fields alone: Go tells neither which item of a list nor which key of a map it was."""
    names: list[str] = []
    while path is not None:
        path, key = path
        if type(key) is str:
            names.append(key)
    return ".".join(reversed(names))


def _go(node: "Node") -> str:
    """The Go type, as near as a schema tells."""
    if node.shape == "list" and node.items is not None:
        return f"[]{_go(node.items)}"
    if node.shape == "map" and node.values is not None:
        return f"map[string]{_go(node.values)}"
    if node.name:
        return ".".join(node.definition.split(".")[-2:])
    return {"number": "float64", "bytes": "[]uint8"}.get(node.shape, node.shape)
