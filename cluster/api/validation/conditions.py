"""Rules of metav1.Condition lists, as most newer kinds' status has them. Must not know kinds."""

import re
from typing import Any

from cluster.api import names
from cluster.api.status import Cause
from cluster.api.validation import causes

STATUSES = frozenset(("True", "False", "Unknown"))
_REASON = re.compile(r"[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?")
_REASON_MAX = 1024
_MESSAGE_MAX = 32 * 1024
_REASON_TEXT = (
    "a condition reason must start with alphabetic character, optionally followed by a string of "
    "alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. "
    "'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex "
    "used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')"
)


def check_conditions(path: str, conditions: Any, found: list[Cause]) -> None:
    """Each condition by itself; each type once."""
    seen: set[str] = set()
    for position, item in enumerate(conditions or ()):
        place, kind = f"{path}[{position}]", item.get("type") or ""
        if not kind:
            found.append(causes.required(f"{place}.type"))
        else:
            causes.each(f"{place}.type", kind, names.label_key_errors(kind), found)
            if kind in seen:
                found.append(causes.duplicate(f"{place}.type", kind))
        seen.add(kind)
        status = item.get("status")
        if status not in STATUSES:
            found.append(causes.unsupported(f"{place}.status", status or "", STATUSES))
        causes.not_negative(f"{place}.observedGeneration", item.get("observedGeneration"), found)
        if not item.get("lastTransitionTime"):
            found.append(causes.required(f"{place}.lastTransitionTime", "must be set"))
        reason = item.get("reason") or ""
        if not reason:
            found.append(causes.required(f"{place}.reason"))
        elif len(reason) > _REASON_MAX:
            found.append(causes.too_long(f"{place}.reason", _REASON_MAX))
        elif not _REASON.fullmatch(reason):
            found.append(causes.invalid(f"{place}.reason", reason, _REASON_TEXT))
        if len(item.get("message") or "") > _MESSAGE_MAX:
            found.append(causes.too_long(f"{place}.message", _MESSAGE_MAX))
