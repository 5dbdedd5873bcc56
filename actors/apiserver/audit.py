"""The audit log: who asked for what, and what was answered, one JSON line per stage of a request.

Job: from requests to audit.k8s.io/v1 Events, as the policy says. Must not know: how requests are
served, HTTP. Source: docs "Auditing".
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import orjson

from actors.apiserver.admission.notes import PATCH
from actors.apiserver.audit_metrics import AuditCounts
from actors.apiserver.audit_source import Source
from actors.apiserver.authorization import asked_of
from actors.apiserver.call import Caller
from actors.kit.world.clock import Clock
from actors.kit.world.entropy import Entropy
from cluster.api.audit_policy import API_VERSION, Asked, AuditPolicy, Decision, Level, Stage
from cluster.api.jsonio import decode_object
from cluster.api.timestamps import rfc3339_micro
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest
from cluster.security.rbac import Attributes

Json = dict[str, Any]
# (group, resource, subresource) whose bodies are confidential: no level writes them.
CONFIDENTIAL = frozenset(
    {
        ("", "secrets", ""),
        ("", "serviceaccounts", "token"),
        ("authentication.k8s.io", "tokenreviews", ""),
    }
)
# What Kubernetes says of a request whose client did not wait for the answer.
CLOSED = {
    "metadata": {}, "status": "Success", "message": "Connection closed early", "code": 200,
}  # fmt: skip
# Answers that succeed and say so in a Status are short.
STATUS_BYTES_MAX = 2048
# What may last, as kube-apiserver has it.
_LASTING = ("attach", "exec", "log", "portforward", "proxy")
# Whose bodies say what they are about, in metadata.
_NAMING = ("create", "update")


class Lines(Protocol):
    """Where events go."""

    def put(self, line: bytes) -> None:
        """Write one, soon. Never blocks."""


class AuditLog:
    """One per API server."""

    def __init__(
        self,
        policy: AuditPolicy,
        lines: Lines,
        clock: Clock,
        entropy: Entropy,
        counts: AuditCounts | None = None,
    ) -> None:
        self._counts = counts or AuditCounts()
        self._policy = policy
        self._lines = lines
        self._clock = clock
        self._entropy = entropy

    def begin(
        self, caller: Caller, source: Source, verb: str, request: ApiRequest | None
    ) -> "Trail | None":
        """A request whose caller is known, or is not who it says (then it has no name).
        ``request`` None: it is for no resource. None: nothing is to be written of it."""
        user = caller.impersonator or caller
        # Where it is, as rules of access see it too.
        place = Attributes("") if request is None else asked_of(request)
        decision = self._policy.decide(_asked(user, source, verb, request, place))
        if decision is None:
            self._counts.levels["None"] += 1
            return None
        if request is not None and _place(request) in CONFIDENTIAL:
            level: Level = "Metadata"
            decision = replace(decision, level=level)
        self._counts.levels[decision.level] += 1
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
        if source.addresses:
            base["sourceIPs"] = list(source.addresses)
        if source.agent:
            base["userAgent"] = source.agent
        if request is not None:
            base["objectRef"] = _reference(request, place)
        base["requestReceivedTimestamp"] = self._stamp()
        trail = Trail(decision, base, self._put, self._stamp)
        trail.failed = not user.user
        trail.lasts = request is not None and (
            request.verb == "watch" or request.subresource in _LASTING
        )
        if not trail.failed:
            trail.write("RequestReceived")
        return trail

    def _put(self, line: bytes) -> None:
        self._counts.events += 1
        self._lines.put(line)

    def _stamp(self) -> str:
        return rfc3339_micro(self._clock.now())


class Trail:
    """One request on its way. ``request`` and ``response``: bodies, set as they become known;
    ``sound``: the response is JSON of our own making, which need not be read to be written;
    ``annotations``: what admission says of it, as it is said; ``failed``: its credentials do not
    count, which is all that is written of it; ``lasts``: its answer's beginning is told of too."""

    def __init__(
        self,
        decision: Decision,
        base: Json,
        put: Callable[[bytes], None],
        stamp: Callable[[], str],
    ) -> None:
        self.request = b""
        self.response = b""
        self.sound = False
        self.annotations: dict[str, str] = {}
        self.failed = False
        self.lasts = False
        self._began = 0
        self._decision = decision
        self._base = base
        self._put = put
        self._stamp = stamp

    def requested(self, asked: ApiRequest) -> None:
        """Its body is known, and with it the object that it is about."""
        self.request = asked.body
        kept = self._decision.level != "Metadata"
        if not asked.body or not (kept or asked.verb in _NAMING):
            return
        try:
            found = orjson.loads(asked.body)
        except orjson.JSONDecodeError:
            found = _from_yaml(asked)
            self.request = b"" if found is None else orjson.dumps(found)
        if asked.verb in _NAMING and "objectRef" in self._base:
            self._base["objectRef"] = _completed(self._base["objectRef"], found)

    def reads_response(self, code: int) -> bool:
        """Whether anything of a long answer's body is written: it is put together for it."""
        return code >= 400 or self._decision.level == "RequestResponse"

    def started(self, code: int) -> None:
        """A long answer begins (again: no effect)."""
        if self.lasts:
            self.lasts = False
            self._began = code
            self.write("ResponseStarted", code)

    def finish(self, code: int) -> None:
        """It is answered; ``code`` 0: nobody was left to answer."""
        if self.failed:
            self.write("ResponseStarted", code)
            return
        self.started(code)
        self.write("ResponseComplete", code or self._began)

    def write(self, stage: Stage, code: int = 0) -> None:
        """One stage is reached. ``code``: of the answer, once there is one."""
        decision = self._decision
        if stage in decision.omit_stages:
            return
        received = stage == "RequestReceived"
        stamp = self._base["requestReceivedTimestamp"] if received else self._stamp()
        event = {**self._base, "stage": stage, "stageTimestamp": stamp}
        if code:
            event["responseStatus"] = _status(code, self.response)
        elif not received:
            event["responseStatus"] = dict(CLOSED)
        if not received and decision.level in ("Request", "RequestResponse"):
            self._add(event, "requestObject", self.request)
        if stage == "ResponseComplete" and decision.level == "RequestResponse":
            if self.sound and not decision.omit_managed_fields:
                event["responseObject"] = orjson.Fragment(self.response)
            else:
                self._add(event, "responseObject", self.response)
        if told := self._told():
            event["annotations"] = told
        self._put(orjson.dumps(event) + b"\n")

    def _told(self) -> dict[str, str]:
        if self._decision.level != "Metadata":
            return self.annotations
        return {key: text for key, text in self.annotations.items() if not key.startswith(PATCH)}

    def _add(self, event: Json, name: str, body: bytes) -> None:
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError:
            # A log, nothing at all: only objects are kept.
            return
        if self._decision.omit_managed_fields:
            _strip(found)
        event[name] = found


def _from_yaml(asked: ApiRequest) -> Json | None:
    """What its body says; None if it is no object in YAML, or none that JSON has words for."""
    if "yaml" not in asked.content_type:
        return None
    try:
        found = decode_object(asked.body, "application/yaml")[0]
        orjson.dumps(found)
    except (StatusError, orjson.JSONEncodeError):
        return None
    return found


def _completed(reference: Json, found: Any) -> Json:
    """What the URL does not say of the object, as the object says it."""
    metadata = found.get("metadata") if isinstance(found, dict) else None
    if not isinstance(metadata, dict):
        return reference
    said = {
        name: value
        for name in ("namespace", "name", "uid", "resourceVersion")
        if (value := metadata.get(name)) and isinstance(value, str)
    }
    return {**said, **reference}


def _asked(
    user: Caller, source: Source, verb: str, request: ApiRequest | None, place: Attributes
) -> Asked:
    if request is None:
        return Asked(user.user, user.groups, verb, path=source.uri.partition("?")[0])
    return Asked(
        user.user,
        user.groups,
        verb,
        group=request.group,
        resource=request.resource,
        subresource=request.subresource,
        namespace=place.namespace,
        name=place.name,
    )


def _user(caller: Caller) -> Json:
    found: Json = {}
    if caller.user:
        found["username"] = caller.user
    if caller.groups:
        found["groups"] = list(caller.groups)
    if caller.uid:
        found["uid"] = caller.uid
    if caller.extra:
        found["extra"] = {key: list(values) for key, values in caller.extra.items()}
    return found


def _place(request: ApiRequest) -> tuple[str, str, str]:
    return request.group, request.resource, request.subresource


def _reference(request: ApiRequest, place: Attributes) -> Json:
    given = {
        "resource": request.resource,
        "namespace": place.namespace,
        "name": place.name,
        "apiGroup": request.group,
        "apiVersion": request.version,
        "subresource": request.subresource,
    }
    return {key: value for key, value in given.items() if value}


def _status(code: int, body: bytes) -> Json:
    """As Kubernetes: the words of a Status, the bare code of anything else."""
    found: Json = {"metadata": {}, "code": code}
    if code < 400 and len(body) > STATUS_BYTES_MAX:
        return found
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
    items, rows = found.get("items"), found.get("rows")
    many = list(items) if isinstance(items, list) else []
    if isinstance(rows, list):
        many += [row.get("object") for row in rows if isinstance(row, dict)]
    for obj in (found, *many):
        metadata = obj.get("metadata") if isinstance(obj, dict) else None
        if isinstance(metadata, dict):
            metadata.pop("managedFields", None)
