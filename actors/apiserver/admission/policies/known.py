"""The policies there are, with their bindings, kept in memory as they change.

Job: from stored objects to pairs of policy and bindings, in order of their names. A policy without
a binding does nothing. Must not know: requests.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from actors.apiserver.admission.matching import GROUP
from actors.apiserver.admission.policies.records import Binding, Policy, binding_of
from cluster.api.encoding import decode
from cluster.messages.store import KeyValue, StoreEvent

Bound = tuple[Policy, tuple[Binding, ...]]


class _Policies:
    """Followed. A policy whose spec is as it was stays compiled."""

    def __init__(self, owner: "BoundPolicies") -> None:
        self._owner = owner
        self.found: dict[str, Policy] = {}
        self.synced = False

    def reset(self, items: Iterable[KeyValue]) -> None:
        """All of what the store holds."""
        known, self.found = self.found, {}
        for item in items:
            self._put(item, known.get(item.key))
        self.synced = True
        self._owner.made()

    def apply(self, events: Iterable[StoreEvent]) -> None:
        """Changes, in order."""
        for event in events:
            if event.kind == "delete":
                self.found.pop(event.item.key, None)
            else:
                self._put(event.item, self.found.get(event.item.key))
        self._owner.made()

    def lost(self) -> None:
        """The last known policies count until the store can be read again."""

    def _put(self, item: KeyValue, before: Policy | None) -> None:
        policy = self.found[item.key] = Policy(decode(item.value))
        if before is not None and (before.uid, before.spec) == (policy.uid, policy.spec):
            policy.compiled_as(before)


class _Bindings:
    """Followed."""

    def __init__(self, owner: "BoundPolicies") -> None:
        self._owner = owner
        self.found: dict[str, Binding] = {}
        self.synced = False

    def reset(self, items: Iterable[KeyValue]) -> None:
        """All of what the store holds."""
        self.found = {item.key: binding_of(decode(item.value)) for item in items}
        self.synced = True
        self._owner.made()

    def apply(self, events: Iterable[StoreEvent]) -> None:
        """Changes, in order."""
        for event in events:
            if event.kind == "delete":
                self.found.pop(event.item.key, None)
            else:
                self.found[event.item.key] = binding_of(decode(event.item.value))
        self._owner.made()

    def lost(self) -> None:
        """As of policies."""


class BoundPolicies:
    """Of one kind: ``validating`` or ``mutating``. ``bound``: those that act, in order.
    ``changed``: set at the next change, whatever it is; then there is another event."""

    def __init__(self, word: str) -> None:
        self.bound: tuple[Bound, ...] = ()
        self.changed = asyncio.Event()
        self.policies = _Policies(self)
        self.bindings = _Bindings(self)
        base = f"/registry/{GROUP}/{word}admissionpolic"
        self.followers = ((f"{base}ies/", self.policies), (f"{base}ybindings/", self.bindings))

    @property
    def synced(self) -> bool:
        """What the store holds has been read."""
        return self.policies.synced and self.bindings.synced

    def made(self) -> None:
        """Something has changed."""
        bindings: dict[str, list[Binding]] = {}
        for _, binding in sorted(self.bindings.found.items()):
            bindings.setdefault(binding.policy, []).append(binding)
        self.bound = tuple(
            (policy, tuple(bindings[policy.name]))
            for _, policy in sorted(self.policies.found.items())
            if policy.name in bindings
        )
        told, self.changed = self.changed, asyncio.Event()
        told.set()


@dataclass
class Policies:
    """``followed``: they are fed from the store."""

    validating: BoundPolicies = field(default_factory=lambda: BoundPolicies("validating"))
    mutating: BoundPolicies = field(default_factory=lambda: BoundPolicies("mutating"))
    followed: bool = False

    @property
    def known(self) -> bool:
        """False while a replica that has just started has not read which policies there are."""
        return not self.followed or (self.validating.synced and self.mutating.synced)
