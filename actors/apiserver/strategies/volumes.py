"""Rules of volumes and claims: both begin as Pending. Pure.

Source: docs "Persistent Volumes", Phase. Binding them is a controller's work.
"""

from actors.apiserver.strategies.strategy import Strategy
from cluster.api.types import Object


def _create(obj: Object, now: float) -> None:
    obj["status"] = {"phase": "Pending"}


STRATEGY = Strategy(create=_create, returns_deleted=True)
