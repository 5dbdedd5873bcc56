"""Groups of the Kubernetes community: whether a definition in one says who agreed to it.

Source: the API reference of CustomResourceDefinition, ``api-approved.kubernetes.io``. Must not know
the rest of a definition.
"""

from typing import Literal
from urllib.parse import urlsplit

from cluster.api.status import Cause, quoted
from cluster.api.types import Object
from cluster.api.validation import causes

APPROVAL = "api-approved.kubernetes.io"
CONFORMANT = "KubernetesAPIApprovalPolicyConformant"
State = Literal["Missing", "Unapproved", "Approved", "Invalid"]
_WANTED = f'protected groups must have approval annotation "{APPROVAL}"'
_SEE = "see https://github.com/kubernetes/enhancements/pull/1111"


def is_protected(group: str) -> bool:
    """True for groups that belong to the Kubernetes community."""
    return group.endswith((".k8s.io", ".kubernetes.io")) or group in ("k8s.io", "kubernetes.io")


def condition_of(definition: Object) -> Object | None:
    """The condition that says whether it was agreed to; None for a group of anybody."""
    if not is_protected(definition["spec"]["group"]):
        return None
    state, message = _state(definition)
    held = "True" if state == "Approved" else "False"
    return {"type": CONFORMANT, "status": held, "reason": f"{state}Annotation", "message": message}


def check_approval(obj: Object, old: Object | None, found: list[Cause]) -> None:
    """``old``: what it was before. What was wrong then, in the same way, may stay."""
    if not is_protected((obj.get("spec") or {}).get("group") or ""):
        return
    state, message = _state(obj)
    if old is not None and _state(old)[0] == state:
        return
    path = f"metadata.annotations[{APPROVAL}]"
    if state == "Missing":
        found.append(causes.required(path, message))
    elif state == "Invalid":
        found.append(causes.invalid(path, _annotation(obj), message))


def _annotation(obj: Object) -> str:
    return str(((obj.get("metadata") or {}).get("annotations") or {}).get(APPROVAL) or "")


def _state(obj: Object) -> tuple[State, str]:
    text = _annotation(obj)
    if not text:
        return "Missing", f"{_WANTED}, {_SEE}"
    if text.startswith("unapproved"):
        return "Unapproved", f"not approved: {quoted(text)}"
    if _is_url(text):
        return "Approved", f"approved in {text}"
    return "Invalid", f'{_WANTED} with either a URL or a reason starting with "unapproved", {_SEE}'


def _is_url(text: str) -> bool:
    try:
        found = urlsplit(text)
    except ValueError:
        return False
    return bool(found.scheme and found.netloc)
