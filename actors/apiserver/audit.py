"""The audit log: who asked for what, and what was answered, one JSON line per stage of a request.

Job: from requests to audit.k8s.io/v1 Events, as the policy says. Must not know: how requests are
served, HTTP. Source: docs "Auditing".
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson

from actors.apiserver.call import Caller
from actors.kit.world.clock import Clock
from actors.kit.world.entropy import Entropy
from cluster.api.audit_policy import API_VERSION, Asked, AuditPolicy, Decision, Level, Stage
from cluster.api.timestamps import rfc3339_micro
from cluster.messages.apiserver import ApiRequest

Json = dict[str, Any]
# (group, resource, subresource) whose bodies are confidential: no level writes them.
CONFIDENTIAL = frozenset(
    {
        ("", "secrets", ""),
        ("", "serviceaccounts", "token"),
        ("authentication.k8s.io", "tokenreviews", ""),
    }
)
# How much is kept of a name that a client gave (kube-apiserver: 64).
AUDIT_ID_MAX = 64


class Lines(Protocol):
    """Where events go."""

    def put(self, line: bytes) -> None:
        """Write one, soon. Never blocks."""


@dataclass(frozen=True)
class Source:
    """Where a request came from. ``uri``: its path and query as they were sent. ``audit_id``: what
    its answer says that it is called by, '' if it says nothing."""

    uri: str
    address: str = ""
    agent: str = ""
    audit_id: str = ""


def audit_id(given: str, entropy: Entropy) -> str:
    """What a request is called by: as its client said in the header Audit-ID, else a new name."""
    wanted = given.strip()[:AUDIT_ID_MAX]
    return wanted if wanted and wanted.isascii() and wanted.isprintable() else entropy.uuid()


class AuditLog:
    """One per API server."""

    def __init__(self, policy: AuditPolicy, lines: Lines, clock: Clock, entropy: Entropy) -> None:
        self._policy = policy
        self._lines = lines
        self._clock = clock
        self._entropy = entropy

    def begin(
        self, caller: Caller, source: Source, verb: str, request: ApiRequest | None
    ) -> "Trail | None":
        """A request whose caller is known. ``request`` None: it is for no resource. None: nothing
        is to be written of it."""
        user = caller.impersonator or caller
        decision = self._policy.decide(_asked(user, source, verb, request))
        if decision is None:
            return None
        if request is not None and _place(request) in CONFIDENTIAL:
            level: Level = "Metadata"
            decision = replace(decision, level=level)
        base: Json = {
            "kind": "Event",
            "apiVersion": API_VERSION,
            "level": decision.level,
            "auditID": source.audit_id or self._entropy.uuid(),
            "requestURI": source.uri,
            "verb": verb,
            "user": _user(user),
        }
        if caller.impersonator is not None:
            base["impersonatedUser"] = _user(caller)
            if caller.constraint:
                base["authenticationMetadata"] = {"impersonationConstraint": caller.constraint}
        if source.address:
            base["sourceIPs"] = [source.address]
        if source.agent:
            base["userAgent"] = source.agent
        if request is not None:
            base["objectRef"] = _reference(request)
        base["requestReceivedTimestamp"] = self._stamp()
        trail = Trail(decision, base, self._lines.put, self._stamp)
        trail.write("RequestReceived")
        return trail

    def _stamp(self) -> str:
        return rfc3339_micro(self._clock.now())


class Trail:
    """One request on its way. ``request`` and ``response``: bodies, set as they become known;
    ``annotations``: what admission says of it, as it is said."""

    def __init__(
        self,
        decision: Decision,
        base: Json,
        put: Callable[[bytes], None],
        stamp: Callable[[], str],
    ) -> None:
        self.request = b""
        self.response = b""
        self.annotations: dict[str, str] = {}
        self._decision = decision
        self._base = base
        self._put = put
        self._stamp = stamp

    def reads_response(self, code: int) -> bool:
        """Whether anything of the answer's body is written: a long one is put together for it."""
        return code >= 400 or self._decision.level == "RequestResponse"

    def write(self, stage: Stage, code: int = 0) -> None:
        """One stage is reached. ``code``: of the answer, once there is one."""
        decision = self._decision
        if stage in decision.omit_stages:
            return
        event = {**self._base, "stage": stage, "stageTimestamp": self._stamp()}
        if code:
            event["responseStatus"] = _status(code, self.response)
        if stage != "RequestReceived" and decision.level in ("Request", "RequestResponse"):
            self._add(event, "requestObject", self.request)
        if stage == "ResponseComplete" and decision.level == "RequestResponse":
            self._add(event, "responseObject", self.response)
        if self.annotations:
            event["annotations"] = self.annotations
        self._put(orjson.dumps(event) + b"\n")

    def _add(self, event: Json, name: str, body: bytes) -> None:
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError:
            # A log, a YAML patch, nothing at all: only objects are kept.
            return
        if self._decision.omit_managed_fields:
            _strip(found)
        event[name] = found


def _asked(user: Caller, source: Source, verb: str, request: ApiRequest | None) -> Asked:
    if request is None:
        return Asked(user.user, user.groups, verb, path=source.uri.partition("?")[0])
    return Asked(
        user.user,
        user.groups,
        verb,
        group=request.group,
        resource=request.resource,
        subresource=request.subresource,
        namespace=request.namespace,
        name=request.name,
    )


def _user(caller: Caller) -> Json:
    found: Json = {"username": caller.user, "groups": list(caller.groups)}
    if caller.uid:
        found["uid"] = caller.uid
    if caller.extra:
        found["extra"] = {key: list(values) for key, values in caller.extra.items()}
    return found


def _place(request: ApiRequest) -> tuple[str, str, str]:
    return request.group, request.resource, request.subresource


def _reference(request: ApiRequest) -> Json:
    given = {
        "resource": request.resource,
        "namespace": request.namespace,
        "name": request.name,
        "apiGroup": request.group,
        "apiVersion": request.version,
        "subresource": request.subresource,
    }
    return {key: value for key, value in given.items() if value}


def _status(code: int, body: bytes) -> Json:
    """As Kubernetes: a failure's own words, and the bare code of a success."""
    found: Json = {"metadata": {}, "code": code}
    if code >= 400:
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError:
            return found
        if isinstance(told, dict) and told.get("kind") == "Status":
            for name in ("status", "message", "reason", "details"):
                if name in told:
                    found[name] = told[name]
    return found


def _strip(found: Any) -> None:
    if not isinstance(found, dict):
        return
    items = found.get("items")
    for obj in [found, *(items if isinstance(items, list) else [])]:
        metadata = obj.get("metadata") if isinstance(obj, dict) else None
        if isinstance(metadata, dict):
            metadata.pop("managedFields", None)
