"""Which flow a request belongs to: FlowSchemas and priority levels, compiled. Pure.

Job: match, tell flows of one schema apart, shares to seats. Must not know: who waits.
Source: docs "API Priority and Fairness", KEP-1040.
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass

from cluster.api.types import Object
from cluster.security.rbac import Attributes

GROUP = "flowcontrol.apiserver.k8s.io"
ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True)
class Level:
    """``seats``: requests served at once, 0 for no limit. ``queues`` 0: what finds no seat is
    refused. ``lendable``: seats that other levels may use while they are free; ``borrowing``: how
    many of others this one may use, None for any number."""

    name: str
    uid: str = ""
    seats: int = 0
    queues: int = 0
    hand: int = 0
    length: int = 0
    lendable: int = 0
    borrowing: int | None = None


@dataclass(frozen=True)
class Flow:
    """``key`` tells the flows of one level apart."""

    schema: str
    schema_uid: str
    level: Level
    key: str


class Schemas:
    """``total``: seats of one server, shared out by the levels' nominalConcurrencyShares."""

    def __init__(self, schemas: Iterable[Object], levels: Iterable[Object], total: int) -> None:
        self._levels = {level.name: level for level in seats_of(list(levels), total)}
        known = [one for one in schemas if _level_of(one) in self._levels]
        self._schemas = sorted(known, key=_precedence)

    @property
    def levels(self) -> Iterable[Level]:
        """All of them."""
        return self._levels.values()

    def flow(self, user: str, groups: tuple[str, ...], asked: Attributes) -> Flow | None:
        """Of the first schema that matches; None if none does."""
        for schema in self._schemas:
            if matches(schema, user, groups, asked):
                metadata = schema["metadata"]
                kind = (schema["spec"].get("distinguisherMethod") or {}).get("type")
                apart = {"ByUser": user, "ByNamespace": asked.namespace}.get(kind or "", "")
                name = metadata["name"]
                level = self._levels[_level_of(schema)]
                return Flow(name, metadata.get("uid") or "", level, f"{name}/{apart}")
        return None


def seats_of(levels: list[Object], total: int) -> list[Level]:
    """Levels with their part of ``total`` seats, at least one each."""
    limited = [one for one in levels if one["spec"].get("type") == "Limited"]
    shares = {one["metadata"]["name"]: _shares(one) for one in limited}
    whole = sum(shares.values()) or 1
    found = []
    for one in levels:
        name, uid = one["metadata"]["name"], one["metadata"].get("uid") or ""
        if name not in shares:
            found.append(Level(name, uid))
            continue
        terms = one["spec"].get("limited") or {}
        response = terms.get("limitResponse") or {}
        seats = max(1, math.ceil(total * shares[name] / whole))
        limit = terms.get("borrowingLimitPercent")
        queuing = response.get("queuing") or {} if response.get("type") == "Queue" else {}
        found.append(
            Level(
                name,
                uid,
                seats,
                int(queuing.get("queues") or 0),
                int(queuing.get("handSize") or 0),
                int(queuing.get("queueLengthLimit") or 0),
                round(seats * int(terms.get("lendablePercent") or 0) / 100),
                None if limit is None else round(seats * int(limit) / 100),
            )
        )
    return found


def hand_of(level: Level, key: str) -> list[int]:
    """The queues that a flow may wait in: ``hand`` different ones, the same each time (shuffle
    sharding, so that flows that share all their queues are rare)."""
    value = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=16).digest(), "big")
    left = list(range(level.queues))
    dealt = []
    for _ in range(min(level.hand, level.queues)):
        value, at = divmod(value, len(left))
        dealt.append(left.pop(at))
    return dealt


def matches(schema: Object, user: str, groups: tuple[str, ...], asked: Attributes) -> bool:
    """Whether any rule has a subject and a request that are these."""
    return any(
        any(_is_subject(one, user, groups) for one in rule.get("subjects") or ())
        and _is_request(rule, asked)
        for rule in (schema.get("spec") or {}).get("rules") or ()
    )


def _is_subject(subject: Object, user: str, groups: tuple[str, ...]) -> bool:
    match subject.get("kind"):
        case "User":
            return (subject.get("user") or {}).get("name") in ("*", user)
        case "Group":
            name = (subject.get("group") or {}).get("name")
            return name == "*" or name in groups
        case "ServiceAccount":
            account = subject.get("serviceAccount") or {}
            namespace, name = account.get("namespace"), account.get("name")
            if name == "*":
                return user.startswith(f"{ACCOUNT}{namespace}:")
            return user == f"{ACCOUNT}{namespace}:{name}"
    return False


def _is_request(rule: Object, asked: Attributes) -> bool:
    if asked.path:
        return any(
            _has(one.get("verbs"), asked.verb)
            and any(_covers(url, asked.path) for url in one.get("nonResourceURLs") or ())
            for one in rule.get("nonResourceRules") or ()
        )
    return any(_is_resource(one, asked) for one in rule.get("resourceRules") or ())


def _is_resource(rule: Object, asked: Attributes) -> bool:
    if not (_has(rule.get("verbs"), asked.verb) and _has(rule.get("apiGroups"), asked.group)):
        return False
    if not _has(rule.get("resources"), asked.full_resource()):
        return False
    if not asked.namespace:
        return bool(rule.get("clusterScope"))
    return _has(rule.get("namespaces"), asked.namespace)


def _has(values: list[str] | None, value: str) -> bool:
    return values is not None and ("*" in values or value in values)


def _covers(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def _level_of(schema: Object) -> str:
    level = (schema.get("spec") or {}).get("priorityLevelConfiguration") or {}
    return str(level.get("name") or "")


def _precedence(schema: Object) -> tuple[int, str]:
    return int(schema["spec"].get("matchingPrecedence") or 1000), schema["metadata"]["name"]


def _shares(level: Object) -> int:
    shares = (level["spec"].get("limited") or {}).get("nominalConcurrencyShares")
    return 30 if shares is None else int(shares)
