"""OpenAPI documents of what is served: v3 per group and version, and v2 in one.

Schemas are the published definitions that the served kinds reach, with the nulls of the JSON
schema form taken out again. Paths carry ``x-kubernetes-group-version-kind`` and ``-action``:
kubectl's explain and validation find a kind by them. Built when first asked, kept as bytes.
Must not know HTTP.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from cluster.api import openapi_paths, openapi_protobuf
from cluster.api.discovery import group_versions
from cluster.api.kinds import SERVED
from cluster.api.openapi_schemas import V2, V3, reachable
from cluster.api.types import Object

_TITLE = "Kubernetes"
_SECURITY: Object = {
    "BearerToken": {
        "description": "Bearer Token authentication",
        "in": "header",
        "name": "authorization",
        "type": "apiKey",
    }
}


class OpenApi:
    """The documents of one server. ``raw``: ``schema.Definitions.raw``; ``version`` as v1.37.0."""

    def __init__(self, raw: Mapping[str, Object], version: str) -> None:
        self._raw = raw
        self._version = version
        self._documents: dict[tuple[str, str], bytes] = {}
        self._index: bytes | None = None
        self._v2: bytes | None = None
        self._v2_protobuf: bytes | None = None

    def index(self) -> bytes:
        """/openapi/v3: where each group and version's document is. The hash says what it holds, so
        clients may keep it for ever."""
        if self._index is None:
            paths: Object = {}
            for group, version in group_versions():
                path = f"apis/{group}/{version}" if group else f"api/{version}"
                digest = self._digest(group, version)
                paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
            self._index = orjson.dumps({"paths": paths})
        return self._index

    def document(self, group: str, version: str) -> bytes | None:
        """/openapi/v3/api/v1 (group '') or /openapi/v3/apis/<group>/<version>; None if unknown."""
        key = (group, version)
        if key not in group_versions():
            return None
        if key not in self._documents:
            kinds = [kind for kind in SERVED if (kind.group, kind.version) == key]
            schemas = reachable(self._raw, _roots(kinds), V3)
            document: Object = {
                "openapi": "3.0.0",
                "info": {"title": _TITLE, "version": self._version},
                "paths": openapi_paths.paths(kinds, V3),
                "components": {"schemas": schemas, "securitySchemes": _SECURITY},
            }
            self._documents[key] = orjson.dumps(document)
        return self._documents[key]

    def v2(self) -> bytes:
        """/openapi/v2 as JSON: everything in one."""
        if self._v2 is None:
            document: Object = {
                "swagger": "2.0",
                "info": {"title": _TITLE, "version": self._version},
                "paths": openapi_paths.paths(SERVED, V2),
                "definitions": reachable(self._raw, _roots(SERVED), V2),
                "securityDefinitions": _SECURITY,
                "security": [{"BearerToken": []}],
            }
            self._v2 = orjson.dumps(document)
        return self._v2

    def v2_protobuf(self) -> bytes:
        """/openapi/v2 as ``openapi_protobuf.MEDIA_TYPE``."""
        if self._v2_protobuf is None:
            self._v2_protobuf = openapi_protobuf.encode(orjson.loads(self.v2()))
        return self._v2_protobuf

    def _digest(self, group: str, version: str) -> str:
        """Of the kinds and the version: it must not cost building the document."""
        rows: Any = [
            (kind.kind, kind.plural, kind.verbs, tuple(kind.subresources))
            for kind in SERVED
            if (kind.group, kind.version) == (group, version)
        ]
        told = orjson.dumps([self._version, len(self._raw), group, version, rows])
        return hashlib.sha512(told).hexdigest().upper()


def _roots(kinds: Any) -> list[str]:
    """Definitions the documents start from: kinds, their lists, bodies of subresources."""
    names: list[str] = []
    for kind in kinds:
        names.append(kind.definition)
        if not kind.create_only:
            names.append(f"{kind.definition}List")
        names.extend(part.definition for part in kind.subresources.values() if part.definition)
    names.extend(
        "io.k8s.apimachinery.pkg.apis.meta.v1." + name
        for name in ("DeleteOptions", "Patch", "Status")
    )
    return names
