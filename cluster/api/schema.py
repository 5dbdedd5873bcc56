"""The published API schemas, compiled on demand to small nodes.

Job: say for each place of an object what may stand there (``node``), and hold objects to it
(``conform``). Knows the form of the definitions file (kubernetes-validate's ``_definitions.json``).
Must not open it: ``actors/apiserver/schema_files.py`` reads the bytes. A definition is decoded when
it is asked for and compiled field by field: a megabyte of bytes is kept, not the several that it
takes as objects.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec
import orjson

from cluster.api import schema_conform
from cluster.api.jsonio import strict_findings, warnings_of
from cluster.api.kind import Kind
from cluster.api.schema_node import SchemaNode
from cluster.api.status import Cause, bad_request
from cluster.api.types import Object
from cluster.api.validation.ruled import RULED
from cluster.api.zero_fields import zero_fields

Shape = Literal[
    "string", "bool", "int32", "int64", "number", "struct", "map", "list", "any", "object",
    "int-or-string", "quantity", "time", "microtime", "bytes",
]  # fmt: skip
Mode = Literal["Strict", "Warn", "Ignore"]

_META = "io.k8s.apimachinery.pkg."
OBJECT_META = _META + "apis.meta.v1.ObjectMeta"
# Definitions whose JSON form is not what their Go type says.
_SPECIAL: dict[str, Shape] = {
    _META + "api.resource.Quantity": "quantity",
    _META + "util.intstr.IntOrString": "int-or-string",
    _META + "apis.meta.v1.Time": "time",
    _META + "apis.meta.v1.MicroTime": "microtime",
    _META + "apis.meta.v1.FieldsV1": "object",
    _META + "runtime.RawExtension": "any",
}
_JSON_SCHEMA = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps"
# Definitions that are free in JSON form, but hold a known struct if they hold an object.
_OR_OBJECT = {_JSON_SCHEMA + "OrArray": _JSON_SCHEMA, _JSON_SCHEMA + "OrBool": _JSON_SCHEMA}
_REF = "#/$defs/"


class Node:
    """One place in a schema; see ``schema_node.SchemaNode`` for what patches read of it.

    ``name``: the Go type's name, for messages. ``fields``: of a struct, compiled when first asked
    (``struct_fields``). ``exact``: the Python type of a value that needs no further look.
    ``zero``: fields of a struct that are not there if they say nothing. ``inner``: of a free
    value, what it is if it is an object.
    """

    __slots__ = (
        "_definitions",
        "_properties",
        "definition",
        "exact",
        "fields",
        "inner",
        "items",
        "list_map_keys",
        "list_type",
        "map_type",
        "name",
        "patch_merge_key",
        "patch_strategy",
        "required",
        "shape",
        "values",
        "zero",
    )

    def __init__(self, definitions: "Definitions", schema: Object, use: Object, name: str) -> None:
        """``schema``: the type. ``use``: the property that refers to it (may be the same)."""
        self._definitions = definitions
        self.definition = name
        self.name = name.rpartition(".")[2]
        self.shape: Shape = _SPECIAL.get(name) or _shape(schema)
        self.exact: type | None = {"string": str, "bool": bool}.get(self.shape)
        self.fields: dict[str, Node] | None = None
        # Needed once, for the fields.
        self._properties: Object = schema.get("properties", {}) if self.shape == "struct" else {}
        self.required: tuple[str, ...] = tuple(schema.get("required", ()))
        self.zero: frozenset[str] = zero_fields(name)
        self.items: Node | None = None
        self.values: Node | None = None
        other = _OR_OBJECT.get(name)
        self.inner: Node | None = definitions.schema_for(other) if other else None
        self.list_type: str = _extension(schema, use, "list-type")
        self.list_map_keys: tuple[str, ...] = tuple(_extension(schema, use, "list-map-keys"))
        self.map_type: str = _extension(schema, use, "map-type")
        self.patch_strategy: str = _extension(schema, use, "patch-strategy")
        self.patch_merge_key: str = _extension(schema, use, "patch-merge-key")
        if self.shape == "list":
            self.items = definitions.compile(schema["items"])
        elif self.shape == "map":
            self.values = definitions.compile(schema["additionalProperties"])

    def struct_fields(self) -> "dict[str, Node]":
        """The named fields; empty for what is no struct."""
        if self.fields is None:
            compile_ = self._definitions.compile
            self.fields = {name: compile_(schema) for name, schema in self._properties.items()}
            self._properties = {}
        return self.fields

    def key_default(self, name: str) -> Any:
        """What a list item that lacks the key has there: as ports of containers and services."""
        return "TCP" if name == "protocol" else None

    def child(self, name: str) -> "Node | None":
        """The schema of a field, or of any value of a map with free keys; None if unknown."""
        return self.struct_fields().get(name) or self.values

    def has_field(self, name: str) -> bool:
        """True if ``name`` is a named field (not a free key of a map)."""
        return name in self.struct_fields()


class _File(msgspec.Struct):
    defs: dict[str, msgspec.Raw] = msgspec.field(name="$defs")


class Published(Mapping[str, Object]):
    """The definitions by name, each decoded anew when it is asked for. Raises ValueError if
    ``raw`` is not the file."""

    def __init__(self, raw: bytes) -> None:
        try:
            self._defs = msgspec.json.decode(raw, type=_File).defs
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a definitions file: {error}") from error

    def __getitem__(self, name: str) -> Object:
        found: Object = orjson.loads(memoryview(self._defs[name]))
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._defs

    def __iter__(self) -> Iterator[str]:
        return iter(self._defs)

    def __len__(self) -> int:
        return len(self._defs)


class Definitions:
    """All definitions of one Kubernetes version."""

    def __init__(self, raw: bytes) -> None:
        """``raw``: ``_definitions.json``. Raises ValueError if it is not."""
        self.raw: Mapping[str, Object] = Published(raw)
        self._nodes: dict[str, Node] = {}

    def schema_for(self, definition: str) -> Node:
        """The compiled definition, as ``io.k8s.api.apps.v1.Deployment``. Raises KeyError."""
        node = self._nodes.get(definition)
        if node is None:
            schema = self.raw[definition]
            node = self._nodes[definition] = Node(self, schema, schema, definition)
        return node

    def compile(self, schema: Object) -> Node:
        """The node of a place: a definition's own, or one for this place's extensions."""
        reference = schema.get("$ref")
        if reference is None:
            return Node(self, schema, schema, "")
        name = reference.removeprefix(_REF)
        if any(key.startswith("x-kubernetes-") for key in schema):
            return Node(self, self.raw[name], schema, name)
        return self.schema_for(name)

    def conform(
        self,
        kind: Kind,
        obj: Object,
        mode: Mode = "Strict",
        duplicates: tuple[str, ...] = (),
        definition: str = "",
        blanks: list[schema_conform.Blank] | None = None,
    ) -> list[str]:
        """Hold a decoded body to its schema, in place, as kube-apiserver's decoder does.

        Nulls and unknown fields go, quantities and times become canonical. Returns the texts of
        warnings (mode Warn): ``unknown field "spec.foo"``. ``duplicates``: from ``jsonio``.
        ``definition``: of a subresource's own body. ``blanks``: as in ``schema_conform``, of
        built-in kinds. Raises StatusError 400 for a wrong type, and, in mode Strict, for unknown
        or duplicate fields.
        """
        if kind.custom is not None and not definition:
            return kind.custom.conform(obj, mode, duplicates)
        node = self.schema_for(definition or kind.definition)
        try:
            unknown = schema_conform.conform(node, obj, blanks)
        except schema_conform.WrongType as error:
            raise bad_request(f"{_cannot(node)}: {error}") from error
        texts = strict_findings([f'unknown field "{path}"' for path in unknown], duplicates)
        if not texts or mode == "Ignore":
            return []
        if mode == "Strict":
            listed = ", ".join(texts)
            raise bad_request(f"{_cannot(node)}: strict decoding error: {listed}")
        return warnings_of(texts)

    def node_of(self, kind: Kind) -> SchemaNode:
        """The schema of the kind, built in or custom."""
        return kind.custom.schema if kind.custom is not None else self.schema_for(kind.definition)

    def missing(self, definition: str, obj: Object) -> list[Cause]:
        """Required texts and structs that are absent, outside of status.

        kube-apiserver finds these by rules in code; for kinds without rules of their own here
        (``validation.ruled``) the schema's list is the rule. Custom kinds have their own rules.
        """
        found: list[Cause] = []
        if definition in RULED or definition not in self.raw:
            return found
        _missing(self.schema_for(definition), obj, "", found)
        return found


def _cannot(node: Node) -> str:
    version = node.definition.split(".")[-2]
    return f'{node.name} in version "{version}" cannot be handled as a {node.name}'


def _extension(schema: Object, use: Object, name: str) -> Any:
    key = f"x-kubernetes-{name}"
    return use.get(key) or schema.get(key) or ""


def _shape(schema: Object) -> Shape:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0]
    match kind:
        case "string":
            return "bytes" if schema.get("format") == "byte" else "string"
        case "boolean":
            return "bool"
        case "integer":
            return "int32" if schema.get("format") == "int32" else "int64"
        case "number":
            return "number"
        case "array":
            return "list"
        case "object" if "properties" in schema:
            return "struct"
        case "object":
            return "map" if "additionalProperties" in schema else "object"
        case _:
            return "any"


def _missing(node: Node, obj: Object, path: str, found: list[Cause]) -> None:
    fields = node.struct_fields()
    prefix = f"{path}." if path else ""
    for name in node.required:
        needed = name not in obj and name in fields
        if needed and fields[name].shape in ("string", "struct", "int-or-string", "quantity"):
            found.append(Cause(prefix + name, "FieldValueRequired", "Required value"))
    for name, value in obj.items():
        child = fields.get(name)
        if child is None or (not path and name in ("status", "metadata")):
            continue
        if child.shape == "struct":
            _missing(child, value, prefix + name, found)
        elif child.shape == "list" and child.items is not None and child.items.shape == "struct":
            for position, item in enumerate(value):
                _missing(child.items, item, f"{prefix}{name}[{position}]", found)
