"""What another API server says of itself, as discovery tells it on. Pure.

Source: API concepts, "Discovery API"; API reference, APIResourceList, APIGroupDiscoveryList v2.
What such a server answers is not believed: what does not have the form is refused.
Must not know: how it was asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cluster.api.aggregation.api_services import Priority
from cluster.api.types import Object

_TEXTS = ("shortNames", "categories")


@dataclass(frozen=True)
class RemoteVersion:
    """One group and version. ``resources``: in the aggregated form; ``stale``: not what the server
    says now."""

    group: str
    version: str
    priority: Priority
    resources: tuple[Object, ...] = ()
    stale: bool = True

    def entry(self) -> Object:
        """As the aggregated document has it."""
        return {
            "version": self.version,
            "resources": list(self.resources),
            "freshness": "Stale" if self.stale else "Current",
        }


def of_aggregated(document: Any, group: str, version: str) -> tuple[Object, ...] | None:
    """The resources of a group and version in an APIGroupDiscoveryList; None if it lacks them.
    Raises ValueError."""
    for item in _objects(document, "items"):
        if _text(_part(item, "metadata"), "name") != group:
            continue
        for entry in _objects(item, "versions"):
            if _text(entry, "version") == version:
                return tuple(_resource(one, group, version) for one in _objects(entry, "resources"))
    return None


def of_resource_list(document: Any, group: str, version: str) -> tuple[Object, ...]:
    """The same of an APIResourceList. Raises ValueError."""
    if _text(document, "kind") != "APIResourceList":
        raise ValueError("no APIResourceList")
    found: dict[str, Object] = {}
    for item in _objects(document, "resources"):
        name, _, part = _text(item, "name").partition("/")
        kind = {
            "group": _text(item, "group") or group,
            "version": _text(item, "version") or version,
            "kind": _text(item, "kind"),
        }
        scope = "Namespaced" if item.get("namespaced") is True else "Cluster"
        if not part:
            parts = found.get(name, {}).get("subresources")
            found[name] = {
                "resource": name,
                "responseKind": kind,
                "scope": scope,
                "singularResource": _text(item, "singularName"),
                "verbs": _list(item, "verbs"),
                **{key: _list(item, key) for key in _TEXTS if item.get(key)},
            }
            if parts:
                found[name]["subresources"] = parts
            continue
        # Some list only what is below a resource that they do not serve itself.
        empty = {"resource": name, "responseKind": {}, "scope": scope, "verbs": []}
        of = found.setdefault(name, {**empty, "singularResource": ""})
        shown = {"subresource": part, "responseKind": kind, "verbs": _list(item, "verbs")}
        of.setdefault("subresources", []).append(shown)
    return tuple(found.values())


def _resource(item: Object, group: str, version: str) -> Object:
    made: Object = {
        "resource": _text(item, "resource"),
        "responseKind": _kind(item, group, version),
        "scope": _text(item, "scope"),
        "singularResource": _text(item, "singularResource"),
        "verbs": _list(item, "verbs"),
        **{key: _list(item, key) for key in _TEXTS if item.get(key)},
    }
    parts = [
        {
            "subresource": _text(part, "subresource"),
            "responseKind": _kind(part, group, version),
            "verbs": _list(part, "verbs"),
        }
        for part in _objects(item, "subresources")
    ]
    return {**made, "subresources": parts} if parts else made


def _kind(item: Object, group: str, version: str) -> Object:
    kind = _part(item, "responseKind")
    return {
        "group": _text(kind, "group") or group,
        "version": _text(kind, "version") or version,
        "kind": _text(kind, "kind"),
    }


def _part(holder: Any, name: str) -> Object:
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}


def _text(holder: Any, name: str) -> str:
    found = holder.get(name, "") if isinstance(holder, dict) else None
    if not isinstance(found, str):
        raise ValueError(f"{name} is no text")
    return found


def _list(holder: Object, name: str) -> list[str]:
    found = holder.get(name) or []
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise ValueError(f"{name} is no list of texts")
    return found


def _objects(holder: Any, name: str) -> Iterator[Object]:
    found = holder.get(name) if isinstance(holder, dict) else None
    for item in found if isinstance(found, list) else ():
        if not isinstance(item, dict):
            raise ValueError(f"{name} holds what is no object")
        yield item
