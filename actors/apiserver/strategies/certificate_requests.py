"""Rules of CertificateSigningRequests: what is asked for never changes; who decides does not sign.

Source: docs "Certificates and Certificate Signing Requests". Pure; must not know who may approve.
"""

from actors.apiserver.strategies.strategy import (
    MARKS,
    Strategy,
    prepare_status_update,
)
from cluster.api.timestamps import rfc3339
from cluster.api.types import Object


def _create(obj: Object, now: float) -> None:
    obj["status"] = {}


def _update(obj: Object, old: Object) -> None:
    obj["spec"] = old.get("spec") or {}


def _decided(obj: Object, old: Object, now: float) -> Object:
    """/approval writes conditions and nothing else."""
    live = dict(old.get("status") or {})
    given = (obj.get("status") or {}).get("conditions")
    updated = prepare_status_update(obj, old, _WITH_METADATA)
    live.pop("conditions", None)
    if given:
        live["conditions"] = _timed(given, old, now)
    updated["status"] = live
    return updated


def _signed(obj: Object, old: Object, now: float) -> Object:
    """/status writes the certificate, and conditions other than the decision."""
    updated = prepare_status_update(obj, old, _WITH_METADATA)
    status = dict(updated.get("status") or {})
    if status.get("conditions"):
        status["conditions"] = _timed(status["conditions"], old, now)
    updated["status"] = status
    return updated


def _timed(conditions: list[Object], old: Object, now: float) -> list[Object]:
    """With the times that the writer left out; the transition's stays while the status does."""
    known = {
        (item.get("type"), item.get("status")): item.get("lastTransitionTime")
        for item in (old.get("status") or {}).get("conditions") or ()
    }
    stamp = rfc3339(now)
    return [
        {
            **item,
            "lastUpdateTime": item.get("lastUpdateTime") or stamp,
            "lastTransitionTime": item.get("lastTransitionTime")
            or known.get((item.get("type"), item.get("status")))
            or stamp,
        }
        for item in conditions
    ]


_WITH_METADATA = Strategy(status_metadata=MARKS)
STRATEGY = Strategy(create=_create, update=_update, parts={"approval": _decided, "status": _signed})
