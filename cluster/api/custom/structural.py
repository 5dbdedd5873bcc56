"""Structural schemas of custom resources, compiled once per version to a tree of nodes.

Job: from ``openAPIV3Schema`` to what pruning, defaulting, validation, patches and field ownership
ask of a place. Knows JSON schema as Kubernetes takes it ("Extend the Kubernetes API with
CustomResourceDefinitions", Specifying a structural schema). Must not know objects, nor whether a
schema is right: ``structure_rules`` checks that before anything is compiled.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from cluster.api.custom.patterns import Pattern, compile_pattern
from cluster.api.schema_node import SchemaNode
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.cel.costs import Budget


class Absent:
    """The type of ``ABSENT``: no value at all, where null is one."""


ABSENT: Final = Absent()


class Refusal(NamedTuple):
    """What a rule found wrong. ``mends``: an update that leaves its place alone may pass; ``ends``:
    no more rules may be asked."""

    cause: Cause
    mends: bool = False
    ends: bool = False


# The rules of a place beyond JSON schema: (value, old value or ABSENT, path, what all rules of the
# object may still cost).
Judge = Callable[[Any, Any, str, Budget], Iterable[Refusal]]
# From a place's raw schema, whether it is the root, to its rules (x-kubernetes-validations).
MakeRules = Callable[[Object, bool], Judge | None]

IDENTITY = ("apiVersion", "kind", "metadata")
_TEXT: Object = {"type": "string"}


def no_rules(schema: Object, root: bool) -> Judge | None:
    """For schemas whose rules are not wanted here."""
    return None


class Structural:
    """One place. Implements ``SchemaNode``.

    ``type`` '' is any. ``preserve``: fields that are not named stay. ``resource``: it holds a whole
    object (the root does, and x-kubernetes-embedded-resource). ``properties``: named fields;
    ``additional``: of values under free keys, True for any value. ``default``: ABSENT for none.
    ``schema``: the raw schema, for bounds. ``judge``: its rules. ``ruled``, ``keyed``, ``holds``:
    there are rules, lists without duplicates, or whole objects, here or below.
    """

    __slots__ = (
        "additional",
        "all_of",
        "any_of",
        "default",
        "enum",
        "holds",
        "int_or_string",
        "items",
        "judge",
        "keyed",
        "list_map_keys",
        "list_type",
        "map_type",
        "meta",
        "none_of",
        "nullable",
        "one_of",
        "pattern",
        "preserve",
        "properties",
        "required",
        "resource",
        "ruled",
        "schema",
        "type",
    )

    def __init__(
        self,
        schema: Object,
        meta: SchemaNode | None = None,
        make_rules: MakeRules = no_rules,
        *,
        root: bool = False,
        nested: bool = False,
    ) -> None:
        """``meta``: the schema of ObjectMeta. ``nested``: inside anyOf and its like, where the
        schema only says what values may be."""

        def compile_(part: Object) -> Structural:
            return Structural(part, meta, make_rules, nested=nested)

        def logic(name: str) -> tuple[Structural, ...]:
            parts = schema.get(name) or ()
            return tuple(Structural(part, meta, make_rules, nested=True) for part in parts)

        self.schema = schema
        self.meta = meta
        self.type: str = schema.get("type") or ""
        self.nullable = bool(schema.get("nullable"))
        self.preserve = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
        self.int_or_string = bool(schema.get("x-kubernetes-int-or-string"))
        self.resource = root or bool(schema.get("x-kubernetes-embedded-resource"))
        self.default: Any = schema.get("default", ABSENT)
        self.enum: list[Any] | None = schema.get("enum") or None
        self.required: tuple[str, ...] = tuple(schema.get("required") or ())
        self.pattern: Pattern | None = compile_pattern(schema.get("pattern"))
        self.list_type: str = schema.get("x-kubernetes-list-type") or ""
        self.list_map_keys: tuple[str, ...] = tuple(schema.get("x-kubernetes-list-map-keys") or ())
        self.map_type: str = schema.get("x-kubernetes-map-type") or ""
        self.properties: Mapping[str, Structural] = {
            name: compile_(part) for name, part in (schema.get("properties") or {}).items()
        }
        free, items = schema.get("additionalProperties"), schema.get("items")
        self.additional: Structural | bool = (
            compile_(free) if isinstance(free, dict) else bool(free)
        )
        self.items: Structural | None = compile_(items) if isinstance(items, dict) else None
        self.all_of, self.any_of, self.one_of = logic("allOf"), logic("anyOf"), logic("oneOf")
        absent = schema.get("not")
        self.none_of = (
            Structural(absent, meta, make_rules, nested=True) if isinstance(absent, dict) else None
        )
        self.judge: Judge | None = None if nested else make_rules(schema, root)
        below = [part for part in (*self.properties.values(), self.free(), self.items) if part]
        self.ruled: bool = self.judge is not None or any(part.ruled for part in below)
        self.keyed: bool = self.list_type in ("set", "map") or any(part.keyed for part in below)
        self.holds: bool = self.resource or any(part.holds for part in below)

    @property
    def patch_strategy(self) -> str:
        """Custom resources know no strategic merge."""
        return ""

    @property
    def patch_merge_key(self) -> str:
        """Custom resources know no strategic merge."""
        return ""

    def child(self, name: str) -> SchemaNode | None:
        """The schema of a field, or of any value under a free key; None if unknown."""
        if self.resource and name in IDENTITY:
            return self.meta if name == "metadata" else _LEAF
        return self.properties.get(name) or self.free()

    def free(self) -> "Structural | None":
        """The schema of values under free keys, if there is one."""
        return self.additional if isinstance(self.additional, Structural) else None

    def inside(self, value: Any, path: str) -> Iterator["tuple[Structural, Any, str]"]:
        """What a value holds that has a schema: that schema, the part, its path."""
        if isinstance(value, list):
            if self.items is not None:
                for position, item in enumerate(value):
                    yield self.items, item, f"{path}[{position}]"
        elif isinstance(value, dict):
            free = self.free()
            for name, item in value.items():
                if name in self.properties:
                    yield self.properties[name], item, f"{path}.{name}" if path else name
                elif free is not None:
                    yield free, item, f"{path}[{name}]"

    def has_field(self, name: str) -> bool:
        """True if ``name`` is a named field (not a free key of a map)."""
        return name in self.properties or (self.resource and name in IDENTITY)

    def key_default(self, name: str) -> Any:
        """What a list item that lacks the key ``name`` has there; None for nothing."""
        part = self.items.properties.get(name) if self.items is not None else None
        return None if part is None or part.default is ABSENT else part.default


_LEAF = Structural(_TEXT)
