"""Discovery documents: which groups, versions and resources the API serves.

Source: the API concepts page, "Discovery API": the legacy documents (/api, /apis, one per group
and version) and the aggregated one (apidiscovery.k8s.io/v2 APIGroupDiscoveryList), made from the
table of kinds and from what other API servers say of themselves. Groups stand in the order of their
priority, as their versions do. Must not know HTTP: who asks for which form is the caller's.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Iterable

import orjson

from cluster.api.aggregation.api_services import Priority, priority_of
from cluster.api.aggregation.remote_discovery import RemoteVersion
from cluster.api.kind import Kind, Subresource
from cluster.api.kinds import SERVED
from cluster.api.types import Object

# Who they are stored as: group and version.
_STORED_AS = {
    ("events.k8s.io", "events"): ("", "v1"),
    ("autoscaling", "horizontalpodautoscalers"): ("autoscaling", "v2"),
}
_NOT_STORED = frozenset({"componentstatuses"})
_NO_MORE = frozenset({"create", "patch", "update"})
_HASH_BYTES = 8
_VERSION = re.compile(r"v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?")


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


class Discovery:
    """The documents of what is served; each is built when first asked for. Immutable as seen from
    outside: other kinds make another one. ``remote``: what other API servers answer for.
    ``announced``: (group, version) that the lists of groups name, though nothing may be served."""

    def __init__(
        self,
        kinds: Iterable[Kind] = SERVED,
        remote: Iterable[RemoteVersion] = (),
        announced: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._remote = {(one.group, one.version): one for one in remote}
        self._versions: dict[tuple[str, str], list[Kind]] = {}
        self._built: dict[tuple[str, ...], bytes] = {}
        for kind in kinds:
            if (kind.group, kind.version) not in self._remote:
                self._versions.setdefault((kind.group, kind.version), []).append(kind)
        self._groups: dict[str, list[str]] = {}
        pairs = {*self._versions, *self._remote, *announced}
        for group, version in sorted(pairs, key=self._rank):
            self._groups.setdefault(group, []).append(version)
        self._groups = dict(sorted(self._groups.items(), key=self._group_rank))

    def _priority(self, pair: tuple[str, str]) -> Priority:
        found = self._remote.get(pair)
        return priority_of(*pair) if found is None else found.priority

    def _rank(self, pair: tuple[str, str]) -> tuple[object, ...]:
        return (pair[0], -self._priority(pair)[1], priority(pair[1]))

    def _group_rank(self, item: tuple[str, list[str]]) -> tuple[int, str]:
        name, versions = item
        return (-max(self._priority((name, version))[0] for version in versions), name)

    def group_versions(self) -> tuple[tuple[str, str], ...]:
        """(group, version) of what is served, core first, the preferred version first."""
        return tuple((name, one) for name, versions in self._groups.items() for one in versions)

    def group_list(self) -> bytes:
        """/apis: all named groups."""
        return self._once(("groups",), self._group_list)

    def group(self, name: str) -> bytes | None:
        """/apis/<group>; None if there is no such group."""
        if not name or name not in self._groups:
            return None
        document: Object = {"kind": "APIGroup", "apiVersion": "v1", **self._group(name)}
        return orjson.dumps(document)

    def resource_list(self, name: str, version: str) -> bytes | None:
        """/api/v1 (group '') or /apis/<group>/<version>; None if it is not served."""
        kinds = self._versions.get((name, version))
        if not kinds:
            return None
        return self._once(("resources", name, version), lambda: _resources(name, version, kinds))

    def aggregated(self, core: bool) -> bytes:
        """The aggregated document of /api (``core``) or of /apis."""
        return self._once(("core" if core else "named",), lambda: self._aggregated(core))

    def _is_served(self, name: str, version: str) -> bool:
        return (name, version) in self._versions or (name, version) in self._remote

    def _once(self, key: tuple[str, ...], make: Callable[[], Object]) -> bytes:
        if key not in self._built:
            self._built[key] = orjson.dumps(make())
        return self._built[key]

    def _group_list(self) -> Object:
        groups = [self._group(name) for name in self._groups if name]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}

    def _group(self, name: str) -> Object:
        versions = [
            {"groupVersion": f"{name}/{version}", "version": version}
            for version in self._groups[name]
        ]
        return {"name": name, "versions": versions, "preferredVersion": versions[0]}

    def _version(self, name: str, version: str) -> Object:
        remote = self._remote.get((name, version))
        if remote is not None:
            return remote.entry()
        return {
            "version": version,
            "resources": [_discovered(kind) for kind in self._versions[(name, version)]],
            "freshness": "Current",
        }

    def _aggregated(self, core: bool) -> Object:
        items: list[Object] = []
        for name, versions in self._groups.items():
            if (name == "") != core:
                continue
            served = [one for one in versions if self._is_served(name, one)]
            listed = [self._version(name, version) for version in served]
            if not listed:
                continue
            items.append({"metadata": {"name": name} if name else {}, "versions": listed})
        return {
            "kind": "APIGroupDiscoveryList",
            "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {},
            "items": items,
        }


def priority(version: str) -> tuple[int, int, int, str]:
    """Sort key: v2, v1, v2beta1, v1beta1, v1alpha1, then the rest by name. Source: Kubernetes
    "Versions in CustomResourceDefinitions", Version priority."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return (3, 0, 0, version)
    stage = {None: 0, "beta": 1, "alpha": 2}[match[2]]
    return (stage, -int(match[1]), -int(match[3] or 0), version)


def _resources(name: str, version: str, kinds: Iterable[Kind]) -> Object:
    resources: list[Object] = []
    for kind in kinds:
        resources.append(_resource(kind))
        resources.extend(_legacy_part(kind, part) for part in kind.subresources.values())
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{name}/{version}" if name else version,
        "resources": resources,
    }


def _resource(kind: Kind) -> Object:
    resource: Object = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": _verbs(kind),
    }
    if kind.short_names:
        resource["shortNames"] = kind.short_names
    if kind.categories:
        resource["categories"] = kind.categories
    if "list" in kind.verbs and kind.plural not in _NOT_STORED:
        resource["storageVersionHash"] = _storage_hash(kind)
    return resource


def _verbs(kind: Kind) -> tuple[str, ...]:
    """Nothing new comes to a kind that goes."""
    if kind.custom is None or not kind.custom.going:
        return kind.verbs
    return tuple(verb for verb in kind.verbs if verb not in _NO_MORE)


def _storage_hash(kind: Kind) -> str:
    """Says, to clients that compare it, whether objects are stored otherwise than before."""
    group, version = kind.group, kind.version
    if kind.custom is not None:
        version = kind.custom.storage
    group, version = _STORED_AS.get((group, kind.plural), (group, version))
    name = f"{group}/{version}/{kind.kind}"
    return b64encode(hashlib.sha256(name.encode()).digest()[:_HASH_BYTES]).decode()


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
        "verbs": _verbs(kind),
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
