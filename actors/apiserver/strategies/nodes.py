"""Rules of Nodes: what clients may no longer set. Pure.

Kubernetes has had no configuration of kubelets by the API since 1.24; the fields are still there.
"""

from actors.apiserver.strategies.strategy import MARKS, Strategy, prepare_status_update
from cluster.api.types import Object


def _create(obj: Object, now: float) -> None:
    (obj.get("spec") or {}).pop("configSource", None)
    (obj.get("status") or {}).pop("config", None)


def _update(obj: Object, old: Object) -> None:
    (obj.get("spec") or {}).pop("configSource", None)


def _with_status(obj: Object, old: Object, now: float) -> Object:
    new = prepare_status_update(obj, old, STRATEGY)
    status = {name: value for name, value in new["status"].items() if name != "config"}
    if status.get("capacity") and not status.get("allocatable"):
        status["allocatable"] = dict(status["capacity"])
    new["status"] = status
    return new


STRATEGY = Strategy(
    status_at_create=True,
    status_metadata=(*MARKS, "finalizers"),
    create=_create,
    update=_update,
    parts={"status": _with_status},
)
