"""What the API says about itself: version, health, discovery, OpenAPI, token keys.

Job: a plain path to a document. Must not know: who may read it, HTTP beyond a media type.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import orjson

from actors.apiserver.accounts import Accounts
from actors.apiserver.aggregation.remote_documents import RemoteDocuments
from actors.apiserver.bootstrap import LAST_KEY
from actors.apiserver.environment import Environment
from actors.apiserver.health_metrics import HealthMetrics
from actors.apiserver.negotiation import JSON_TYPES, check_json, parse_accept
from cluster.api import discovery, openapi_protobuf, status
from cluster.api.discovery import Discovery
from cluster.api.kind_table import BUILT_IN
from cluster.api.kinds import GROUPS
from cluster.api.openapi import OpenApi
from cluster.api.schema import Definitions
from cluster.errors import StatusError

GIT_VERSION = "v1.37.1+steersman"
MAJOR, MINOR = "1", "37"
_JSON = "application/json"
_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@dataclass(frozen=True)
class Document:
    """An answer that is no resource. ``etag``: says what it holds; '' for what nobody keeps."""

    body: bytes
    content_type: str = _JSON
    code: int = 200
    etag: str = ""


class Documents:
    """Everything is built from tables, when first asked."""

    def __init__(
        self,
        environment: Environment,
        definitions: Definitions,
        accounts: Accounts,
        remote: RemoteDocuments,
    ) -> None:
        self._remote = remote
        self.health = HealthMetrics()
        self._versions = remote.versions
        self._others = remote.swagger
        self._environment = environment
        self._accounts = accounts
        self._openapi = OpenApi(definitions.raw, GIT_VERSION.partition("+")[0])
        self._discovery = Discovery()
        self._table = BUILT_IN

    async def get(self, path: str, query: Mapping[str, str], accept: str) -> Document:
        """Raises StatusError 404, 406."""
        self._follow_kinds()
        match path.strip("/").split("/"):
            case ["version"]:
                return Document(orjson.dumps(version()))
            case ["healthz" | "livez" | "readyz" as probe]:
                return await self._health(probe, query)
            case ["healthz" | "livez" | "readyz" as probe, check]:
                return await self._check(probe, check)
            case ["api" | "apis" as root]:
                return self._root(root == "api", accept)
            case ["api", name]:
                return _found(self._discovery.resource_list("", name), accept)
            case ["apis", group]:
                return _found(self._discovery.group(group), accept, group in GROUPS)
            case ["apis", group, name]:
                return _found(self._discovery.resource_list(group, name), accept, group in GROUPS)
            case ["openapi", *rest]:
                return self._schema(rest, accept)
            case [".well-known", "openid-configuration"]:
                return Document(orjson.dumps(self._issuer()))
            case ["debug", "store"]:
                report = await self._environment.objects.store.status()
                return Document(orjson.dumps(msgspec.to_builtins(report)))
            case ["openid", "v1", "jwks"]:
                keys = orjson.dumps(self._accounts.key_set())
                return Document(keys, "application/jwk-set+json")
            case [""]:
                return Document(orjson.dumps({"paths": self._paths()}))
        raise status.page_not_found()

    def _follow_kinds(self) -> None:
        """Documents of other kinds than last time are other documents."""
        table, versions = self._environment.kinds.table, self._remote.versions
        others = self._remote.swagger
        if table is not self._table or others is not self._others:
            self._others = others
            self._openapi = self._openapi.with_more(table.custom, others)
        if table is not self._table or versions is not self._versions:
            self._table, self._versions = table, versions
            self._discovery = Discovery(table.served, versions, table.announced)

    def _root(self, core: bool, accept: str) -> Document:
        if discovery.wants_aggregated(accept):
            return _kept(self._discovery.aggregated(core), _AGGREGATED)
        check_json(accept)
        if not core:
            return _kept(self._discovery.group_list())
        addresses = self._environment.settings.replica(self._environment.replica).api_addresses
        return Document(discovery.api_versions(addresses[0] if addresses else ""))

    def _schema(self, rest: list[str], accept: str) -> Document:
        match rest:
            case ["v2"]:
                for entry in parse_accept(accept):
                    if entry.name in openapi_protobuf.MEDIA_TYPES:
                        body = self._openapi.v2_protobuf()
                        return _kept(body, openapi_protobuf.MEDIA_TYPE)
                    if entry.name in JSON_TYPES:
                        break
                return _found(self._openapi.v2(), accept)
            case ["v3"]:
                return _found(self._index(), accept)
            case ["v3", "api", name]:
                return _found(self._openapi.document("", name), accept)
            case ["v3", "apis", group, name]:
                return _found(self._openapi.document(group, name), accept)
        raise status.resource_not_found()

    def _index(self) -> bytes:
        """Of all OpenAPI v3 documents, those of other API servers too."""
        if not self._remote.openapi:
            return self._openapi.index()
        index = orjson.loads(self._openapi.index())
        index["paths"].update(self._remote.openapi)
        return orjson.dumps(index)

    async def _health(self, probe: str, query: Mapping[str, str]) -> Document:
        """livez: the loop turns. readyz: the store answers a linearizable read, and the cluster
        has been set up."""
        checks = {"ping": ""}
        if probe != "livez":
            checks.update(await self._readiness())
        checks.pop(query.get("exclude", ""), None)
        self.health.checked(probe, checks)
        failed = any(checks.values())
        lines = [f"[{'-' if why else '+'}]{name} {why or 'ok'}" for name, why in checks.items()]
        if failed or "verbose" in query:
            lines.append(f"{probe} check {'failed' if failed else 'passed'}")
            text = "\n".join(lines) + "\n"
        else:
            text = "ok"
        return Document(text.encode(), "text/plain; charset=utf-8", 500 if failed else 200)

    async def _check(self, probe: str, name: str) -> Document:
        """A single check. Raises StatusError 404 for one that the probe does not have."""
        checks = {"ping": ""} if probe == "livez" else {"ping": "", **await self._readiness()}
        if name not in checks:
            raise status.page_not_found()
        why = checks[name]
        self.health.checked(probe, {name: why})
        text = f"internal server error: {why}" if why else "ok"
        return Document(text.encode(), "text/plain; charset=utf-8", 500 if why else 200)

    async def _readiness(self) -> dict[str, str]:
        environment = self._environment
        try:
            found = await environment.objects.store.get(LAST_KEY)
        except StatusError as error:
            return {"store": f"failed: {error}"}
        bootstrapped = "" if found is not None else "failed: the cluster is being set up"
        synced = "" if environment.policy.synced else "failed: the policy has not been read yet"
        kinds = "" if environment.kinds.synced else "failed: the definitions have not been read yet"
        return {"store": "", "bootstrap": bootstrapped, "policy": synced, "kinds": kinds}

    def _issuer(self) -> dict[str, object]:
        issuer = self._accounts.issuer
        return {
            "issuer": issuer,
            "jwks_uri": f"{issuer}/openid/v1/jwks",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        }

    def _paths(self) -> list[str]:
        groups = sorted(
            {f"/apis/{group}/{name}" for group, name in self._discovery.group_versions() if group}
        )
        return [
            "/.well-known/openid-configuration",
            "/api",
            "/api/v1",
            "/apis",
            *groups,
            "/debug/store",
            "/debug/store/members",
            "/debug/store/snapshot",
            "/debug/store/transfer",
            "/healthz",
            "/livez",
            "/metrics",
            "/metrics/slis",
            "/openapi/v2",
            "/openapi/v3",
            "/openid/v1/jwks",
            "/readyz",
            "/version",
        ]


def version() -> dict[str, str]:
    """/version: version.Info of apimachinery."""
    return {
        "major": MAJOR,
        "minor": MINOR,
        "emulationMajor": MAJOR,
        "emulationMinor": MINOR,
        "gitVersion": GIT_VERSION,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "cpython",
        "platform": "linux/amd64",
    }


def _found(body: bytes | None, accept: str, known: bool = True) -> Document:
    """A document that there is as JSON alone. ``known``: if there is none, its group is one that
    is always served."""
    if body is None:
        raise status.resource_not_found() if known else status.page_not_found()
    check_json(accept)
    return _kept(body)


def _kept(body: bytes, content_type: str = _JSON) -> Document:
    """A document that clients keep until it changes (RFC 9110, ETag)."""
    return Document(body, content_type, etag=f'"{hashlib.sha256(body).hexdigest().upper()}"')
