"""Rules of volumes and claims: both begin as Pending. Pure.

Source: docs "Persistent Volumes", Phase. Binding them is a controller's work.
"""

from actors.apiserver.strategies.strategy import MARKS, Strategy, prepare_status_update
from cluster.api.claim_sources import settle_sources
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object

_SINCE = "lastPhaseTransitionTime"
_WITH_METADATA = Strategy(status_metadata=(*MARKS, "finalizers"))


def _create_volume(obj: Object, now: float) -> None:
    obj["status"] = {"phase": "Pending", _SINCE: rfc3339(now)}


def _volume_status(new: Object, old: Object, now: float) -> Object:
    """It is known since when a volume is in its phase: who changes it need not say so."""
    updated = _status(new, old, now)
    before, after = old.get("status") or {}, updated["status"]
    since, told = before.get(_SINCE), after.get(_SINCE)
    if before.get("phase") == after.get("phase"):
        if told is None and since is not None:
            after[_SINCE] = since
    elif told is None or told == since:
        after[_SINCE] = rfc3339(now)
    return updated


def _status(new: Object, old: Object, now: float) -> Object:
    """Who does not say the phase says that it is still pending."""
    updated = prepare_status_update(new, old, _WITH_METADATA)
    status = dict(updated["status"])
    status["phase"] = status.get("phase") or "Pending"
    updated["status"] = status
    return updated


def _create_claim(obj: Object, now: float) -> None:
    obj["status"] = {"phase": "Pending"}
    settle_sources(obj.get("spec") or {}, {})


def _update_claim(obj: Object, old: Object) -> None:
    settle_sources(obj.get("spec") or {}, old.get("spec") or {})


VOLUMES = Strategy(create=_create_volume, returns_deleted=True, parts={"status": _volume_status})
CLAIMS = Strategy(
    create=_create_claim, update=_update_claim, returns_deleted=True, parts={"status": _status}
)
