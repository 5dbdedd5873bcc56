"""The webhooks there are, in the order they are asked in, kept in memory as they change.

Job: webhook configurations to ``Hook`` records. Must not know: how a webhook is asked.
Source: "Dynamic Admission Control"; configurations come in order of their names.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from actors.apiserver.admission.matching import GROUP, Rule, rule_of, selector_of
from cluster import limits
from cluster.api.encoding import decode
from cluster.api.policies.expressions import NO_CONDITIONS, LazyConditions
from cluster.api.schema import Definitions
from cluster.api.selectors import LabelSelector
from cluster.api.types import Object
from cluster.messages.store import KeyValue, StoreEvent

MUTATING = f"/registry/{GROUP}/mutatingwebhookconfigurations/"
VALIDATING = f"/registry/{GROUP}/validatingwebhookconfigurations/"


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook. ``place``: configuration, name and position, which no two share. ``exact``:
    matchPolicy. ``fail``: failurePolicy. ``again``: reinvocationPolicy IfNeeded. ``seconds``: how
    long it may take. ``conditions``: all must be true."""

    place: tuple[str, str, int]
    name: str
    rules: tuple[Rule, ...]
    exact: bool
    namespaces: LabelSelector
    objects: LabelSelector
    fail: bool
    harmless: bool
    again: bool
    seconds: float
    versions: tuple[str, ...]
    client: Object
    conditions: LazyConditions = NO_CONDITIONS


def hooks_of(configuration: Object) -> list[Hook]:
    """In their order."""
    owner = configuration["metadata"]["name"]
    return [
        Hook(
            place=(owner, hook["name"], position),
            name=hook["name"],
            rules=tuple(rule_of(rule) for rule in hook.get("rules") or ()),
            exact=hook.get("matchPolicy") == "Exact",
            namespaces=selector_of(hook.get("namespaceSelector")),
            objects=selector_of(hook.get("objectSelector")),
            fail=hook.get("failurePolicy") != "Ignore",
            harmless=hook.get("sideEffects") in ("None", "NoneOnDryRun"),
            again=hook.get("reinvocationPolicy") == "IfNeeded",
            seconds=float(hook.get("timeoutSeconds") or 10),
            versions=tuple(hook.get("admissionReviewVersions") or ()),
            client=hook.get("clientConfig") or {},
            conditions=LazyConditions(hook.get("matchConditions")),
        )
        for position, hook in enumerate(configuration.get("webhooks") or ())
    ]


class HookCache:
    """Webhooks of one kind of configuration. ``hooks``: all of them, in order. ``synced``: what the
    store holds has been read."""

    def __init__(self) -> None:
        self.hooks: tuple[Hook, ...] = ()
        self.synced = False
        self._configurations: dict[str, list[Hook]] = {}

    def reset(self, items: Iterable[KeyValue]) -> None:
        """All of what the store holds."""
        self._configurations = {item.key: hooks_of(decode(item.value)) for item in items}
        self._made()
        self.synced = True

    def apply(self, events: Iterable[StoreEvent]) -> None:
        """Changes, in order."""
        for event in events:
            if event.kind == "delete":
                self._configurations.pop(event.item.key, None)
            else:
                self._configurations[event.item.key] = hooks_of(decode(event.item.value))
        self._made()

    def lost(self) -> None:
        """The last known webhooks are asked until the store can be read again."""

    def _made(self) -> None:
        ordered = sorted(self._configurations.items())
        self.hooks = tuple(hook for _, hooks in ordered for hook in hooks)


class CallFailed(Exception):
    """A webhook could not be asked, or gave no answer that counts. The text says why."""


# A patch travels as base64 of JSON that may hold a whole object.
ANSWER_BYTES_MAX = 2 * limits.BODY_BYTES_MAX


class HookCaller(Protocol):
    """Sends reviews to webhooks."""

    async def post(
        self, client: Object, review: Object, seconds: float, most: int = ANSWER_BYTES_MAX
    ) -> object:
        """The decoded JSON of the answer, of ``most`` bytes. Raises CallFailed."""


@dataclass
class Hooks:
    """``mutator`` and ``validator`` (who ask the webhooks of either kind) and ``definitions``: None
    where no webhook can be asked. ``followed``: the caches are fed from the store."""

    definitions: Definitions | None = None
    mutator: HookCaller | None = None
    validator: HookCaller | None = None
    mutating: HookCache = field(default_factory=HookCache)
    validating: HookCache = field(default_factory=HookCache)
    followed: bool = False

    @property
    def known(self) -> bool:
        """False while a replica that has just started has not read which webhooks there are."""
        return not self.followed or (self.mutating.synced and self.validating.synced)
