"""OpenAPI documents of what is served: v3 per group and version, and v2 in one.

Schemas are the published definitions that the served kinds reach, with the nulls of the JSON
schema form taken out again. Paths carry ``x-kubernetes-group-version-kind`` and ``-action``:
kubectl's explain and validation find a kind by them. Built when first asked, kept as bytes.
Must not know HTTP.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from cluster.api import openapi_paths, openapi_protobuf
from cluster.api.aggregation.remote_openapi import merged
from cluster.api.custom.openapi import custom_schemas
from cluster.api.kind import Kind
from cluster.api.kinds import SERVED
from cluster.api.openapi_schemas import V2, V3, Form, reachable
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
    """The documents of one set of kinds. ``raw``: ``schema.Definitions.raw``; ``version`` as
    v1.37.0. ``base``: the same without custom kinds, whose documents are built already.
    ``others``: see ``with_more``."""

    def __init__(
        self,
        raw: Mapping[str, Object],
        version: str,
        custom: tuple[Kind, ...] = (),
        base: "OpenApi | None" = None,
        others: tuple[Object, ...] = (),
    ) -> None:
        self._raw = raw
        self._version = version
        self._custom = custom
        self._base = base
        self._others = others
        self._added: Object = {"paths": {}, "definitions": {}}
        self._documents: dict[tuple[str, str], bytes] = {}
        self._index: bytes | None = None
        self._v2: bytes | None = None
        self._v2_protobuf: bytes | None = None
        self._kinds: dict[tuple[str, str], list[Kind]] = {}
        for kind in SERVED + custom:
            self._kinds.setdefault((kind.group, kind.version), []).append(kind)

    def with_more(self, custom: tuple[Kind, ...], others: tuple[Object, ...] = ()) -> "OpenApi":
        """The documents of the built-in kinds, of these, and in v2 what other API servers tell of
        theirs (``remote_openapi.part_of``)."""
        base = self._base or self
        if not custom and not others:
            return base
        return OpenApi(self._raw, self._version, custom, base, others)

    def index(self) -> bytes:
        """/openapi/v3: where each group and version's document is. The hash says what it holds, so
        clients may keep it for ever."""
        if self._index is None:
            paths: Object = {}
            for group, version in self._kinds:
                path = f"apis/{group}/{version}" if group else f"api/{version}"
                digest = self._digest(group, version)
                paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
            self._index = orjson.dumps({"paths": paths})
        return self._index

    def document(self, group: str, version: str) -> bytes | None:
        """/openapi/v3/api/v1 (group '') or /openapi/v3/apis/<group>/<version>; None if unknown."""
        key = (group, version)
        kinds = self._kinds.get(key)
        if kinds is None:
            return None
        if self._base is not None and not any(kind.custom for kind in kinds):
            return self._base.document(group, version)
        if key not in self._documents:
            document: Object = {
                "openapi": "3.0.0",
                "info": {"title": _TITLE, "version": self._version},
                "paths": openapi_paths.paths(kinds, V3),
                "components": {
                    "schemas": self._schemas(kinds, V3),
                    "securitySchemes": _SECURITY,
                },
            }
            self._documents[key] = orjson.dumps(document)
        return self._documents[key]

    def v2(self) -> bytes:
        """/openapi/v2 as JSON: everything in one."""
        if self._v2 is None:
            kinds = SERVED + self._custom
            document: Object = {
                "swagger": "2.0",
                "info": {"title": _TITLE, "version": self._version},
                "paths": openapi_paths.paths(kinds, V2),
                "definitions": self._schemas(kinds, V2),
                "securityDefinitions": _SECURITY,
                "security": [{"BearerToken": []}],
            }
            self._added = merged(document, self._others)
            for name, found in self._added.items():
                document[name] |= found
            self._v2 = orjson.dumps(document)
        return self._v2

    def v2_protobuf(self) -> bytes:
        """/openapi/v2 as ``openapi_protobuf.MEDIA_TYPE``. Messages that follow one another are one
        message (protobuf.dev "Encoding", Last One Wins): the built-in part is encoded once."""
        if self._v2_protobuf is None:
            if self._base is None:
                self._v2_protobuf = openapi_protobuf.encode(orjson.loads(self.v2()))
            else:
                if self._others:
                    # What they add depends on all that is there.
                    self.v2()
                document: Object = {
                    "paths": openapi_paths.paths(self._custom, V2) | self._added["paths"],
                    "definitions": custom_schemas(self._custom, V2, self._raw)
                    | self._added["definitions"],
                }
                self._v2_protobuf = self._base.v2_protobuf() + openapi_protobuf.encode(document)
        return self._v2_protobuf

    def _schemas(self, kinds: Iterable[Kind], form: Form) -> Object:
        kinds = tuple(kinds)
        return reachable(self._raw, _roots(kinds), form) | custom_schemas(kinds, form, self._raw)

    def _digest(self, group: str, version: str) -> str:
        """Of the kinds and the version: it must not cost building the document."""
        rows: Any = [
            (
                kind.kind,
                kind.plural,
                kind.verbs,
                tuple(kind.subresources),
                kind.custom.digest if kind.custom else "",
            )
            for kind in self._kinds[(group, version)]
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
        for name in ("DeleteOptions", "ListMeta", "ObjectMeta", "Patch", "Status")
    )
    return names
