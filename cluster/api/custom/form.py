"""One served version of a custom resource: its schema and what its definition says of its objects.

Job: what ``Kind.custom`` holds, so that the request chain asks a custom kind what it looks up in
tables for a built-in one. Immutable: a changed definition makes another. Must not know the store.
"""

import hashlib
from functools import cached_property
from typing import Literal

import orjson

from cluster.api import schema_conform
from cluster.api.custom import scale, typed, values, walks
from cluster.api.custom.columns import columns_of
from cluster.api.custom.embedded import check_resources
from cluster.api.custom.list_values import check_lists
from cluster.api.custom.rule_walk import judge
from cluster.api.custom.selectable import selectable_values
from cluster.api.custom.structural import ABSENT, MakeRules, Structural, no_rules
from cluster.api.jsonio import warnings_of
from cluster.api.schema_node import SchemaNode
from cluster.api.status import Cause, bad_request
from cluster.api.tables_columns import Column
from cluster.api.types import Object

Mode = Literal["Strict", "Warn", "Ignore"]


class CustomForm:
    """``definition``: the CustomResourceDefinition; ``version``: the name of a version of it.

    ``going``: the definition is being deleted: nothing new may be made. ``storage``: the version
    that objects are stored as. ``fields``: what they can be selected by, as ``spec.color``.
    """

    def __init__(
        self,
        definition: Object,
        version: Object,
        meta: SchemaNode | None,
        make_rules: MakeRules = no_rules,
    ) -> None:
        spec, metadata = definition["spec"], definition["metadata"]
        self.definition = definition
        self.version = version
        self.group: str = spec["group"]
        self.name: str = version["name"]
        self.kind: str = (definition.get("status") or {})["acceptedNames"]["kind"]
        self.uid: str = metadata.get("uid") or ""
        self.going = bool(metadata.get("deletionTimestamp"))
        self.storage = next(item["name"] for item in spec["versions"] if item.get("storage"))
        self.conversion: Object = spec.get("conversion") or {"strategy": "None"}
        parts = version.get("subresources") or {}
        self.has_status = "status" in parts
        self.scale: Object | None = parts.get("scale")
        self.fields: tuple[str, ...] = tuple(
            item["jsonPath"].removeprefix(".") for item in version.get("selectableFields") or ()
        )
        self._meta = meta
        self._make_rules = make_rules
        self._others: dict[str, Structural | None] = {}

    @cached_property
    def raw_schema(self) -> Object:
        """``openAPIV3Schema``."""
        found: Object = (self.version.get("schema") or {}).get("openAPIV3Schema") or {}
        return found

    @cached_property
    def schema(self) -> Structural:
        """The compiled schema: when first needed, and then kept."""
        return Structural(self.raw_schema, self._meta, self._make_rules, root=True)

    @cached_property
    def stored_schema(self) -> Structural:
        """The same for what is in the store: its metadata was held to ObjectMeta when it came."""
        return Structural(self.raw_schema, None, root=True)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Of tables."""
        return columns_of(self.version)

    @cached_property
    def digest(self) -> str:
        """Says what the version looks like in OpenAPI documents."""
        told = orjson.dumps([self.version, self.definition["spec"]["names"]])
        return hashlib.sha256(told).hexdigest()

    def conform(self, obj: Object, mode: Mode, duplicates: tuple[str, ...]) -> list[str]:
        """See ``schema.Definitions.conform``: prune, and tell of unknown fields."""
        if obj.get("metadata") is None:
            obj["metadata"] = {}
        unknown = self.tidy(obj)
        walks.drop_nulls(self.schema, obj)
        # Those of metadata are found first, the others are told by name.
        unknown.sort(key=lambda path: (not path.startswith("metadata."), path))
        return self._told(unknown, mode, duplicates)

    def check_applied(self, obj: Object) -> None:
        """Hold a configuration that is applied to the schema: it stays as it is, to be merged.
        Raises StatusError 400."""
        typed.check(self.schema, obj, f"{self.group}/{self.name}, Kind={self.kind}")
        if obj.get("metadata") is None:
            obj["metadata"] = {}

    def tidy(self, obj: Object) -> list[str]:
        """Paths of unknown fields, which are dropped; metadata is held to ObjectMeta. In place.
        Raises StatusError 400."""
        unknown: list[str] = []
        try:
            walks.prune(self.schema, obj, "", unknown)
        except schema_conform.WrongType as error:
            raise bad_request(f"{self._subject()}: {error}") from error
        return unknown

    def _subject(self) -> str:
        return f'{self.kind} in version "{self.name}" cannot be handled as a {self.kind}'

    def _told(self, unknown: list[str], mode: Mode, duplicates: tuple[str, ...]) -> list[str]:
        texts = [*duplicates, *(f'unknown field "{path}"' for path in unknown)]
        if not texts or mode == "Ignore":
            return []
        if mode == "Strict":
            raise bad_request(f"{self._subject()}: strict decoding error: {', '.join(texts)}")
        return warnings_of(texts)

    def renew(self, obj: Object) -> bool:
        """A stored object as today's schema of its own version has it, in place: pruned, with
        defaults. True if that changed it. Metadata stays as it is."""
        group, _, version = str(obj.get("apiVersion")).rpartition("/")
        schema = self._schema_of(version) if group == self.group else None
        if schema is None:
            return False
        changed = self._prune(schema, obj)
        return walks.apply_defaults(schema, obj) or changed

    def take_over(self, obj: Object) -> bool:
        """An object that was converted to this version, as its schema has it, in place: pruned.
        True if that changed it. Defaults are those of the version that it was stored in."""
        return self._prune(self.stored_schema, obj)

    def _prune(self, schema: Structural, obj: Object) -> bool:
        unknown: list[str] = []
        walks.prune(schema, obj, "", unknown)
        walks.drop_nulls(schema, obj)
        return bool(unknown)

    def _schema_of(self, version: str) -> Structural | None:
        """Of what is stored in another version; None if there is no such version any more."""
        if version == self.name:
            return self.stored_schema
        if version not in self._others:
            raw = next(
                (one for one in self.definition["spec"]["versions"] if one["name"] == version), None
            )
            schema = None
            if raw is not None:
                given = (raw.get("schema") or {}).get("openAPIV3Schema") or {}
                schema = Structural(given, None, root=True)
            self._others[version] = schema
        return self._others[version]

    def fill_in(self, obj: Object) -> bool:
        """Defaults, in place. True if there was something to fill in."""
        return walks.apply_defaults(self.schema, obj)

    def check(
        self,
        obj: Object,
        old: Object | None = None,
        warnings: list[str] | None = None,
        patience: int | None = None,
        part: str = "",
    ) -> list[Cause]:
        """What is wrong with an object, beyond its metadata; ``old``: what it was before.
        ``part``: the subresource that is written. ``warnings``: texts of rules that were broken
        before are added to it. Raises CelTooLong if its rules cost more than ``patience``."""
        found: list[Cause] = []
        before = ABSENT if old is None else old
        values.validate(self.schema, obj, "", before, found)
        if self.scale is not None:
            scale.check(self.scale, obj, part != "status", found)
        check_resources(self.schema, obj, "", found)
        if not self._has_duplicates(old):
            check_lists(self.schema, obj, "", found)
        judged = judge(self.schema, obj, before, found, patience=patience)
        if warnings is not None:
            warnings.extend(judged.warned)
        return [*found, *judged.found]

    def _has_duplicates(self, obj: Object | None) -> bool:
        found: list[Cause] = []
        check_lists(self.schema, obj, "", found)
        return bool(found)

    def field_values(self, obj: Object) -> dict[str, str]:
        """What field selectors see."""
        return selectable_values(obj, self.fields)
