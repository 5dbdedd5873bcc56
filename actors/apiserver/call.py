"""One request on its way through the chain: what was asked, by whom, with which options.

Job: parse the URL parameters of reads and writes once. Must not know: the store, HTTP.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from cluster.api import status
from cluster.api.kinds import Kind
from cluster.api.status import quoted
from cluster.api.types import Object
from cluster.messages.apiserver import ApiRequest
from cluster.messages.store import Compare, Delete, Put

FieldValidation = Literal["Strict", "Warn", "Ignore"]


@dataclass(frozen=True)
class Caller:
    """The authenticated user. ``groups`` include system:authenticated where it applies.

    ``component``: the actor's name when the request came by the message door ('' by HTTP).
    ``impersonator``: who acts as this user, None if the user itself does.
    """

    user: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    component: str = ""
    impersonator: "Caller | None" = field(default=None, compare=False)


@dataclass(frozen=True)
class WriteOptions:
    """CreateOptions, UpdateOptions and PatchOptions of meta/v1."""

    dry_run: bool = False
    manager: str = ""
    validation: FieldValidation = "Warn"
    force: bool = False


class Preconditions(msgspec.Struct, frozen=True):
    """What must hold of the live object for a delete."""

    uid: str = ""
    resource_version: str = ""


class DeleteOptions(msgspec.Struct, frozen=True):
    """DeleteOptions of meta/v1. ``grace`` None: the kind's default. ``propagation`` '' unset."""

    grace: int | None = None
    propagation: str = ""
    preconditions: Preconditions = Preconditions()
    dry_run: bool = False


@dataclass
class Call:
    """A request with its kind and caller; gathers warnings and guards as it goes.

    ``guards``: store comparisons that admission and strategies want to hold at the moment of the
    write (e.g. "the namespace is still the one I saw"). ``operations``: what they want written in
    the same transaction. ``inner``: a step of a request whose body webhooks have judged already.
    ``until``: monotonic seconds when webhooks must have answered, 0 before the first is asked.
    ``may_create``: of a patch, raises StatusError 403 unless the caller may create the object too.
    ``annotations``: what admission adds to the audit log.
    """

    request: ApiRequest
    kind: Kind
    caller: Caller
    options: WriteOptions
    now: float = 0.0
    warnings: list[str] = field(default_factory=list)
    guards: list[Compare] = field(default_factory=list)
    operations: list[Put | Delete] = field(default_factory=list)
    inner: bool = False
    until: float = 0.0
    may_create: Callable[[], Awaitable[None]] | None = None
    annotations: dict[str, str] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """The namespace of the request ('' for cluster-scoped)."""
        return self.request.namespace

    def undecided(self) -> None:
        """Forget what an earlier try wanted of the transaction."""
        self.guards.clear()
        self.operations.clear()

    @property
    def resource(self) -> tuple[str, str]:
        """(group, plural): what tables of rules are keyed by."""
        return (self.kind.group, self.kind.plural)


def parse_bool(query: Mapping[str, str], name: str) -> bool:
    """``?name``, ``?name=true``, ``?name=1``. Raises StatusError 400 for anything else."""
    value = query.get(name)
    if value is None or value in ("0", "false", "False"):
        return False
    if value in ("", "1", "true", "True"):
        return True
    raise status.bad_request(
        f"the query parameter {name} must be true or false, not {quoted(value)}"
    )


def parse_int(query: Mapping[str, str], name: str, default: int = 0) -> int:
    """A non-negative integer parameter. Raises StatusError 400."""
    value = query.get(name, "")
    if not value:
        return default
    if not value.isdecimal() or not value.isascii() or len(value) > 18:
        raise status.bad_request(
            f"the query parameter {name} must be an integer, not {quoted(value)}"
        )
    return int(value)


def parse_revision(query: Mapping[str, str]) -> int | None:
    """resourceVersion: None if unset. Raises StatusError 400."""
    if not query.get("resourceVersion"):
        return None
    return parse_int(query, "resourceVersion")


def parse_dry_run(values: object) -> bool:
    """``dryRun=All`` or absent. Raises StatusError 422-like 400 for another value."""
    if values in (None, "", []):
        return False
    if values == "All" or values == ["All"]:
        return True
    raise status.bad_request(f"dryRun: Unsupported value: {quoted(values)}: supported values: All")


def write_options(query: Mapping[str, str], user_agent: str = "") -> WriteOptions:
    """Parse the parameters of a create, update or patch. Raises StatusError 400."""
    validation = query.get("fieldValidation") or "Warn"
    if validation not in ("Strict", "Warn", "Ignore"):
        raise status.bad_request(
            f"fieldValidation: Unsupported value: {quoted(validation)}: "
            "supported values: Ignore, Strict, Warn"
        )
    manager = query.get("fieldManager", "")
    if len(manager) > 128 or not manager.isprintable():
        raise status.bad_request("fieldManager: must be printable and at most 128 characters")
    return WriteOptions(
        dry_run=parse_dry_run(query.get("dryRun")),
        manager=manager or user_agent.partition("/")[0][:128],
        validation=validation,  # type: ignore[arg-type]  # narrowed by the test above
        force=parse_bool(query, "force"),
    )


def delete_options(query: Mapping[str, str], body: Object | None) -> DeleteOptions:
    """DeleteOptions from the body, else from the query. Raises StatusError 400."""
    body = body or {}
    grace = body.get("gracePeriodSeconds")
    if grace is None and query.get("gracePeriodSeconds"):
        grace = parse_int(query, "gracePeriodSeconds")
    if grace is not None and (not isinstance(grace, int) or isinstance(grace, bool) or grace < 0):
        raise status.bad_request("gracePeriodSeconds: must be a non-negative integer")
    propagation = body.get("propagationPolicy") or query.get("propagationPolicy", "")
    orphan = body.get("orphanDependents")
    if orphan is None and query.get("orphanDependents"):
        orphan = parse_bool(query, "orphanDependents")
    if orphan is not None and propagation:
        raise status.bad_request("orphanDependents and propagationPolicy cannot both be set")
    if orphan is not None:
        propagation = "Orphan" if orphan else "Background"
    if propagation not in ("", "Orphan", "Background", "Foreground"):
        raise status.bad_request(
            f"propagationPolicy: Unsupported value: {quoted(propagation)}: "
            "supported values: Background, Foreground, Orphan"
        )
    wanted = body.get("preconditions") or {}
    return DeleteOptions(
        grace=grace,
        propagation=propagation,
        preconditions=Preconditions(
            uid=wanted.get("uid") or "", resource_version=wanted.get("resourceVersion") or ""
        ),
        dry_run=parse_dry_run(body.get("dryRun") or query.get("dryRun")),
    )
