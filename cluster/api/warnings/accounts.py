"""Service accounts that limit secrets by an old means. Must not know who uses them.

Source: docs "Service Accounts", enforcing mountable secrets.
"""

from cluster.api.types import Object

_ENFORCED = "kubernetes.io/enforce-mountable-secrets"
_TEXT = "deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"


def account_warnings(obj: Object, old: Object | None = None) -> list[str]:
    """Of a ServiceAccount that did not say it before."""
    if not _is_enforced(obj) or (old is not None and _is_enforced(old)):
        return []
    return [f"metadata.annotations[{_ENFORCED}]: {_TEXT}"]


def _is_enforced(obj: Object) -> bool:
    return _ENFORCED in ((obj.get("metadata") or {}).get("annotations") or {})
