"""Schema nodes for tests, read from the published definitions without the product's own reader."""

import functools
import importlib.resources
from typing import Any

import orjson


@functools.cache
def definitions() -> dict[str, Any]:
    root = importlib.resources.files("kubernetes_validate") / "kubernetes-json-schema"
    loaded = orjson.loads((root / "v1.37.0-local" / "_definitions.json").read_bytes())
    return loaded["$defs"]


class Node:
    """A schema node over a published definition."""

    def __init__(self, schema: dict[str, Any]) -> None:
        target = definitions()[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else {}
        self.schema = {**target, **schema}
        get = self.schema.get
        self.list_type: str = get("x-kubernetes-list-type", "")
        self.list_map_keys = tuple(get("x-kubernetes-list-map-keys", ()))
        self.map_type: str = get("x-kubernetes-map-type", "")
        self.patch_strategy: str = get("x-kubernetes-patch-strategy", "")
        self.patch_merge_key: str = get("x-kubernetes-patch-merge-key", "")

    @property
    def items(self) -> "Node | None":
        return Node(self.schema["items"]) if "items" in self.schema else None

    def has_field(self, name: str) -> bool:
        return name in self.schema.get("properties", {})

    def child(self, name: str) -> "Node | None":
        found = self.schema.get("properties", {}).get(name)
        if found is None:
            found = self.schema.get("additionalProperties")
        return Node(found) if isinstance(found, dict) else None


def node(name: str) -> Node:
    """``node("core.v1.Pod")``"""
    return Node({"$ref": f"#/$defs/io.k8s.api.{name}"})
