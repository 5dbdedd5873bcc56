"""Discovery documents: which groups, versions and resources the API serves.

Source: the API concepts page, "Discovery API": the legacy documents (/api, /apis, one per group
and version) and the aggregated one (apidiscovery.k8s.io/v2 APIGroupDiscoveryList), made from the
table of kinds. Must not know HTTP: who asks for which form is the caller's.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import orjson

from cluster.api.kind import Kind, Subresource
from cluster.api.kinds import SERVED
from cluster.api.types import Object


def wants_aggregated(accept: str) -> bool:
    """True if the client's first choice that we can make is the aggregated v2 document."""
    for part in accept.split(","):
        fields = {item.strip() for item in part.split(";")}
        if {"g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"} <= fields:
            return "application/json" in fields
        if part.strip() in ("application/json", "*/*", "application/*"):
            return False
    return False


def api_versions(server_address: str) -> bytes:
    """/api: the legacy document of the core group. ``server_address`` as ``127.0.0.1:6443``."""
    address = {"clientCIDR": "0.0.0.0/0", "serverAddress": server_address}
    document: Object = {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [address],
    }
    return orjson.dumps(document)


@lru_cache(maxsize=1)
def group_list() -> bytes:
    """/apis: all named groups."""
    groups = [_group(name) for name in _groups() if name]
    return orjson.dumps({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})


@lru_cache(maxsize=64)
def group(name: str) -> bytes | None:
    """/apis/<group>; None if there is no such group."""
    if not name or name not in _groups():
        return None
    return orjson.dumps({"kind": "APIGroup", "apiVersion": "v1", **_group(name)})


@lru_cache(maxsize=64)
def resource_list(name: str, version: str) -> bytes | None:
    """/api/v1 (group '') or /apis/<group>/<version>; None if it is not served."""
    kinds = [kind for kind in SERVED if (kind.group, kind.version) == (name, version)]
    if not kinds:
        return None
    resources: list[Object] = []
    for kind in kinds:
        resources.append(_resource(kind))
        resources.extend(_legacy_part(kind, part) for part in kind.subresources.values())
    document: Object = {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{name}/{version}" if name else version,
        "resources": resources,
    }
    return orjson.dumps(document)


@lru_cache(maxsize=2)
def aggregated(core: bool) -> bytes:
    """The aggregated document of /api (``core``) or of /apis."""
    names = [name for name in _groups() if (name == "") == core]
    items: list[Object] = []
    for name in names:
        versions = [
            {
                "version": version,
                "resources": [
                    _discovered(kind)
                    for kind in SERVED
                    if (kind.group, kind.version) == (name, version)
                ],
                "freshness": "Current",
            }
            for version in _groups()[name]
        ]
        metadata: Object = {"name": name} if name else {}
        items.append({"metadata": metadata, "versions": versions})
    document: Object = {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    }
    return orjson.dumps(document)


def group_versions(kinds: Iterable[Kind] = SERVED) -> tuple[tuple[str, str], ...]:
    """(group, version) of what is served, core first."""
    return tuple(dict.fromkeys((kind.group, kind.version) for kind in kinds))


@lru_cache(maxsize=1)
def _groups() -> dict[str, Sequence[str]]:
    """Group → versions, the preferred one first."""
    found: dict[str, list[str]] = {}
    for name, version in group_versions():
        found.setdefault(name, []).append(version)
    return {name: tuple(versions) for name, versions in found.items()}


def _group(name: str) -> Object:
    versions = [
        {"groupVersion": f"{name}/{version}", "version": version} for version in _groups()[name]
    ]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resource(kind: Kind) -> Object:
    resource: Object = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": kind.verbs,
    }
    if kind.short_names:
        resource["shortNames"] = kind.short_names
    if kind.categories:
        resource["categories"] = kind.categories
    return resource


def _legacy_part(kind: Kind, part: Subresource) -> Object:
    resource: Object = {
        "name": f"{kind.plural}/{part.name}",
        "singularName": "",
        "namespaced": kind.namespaced,
        "kind": part.kind or kind.kind,
        "verbs": part.verbs,
    }
    if part.kind and (part.group, part.version) != (kind.group, kind.version):
        resource["group"] = part.group
        resource["version"] = part.version
    return resource


def _discovered(kind: Kind) -> Object:
    resource: Object = {
        "resource": kind.plural,
        "responseKind": _response_kind(kind.group, kind.version, kind.kind),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": kind.verbs,
    }
    if kind.short_names:
        resource["shortNames"] = kind.short_names
    if kind.categories:
        resource["categories"] = kind.categories
    if kind.subresources:
        resource["subresources"] = [
            {
                "subresource": part.name,
                "responseKind": _response_kind(
                    part.group if part.kind else kind.group,
                    part.version if part.kind else kind.version,
                    part.kind or kind.kind,
                ),
                "verbs": part.verbs,
            }
            for part in kind.subresources.values()
        ]
    return resource


def _response_kind(name: str, version: str, kind: str) -> Object:
    return {"group": name, "version": version, "kind": kind}
