"""What patches and field ownership must know of a schema, as a protocol. ``schema.py`` provides
it for the built-in kinds; a custom resource without a schema has none (``None`` everywhere).

Must not know where schemas come from.
"""

from typing import Any, Protocol


class SchemaNode(Protocol):
    """One place in a schema. A scalar has no children and no items.

    ``list_type``: 'atomic', 'set', 'map' or '' (means atomic). ``map_type``: 'atomic' or 'granular'
    or '' (means granular). ``patch_strategy``: as ``merge`` or ``merge,retainKeys``.
    Source: the OpenAPI extensions x-kubernetes-list-type, -list-map-keys, -map-type,
    -patch-strategy, -patch-merge-key.
    """

    @property
    def items(self) -> "SchemaNode | None":
        """The schema of a list's items; None if there is none."""

    @property
    def list_type(self) -> str: ...

    @property
    def list_map_keys(self) -> tuple[str, ...]: ...

    @property
    def map_type(self) -> str: ...

    @property
    def patch_strategy(self) -> str: ...

    @property
    def patch_merge_key(self) -> str: ...

    def key_default(self, name: str) -> Any:
        """The value of a list-map's key where an item lacks it; None for nothing."""

    def child(self, name: str) -> "SchemaNode | None":
        """The schema of a field, or of any value of a map with free keys; None if unknown."""

    def has_field(self, name: str) -> bool:
        """True if ``name`` is a named field (not a free key of a map)."""
