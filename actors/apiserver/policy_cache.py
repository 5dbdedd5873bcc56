"""The RBAC objects as they are now, and the authorizer compiled from them. Pure.

Job: keep roles and bindings by storage key as changes arrive; compile when first asked after a
change. Must not know: where changes come from. Until the store has been read it holds the bootstrap
policy, so that components can start.
"""

from collections.abc import Iterable

from cluster.api.encoding import decode
from cluster.api.types import Object
from cluster.messages.store import KeyValue, StoreEvent
from cluster.security.bootstrap_policy import bootstrap_objects
from cluster.security.rbac import Authorizer

PREFIX = "/registry/rbac.authorization.k8s.io/"


class PolicyCache:
    """``synced``: what the store holds has been read, the bootstrap policy no longer counts."""

    def __init__(self) -> None:
        self._objects: dict[str, Object] = {}
        self._authorizer: Authorizer | None = None
        self.synced = False

    def reset(self, items: Iterable[KeyValue]) -> None:
        """All of what the store holds."""
        self._objects = {item.key: decode(item.value) for item in items}
        self._authorizer = None
        self.synced = True

    def apply(self, events: Iterable[StoreEvent]) -> None:
        """Changes, in order."""
        for event in events:
            if event.kind == "delete":
                self._objects.pop(event.item.key, None)
            else:
                self._objects[event.item.key] = decode(event.item.value)
            self._authorizer = None

    def lost(self) -> None:
        """The last known policy counts until the store can be read again."""

    def authorizer(self) -> Authorizer:
        """Compiled from the present policy."""
        if self._authorizer is None:
            objects = [*self._objects.values()] if self.synced else list(bootstrap_objects())
            self._authorizer = _compile(objects)
        return self._authorizer


def _compile(objects: list[Object]) -> Authorizer:
    def of(kind: str) -> list[Object]:
        return [obj for obj in objects if obj.get("kind") == kind]

    return Authorizer(of("Role"), of("RoleBinding"), of("ClusterRole"), of("ClusterRoleBinding"))
