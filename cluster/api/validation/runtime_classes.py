"""Rules of RuntimeClasses. Must not know nodes.

Source: docs "Runtime Class"; API reference, RuntimeClass v1.
"""

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.types import Object
from cluster.api.validation import causes
from cluster.api.validation.metadata import check_labels
from cluster.api.validation.placement import check_tolerations
from cluster.api.validation.resources import check_resources


def check_runtime_class(obj: Object, found: list[Cause]) -> None:
    """A handler, what its sandbox costs, and where it can run."""
    handler = obj.get("handler") or ""
    if not handler:
        found.append(causes.required("handler"))
    else:
        causes.each("handler", handler, names.dns_label_errors(handler), found)
    fixed = (obj.get("overhead") or {}).get("podFixed")
    if fixed:
        # As requests too: only containers must limit what a device plugin offers.
        amounts = {"limits": fixed, "requests": fixed}
        before = len(found)
        check_resources("overhead", amounts, found)
        found[before:] = [cause for cause in found[before:] if ".requests" not in cause.field]
    scheduling = obj.get("scheduling") or {}
    check_labels("scheduling.nodeSelector", scheduling.get("nodeSelector") or {}, found)
    tolerations = scheduling.get("tolerations") or []
    check_tolerations("scheduling.tolerations", tolerations, found)
    for position, item in enumerate(tolerations):
        if item in tolerations[:position]:
            found.append(causes.duplicate(f"scheduling.tolerations[{position}]", item))


def check_runtime_class_update(old: Object, new: Object, found: list[Cause]) -> None:
    """Pods run by the handler: it cannot change behind them."""
    if old.get("handler") != new.get("handler"):
        found.append(causes.invalid("handler", new.get("handler"), causes.IMMUTABLE))
