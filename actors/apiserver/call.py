"""One request on its way through the chain: what was asked, by whom, with which options.

Job: parse the URL parameters of reads and writes once. Must not know: the store, HTTP.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec

from cluster.api import status
from cluster.api.kinds import Kind
from cluster.api.status import Cause, quoted
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.messages.apiserver import ApiRequest
from cluster.messages.store import Compare, Delete, Put

FieldValidation = Literal["Strict", "Warn", "Ignore"]
_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
_PROPAGATIONS = frozenset({"Background", "Foreground", "Orphan"})
# By verb, with a patch that is server-side apply as one of its own.
_WRITE_OPTIONS = {
    "create": "CreateOptions",
    "update": "UpdateOptions",
    "patch": "PatchOptions",
    "apply": "PatchOptions",
}
MANAGER_CHARS_MAX = 128
INT64_MAX = 2**63 - 1


@dataclass(frozen=True)
class Caller:
    """The authenticated user. ``groups`` include system:authenticated where it applies.

    ``component``: the actor's name when the request came by the message door ('' by HTTP).
    ``impersonator``: who acts as this user, None if the user itself does.
    ``constraint``: by which constrained right, '' if by none.
    ``warning``: what is to be said of how the user proved who it is, '' if nothing.
    """

    user: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    component: str = ""
    impersonator: "Caller | None" = field(default=None, compare=False)
    constraint: str = field(default="", compare=False)
    warning: str = field(default="", compare=False)


@dataclass(frozen=True)
class WriteOptions:
    """CreateOptions, UpdateOptions and PatchOptions of meta/v1."""

    dry_run: bool = False
    manager: str = ""
    validation: FieldValidation = "Warn"
    force: bool = False


class Preconditions(msgspec.Struct, frozen=True):
    """What must hold of the live object for a delete. None: any will do."""

    uid: str | None = None
    resource_version: str | None = None


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
    """As Kubernetes reads it: all that is given is true, but ``false`` and ``0``."""
    value = query.get(name)
    return value is not None and value.lower() not in ("false", "0")


def parse_int(query: Mapping[str, str], name: str, default: int = 0, signed: bool = False) -> int:
    """A number of 64 bits, not below 0 unless ``signed``. Raises StatusError 400."""
    value = query.get(name, "")
    if not value:
        return default
    wrong = not_integer(value, signed)
    if wrong:
        raise status.bad_request(f"strconv.ParseInt: {wrong}")
    return int(value)


def not_integer(value: str, signed: bool) -> str:
    """What is wrong with a number in a query, in Go's words ('' if nothing)."""
    digits = value.removeprefix("-") if signed else value
    if not digits.isdecimal() or not digits.isascii():
        return f"parsing {quoted(value)}: invalid syntax"
    if len(digits) > 20 or int(digits) > INT64_MAX:
        return f"parsing {quoted(value)}: value out of range"
    return ""


def parse_revision(query: Mapping[str, str]) -> int | None:
    """resourceVersion: None if unset. Raises StatusError 400."""
    value = query.get("resourceVersion")
    if not value:
        return None
    wrong = not_integer(value, signed=False)
    if wrong:
        raise status.bad_request(
            f"invalid resource version: resourceVersion: Invalid value: {quoted(value)}: "
            f"strconv.ParseUint: {wrong}"
        )
    return int(value)


def _dry_run_causes(values: object) -> list[Cause]:
    if values in (None, [], "All") or values == ["All"]:
        return []
    shown = [values] if isinstance(values, str) else values
    return [causes.unsupported("dryRun", shown, ["All"])]


def _judge(kind: str, found: list[Cause]) -> None:
    """Raises StatusError 422 with all that is wrong with options of meta/v1."""
    if found:
        raise status.invalid_object("meta.k8s.io", kind, "", found)


def write_options(query: Mapping[str, str], user_agent: str = "", verb: str = "") -> WriteOptions:
    """Parse the parameters of a create, update or patch; other verbs have none, and a patch is
    ``apply`` if it is server-side apply. Raises StatusError 400, 422."""
    kind = _WRITE_OPTIONS.get(verb)
    if kind is None:
        return WriteOptions()
    force = parse_bool(query, "force") if kind == "PatchOptions" else False
    validation = query.get("fieldValidation", "")
    manager = query.get("fieldManager", "")
    found: list[Cause] = []
    if force and verb != "apply":
        found.append(causes.forbidden("force", "may not be specified for non-apply patch"))
    if verb == "apply" and not manager:
        found.append(causes.required("fieldManager", "is required for apply patch"))
    found += _manager_causes(manager)
    found += _dry_run_causes(query.get("dryRun"))
    if validation not in _VALIDATIONS:
        found.append(causes.unsupported("fieldValidation", validation, _VALIDATIONS))
    _judge(kind, found)
    return WriteOptions(
        dry_run=bool(query.get("dryRun")),
        manager=manager or user_agent.partition("/")[0][:MANAGER_CHARS_MAX],
        validation=validation or "Warn",  # type: ignore[arg-type]  # narrowed by the test above
        force=force,
    )


def _manager_causes(manager: str) -> list[Cause]:
    found = []
    if len(manager) > MANAGER_CHARS_MAX:
        found.append(causes.too_long("fieldManager", MANAGER_CHARS_MAX))
    strange = next((index for index, char in enumerate(manager) if not char.isprintable()), None)
    if strange is not None:
        detail = (
            f"should only contain printable characters: found {manager[strange]!r} at {strange}"
        )
        found.append(causes.invalid("fieldManager", manager, detail))
    return found


class _BodyPreconditions(msgspec.Struct, frozen=True):
    uid: str | None = None
    resourceVersion: str | None = None


class _BodyOptions(msgspec.Struct, frozen=True):
    """DeleteOptions as JSON has them."""

    kind: str = ""
    apiVersion: str = ""
    gracePeriodSeconds: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    propagationPolicy: str | None = None
    orphanDependents: bool | None = None
    preconditions: _BodyPreconditions | None = None
    dryRun: list[str] | None = None


def _body_options(body: Object) -> _BodyOptions:
    try:
        options = msgspec.convert(body, _BodyOptions)
    except msgspec.ValidationError as error:
        raise status.bad_request(f"DeleteOptions cannot be read: {error}") from error
    if options.kind not in ("", "DeleteOptions"):
        raise status.bad_request(
            f"{options.kind} in version {quoted(options.apiVersion)} cannot be handled as a "
            "DeleteOptions"
        )
    return options


def _query_options(query: Mapping[str, str]) -> _BodyOptions:
    grace = query.get("gracePeriodSeconds")
    orphan = query.get("orphanDependents")
    dry_run = query.get("dryRun")
    return _BodyOptions(
        gracePeriodSeconds=parse_int(query, "gracePeriodSeconds", signed=True) if grace else None,
        propagationPolicy=query.get("propagationPolicy"),
        orphanDependents=parse_bool(query, "orphanDependents") if orphan else None,
        preconditions=_BodyPreconditions(
            uid=query.get("uid") or None, resourceVersion=query.get("resourceVersion") or None
        ),
        dryRun=None if dry_run is None else [dry_run],
    )


def delete_options(query: Mapping[str, str], body: Object | None) -> DeleteOptions:
    """DeleteOptions from the body; only where there is none from the query, whose
    ``resourceVersion`` is a precondition then. Raises StatusError 400, 422."""
    given = _query_options(query) if body is None else _body_options(body)
    propagation, orphan = given.propagationPolicy or "", given.orphanDependents
    found: list[Cause] = []
    if orphan is not None and propagation:
        detail = "orphanDependents and deletionPropagation cannot be both set"
        found.append(causes.invalid("propagationPolicy", propagation, detail))
    if propagation:
        causes.one_of("propagationPolicy", propagation, _PROPAGATIONS, found)
    found += _dry_run_causes(given.dryRun)
    _judge("DeleteOptions", found)
    if orphan is not None:
        propagation = "Orphan" if orphan else "Background"
    grace = given.gracePeriodSeconds
    wanted = given.preconditions or _BodyPreconditions()
    return DeleteOptions(
        # As documented of the field: not the kind's default, but as little as is not nothing.
        grace=1 if grace is not None and grace < 0 else grace,
        propagation=propagation,
        preconditions=Preconditions(wanted.uid, wanted.resourceVersion),
        dry_run=bool(given.dryRun),
    )
