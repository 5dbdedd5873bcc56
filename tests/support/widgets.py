"""A custom resource for tests: widgets of example.com."""

import asyncio
import copy
from typing import Any

from tests.support.control_plane import ControlPlane

Json = dict[str, Any]
GROUP = "example.com"
CRDS = ("customresourcedefinitions", "apiextensions.k8s.io")
SPEC: Json = {
    "type": "object",
    "required": ["color"],
    "properties": {
        "color": {"type": "string", "enum": ["red", "blue"]},
        "replicas": {"type": "integer", "minimum": 0, "default": 1},
        "size": {"x-kubernetes-int-or-string": True},
        "note": {"type": "string", "nullable": True},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "parts": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string"},
                    "weight": {"type": "integer", "default": 5},
                },
            },
        },
    },
}
STATUS: Json = {
    "type": "object",
    "properties": {
        "replicas": {"type": "integer"},
        "selector": {"type": "string"},
        "phase": {"type": "string"},
    },
}


def version(name: str = "v1", *, storage: bool = True, **more: Any) -> Json:
    """A served version with status and scale."""
    schema = copy.deepcopy({"type": "object", "properties": {"spec": SPEC, "status": STATUS}})
    return {
        "name": name,
        "served": True,
        "storage": storage,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector",
            },
        },
        "additionalPrinterColumns": [
            {"name": "Color", "type": "string", "jsonPath": ".spec.color"},
            {"name": "Replicas", "type": "integer", "jsonPath": ".spec.replicas"},
            {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
        ],
        "selectableFields": [{"jsonPath": ".spec.color"}],
        **more,
    }


def definition(*versions: Json, plural: str = "widgets", kind: str = "Widget") -> Json:
    """The definition of widgets."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "plural": plural,
                "kind": kind,
                "shortNames": [f"{kind[:2].lower()}x"],
                "categories": ["all"],
            },
            "versions": list(versions or (version(),)),
        },
    }


def widget(name: str = "w", api: str = "v1", **spec: Any) -> Json:
    """A widget."""
    return {
        "apiVersion": f"{GROUP}/{api}",
        "kind": "Widget",
        "metadata": {"name": name},
        "spec": {"color": "red", **spec},
    }


def holds(obj: Json, kind: str) -> bool:
    """True if the condition of that type is true."""
    return any(
        item.get("type") == kind and item.get("status") == "True"
        for item in obj.get("status", {}).get("conditions") or ()
    )


async def established(plane: ControlPlane, given: Json | None = None) -> Json:
    """Create a definition; wait until its kind is served."""
    made = await plane.create(CRDS[0], given or definition(), group=CRDS[1])
    return await until_established(plane, made["metadata"]["name"])


async def until_established(plane: ControlPlane, name: str) -> Json:
    """Wait until the kind of a definition is served."""
    for _ in range(400):
        found = await plane.get(CRDS[0], name, group=CRDS[1])
        if holds(found, "Established"):
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(f"never established: {found}")
